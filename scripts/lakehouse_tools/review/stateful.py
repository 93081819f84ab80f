"""Stateful resources that a change removes or replaces, or no longer keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from lakehouse_tools.review.assembly import Template

# Type -> the properties whose change makes CloudFormation replace the resource, or makes it
# another one for those who use it (AWS CloudFormation template reference, "Update requires", and
# createOnlyProperties of the registry's schemas, with which a test compares them).
STATEFUL: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::Athena::WorkGroup": ("Name",),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "ImportSourceSpecification"),
    "AWS::Glue::Database": ("CatalogId", "DatabaseName", "DatabaseInput.Name"),
    "AWS::Glue::Table": ("CatalogId", "DatabaseName", "Name", "TableInput.Name"),
    "AWS::KMS::Key": (),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
}
# Type -> the properties whose change the service refuses, so that the update fails.
_FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
}
_POLICIES: Final = ("DeletionPolicy", "UpdateReplacePolicy")


What = Literal["removed", "replaced", "refused", "unprotected"]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A stateful resource that would not be the same afterwards."""

    logical_id: str
    name: str
    type: str
    what: What
    why: str
    kept: bool  # whether the old one stays in the account, out of the stack's hands

    @property
    def fate(self) -> str:
        """What becomes of the one that is there."""
        if self.what == "refused":
            return "stays as it is: the service never changes this, and the deployment fails"
        if self.what == "unprotected":
            return "stays for now, and would GO WITH WHAT IT HOLDS if it were removed or replaced"
        return "stays, out of the stack" if self.kept else "is DELETED WITH WHAT IT HOLDS"


def losses(base: Template, head: Template) -> Iterator[Loss]:
    """What a deployment of ``head`` over ``base`` would take away."""
    for logical_id, before in base.resources.items():
        kind = before["Type"]
        if kind not in STATEFUL:
            continue
        after = head.resources.get(logical_id)
        what, why = _change(before, after)
        if what:
            policy = "DeletionPolicy" if what == "removed" else "UpdateReplacePolicy"
            # CloudFormation deletes unless it is told otherwise, by what was deployed last
            # for a removal, and by the new template for a replacement.
            told = before if what == "removed" or after is None else after
            yield Loss(
                logical_id=logical_id,
                name=base.name_of(logical_id),
                type=kind,
                what=what,
                why=why,
                kept=what == "refused" or _keeps(told, policy),
            )
            continue
        gone = [p for p in _POLICIES if after and _keeps(before, p) and not _keeps(after, p)]
        if gone:
            yield Loss(
                logical_id=logical_id,
                name=base.name_of(logical_id),
                type=kind,
                what="unprotected",
                why=", ".join(f"{policy}: {before[policy]} → Delete" for policy in gone),
                kept=True,
            )


def _keeps(resource: Mapping[str, Any], policy: str) -> bool:
    return resource.get(policy, "Delete") != "Delete"


def _change(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> tuple[What | None, str]:
    kind = before["Type"]
    if after is None:
        return "removed", "its logical id is gone: another id makes another resource"
    if after["Type"] != kind:
        return "replaced", f"its type becomes {after['Type']}"
    if why := _differs(before, after, STATEFUL[kind]):
        return "replaced", why
    if why := _differs(before, after, _FIXED.get(kind, ())):
        return "refused", why
    return None, ""


def _differs(before: Mapping[str, Any], after: Mapping[str, Any], paths: tuple[str, ...]) -> str:
    """The first of the properties that is not the same, before and after; "" without one."""
    for path in paths:
        old, new = (_at(resource, path) for resource in (before, after))
        if old != new:
            told = ["not set" if value is None else value for value in (old, new)]
            return f"{path}: {told[0]} → {told[1]}"
    return ""


def _at(resource: Mapping[str, Any], path: str) -> Any:
    value: Any = resource.get("Properties", {})
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
