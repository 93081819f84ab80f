"""A secret of CloudFormation: ``Ref`` is its ARN, and an unnamed one is named as on AWS.

AWS: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/
aws-resource-secretsmanager-secret.html ("Ref returns the ARN"); an unnamed secret is
``<logical id>-<12 characters>``. In ministack Ref is the name, on which the
Fn::Select/Fn::Split that CDK writes for ``secret_name`` fails, and the ARN that a job or
a policy gets is none.
"""

import secrets
import string
from typing import Any, Final

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context

_LETTERS: Final = string.ascii_letters + string.digits
_TYPE: Final = "AWS::SecretsManager::Secret"
Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Put the handlers of the resource type in place."""
    from ministack.services.cloudformation import provisioners

    create = patching.expect(
        provisioners, "_sm_secret_create", parameters="logical_id props stack_name"
    )
    update = patching.expect(
        provisioners,
        "_sm_secret_update",
        parameters="physical_id old_props new_props stack_name logical_id",
    )
    delete = patching.expect(provisioners, "_sm_secret_delete", parameters="physical_id props")

    def create_secret(logical_id: str, props: Properties, stack: str) -> Provisioned:
        suffix = "".join(secrets.choice(_LETTERS) for _ in range(12))
        name = props.get("Name") or f"{logical_id}-{suffix}"
        _, attributes = create(logical_id, {**props, "Name": name}, stack)
        return attributes["Arn"], attributes

    def update_secret(
        arn: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Provisioned:
        # ministack compares names; an unnamed secret keeps the one it was made with.
        name = _name(arn)
        before, after = ({**p, "Name": p.get("Name") or name} for p in (old, new))
        _, attributes = update(name, before, after, stack, logical_id=logical_id)
        return attributes["Arn"], attributes

    def delete_secret(arn: str, props: Properties) -> None:
        delete(_name(arn), props)

    handlers = provisioners._RESOURCE_HANDLERS
    if {"create", "update", "delete"} - handlers.get(_TYPE, {}).keys():
        raise patching.MinistackChangedError(f"ministack has no handlers of {_TYPE} any more")
    handlers[_TYPE] = {
        "create": create_secret,
        "update": update_secret,
        "update_with_logical_id": True,
        "delete": delete_secret,
    }


def _name(arn: str) -> str:
    """The name of a secret by its ARN; ministack keeps secrets by name."""
    from ministack.services import secretsmanager

    for name, secret in secretsmanager._secrets.items():
        if secret["ARN"] == arn:
            return name
    return arn
