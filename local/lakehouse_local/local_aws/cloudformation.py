"""Resource types and properties that the lakehouse's template has and ministack has not.

- ``AWS::Glue::SecurityConfiguration`` (refused by ministack): made through Glue's API;
  every change replaces it, as on AWS (docs.aws.amazon.com/AWSCloudFormation/latest/
  UserGuide/aws-resource-glue-securityconfiguration.html).
- ``AWS::S3::Bucket``: encryption, lifecycle, logging and ownership (dropped by ministack)
  are stored through S3's API, so that they can be described. Nothing is encrypted, no
  access is logged and nothing expires.
- ``Custom::S3AutoDeleteObjects``: see :mod:`.auto_delete`.
- State machines and topics: see :mod:`.cloudformation_properties`.
"""

from collections.abc import Callable
from typing import Any, Final

from lakehouse_local.local_aws import auto_delete, cloudformation_properties, patching
from lakehouse_local.local_aws.bucket_properties import CONFIGURATIONS
from lakehouse_local.local_aws.context import Context

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]
SECURITY_CONFIGURATION: Final = "AWS::Glue::SecurityConfiguration"


def install(context: Context) -> None:
    """Register the resource types and the bucket's properties."""
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    patching.expect(provisioners, "_s3_apply_configurations", parameters="name props old_props")
    patching.expect(
        provisioners,
        "_physical_name",
        parameters="stack_name logical_id lowercase max_len seeded",
    )
    known = {name for name, *_ in provisioners._S3_BUCKET_CONFIGURATIONS}
    provisioners._S3_BUCKET_CONFIGURATIONS += tuple(
        (name, to_xml, _checked(getattr(s3, put)), remove(s3))
        for name, to_xml, put, remove in CONFIGURATIONS
        if name not in known
    )
    handlers = provisioners._RESOURCE_HANDLERS
    if SECURITY_CONFIGURATION in handlers:
        raise patching.MinistackChangedError(
            f"ministack now has {SECURITY_CONFIGURATION}: compare it with cloudformation.py, "
            "and leave one"
        )
    cloudformation_properties.register()
    auto_delete.register(context.home)
    handlers[SECURITY_CONFIGURATION] = {
        "create": _create_security,
        "update": _update_security,
        "update_with_logical_id": True,
        "delete": _delete_security,
    }


def _checked(put: Callable[[str, bytes], Any]) -> Callable[[str, bytes], None]:
    """S3's answer as CloudFormation takes it: a refusal fails the resource."""

    def apply(name: str, body: bytes) -> None:
        status, _, answer = put(name, body)
        if status >= 300:
            raise ValueError(f"AWS::S3::Bucket {name}: {answer!r}")

    return apply


def _create_security(logical_id: str, props: Properties, stack: str) -> Provisioned:
    from ministack.services import glue
    from ministack.services.cloudformation import provisioners

    name = props.get("Name") or provisioners._physical_name(stack, logical_id, max_len=255)
    encryption = dict(props["EncryptionConfiguration"])
    if "S3Encryptions" in encryption:  # the API's name for the list is in the singular
        encryption["S3Encryption"] = encryption.pop("S3Encryptions")
    data = {"Name": name, "EncryptionConfiguration": encryption}
    created = provisioners._glue_call(
        glue._create_security_configuration, data, SECURITY_CONFIGURATION, "create"
    )
    return name, {"CreatedTimestamp": str(created["CreatedTimestamp"])}


def _update_security(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
) -> Provisioned:
    """Everything in it is create-only: AWS replaces it, and refuses to under the same name."""
    if old == new:
        return name, {}
    if new.get("Name") == name:
        raise ValueError(
            f"CloudFormation cannot update a stack when a custom-named resource requires "
            f"replacing. Rename {name} and update the stack again."
        )
    created = _create_security(logical_id or name, new, stack)
    _delete_security(name, old)
    return created


def _delete_security(name: str, _: Properties) -> None:
    from ministack.services import glue

    glue._delete_security_configuration({"Name": name})
