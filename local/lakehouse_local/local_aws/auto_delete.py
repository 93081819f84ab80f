"""``Custom::S3AutoDeleteObjects``: CDK empties a bucket by a function before it is deleted.

Ministack runs no functions here and would wait for an hour. This does what CDK's function
does: nothing when the resource is made, and at its deletion every object and every version
goes (aws-cdk-lib, custom-resource-handlers, aws-s3 auto-delete-objects-handler).
"""

from collections.abc import Mapping
from typing import Any, Final

from lakehouse_local.home import REGION, Home
from lakehouse_local.local_aws import patching

KIND: Final = "Custom::S3AutoDeleteObjects"
Provisioned = tuple[str, dict[str, Any]]


def register(home: Home) -> None:
    """Put the handlers in place; they run in a thread, while the server goes on answering."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    if KIND in handlers:
        raise patching.MinistackChangedError(
            f"ministack now has {KIND}: compare it with auto_delete.py, and leave one"
        )

    def create(logical_id: str, props: Mapping[str, Any], stack: str) -> Provisioned:
        del props
        return f"{stack}-{logical_id}", {}

    def update(
        physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], _: str
    ) -> Provisioned:
        if old.get("BucketName") != new.get("BucketName"):
            empty(home, str(old["BucketName"]))
        return physical_id, {}

    def delete(_: str, props: Mapping[str, Any]) -> None:
        empty(home, str(props["BucketName"]))

    handlers[KIND] = {"create": create, "update": update, "delete": delete}


def empty(home: Home, bucket: str) -> None:
    """Delete all objects and versions of a bucket; one that is gone is empty."""
    import boto3

    client: Any = boto3.client(
        "s3",
        endpoint_url=home.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local AWS checks no key
    )
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            names = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed]
            if names:
                client.delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})
    except client.exceptions.NoSuchBucket:
        return
