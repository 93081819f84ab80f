"""How far the policies of a resource reach: anybody, other accounts, everything."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any, Final

from lakehouse_tools.comparison.infrastructure.system import Resource
from lakehouse_tools.review.assembly import Template
from lakehouse_tools.review.permissions import Right, rights

_MOST: Final = 4  # actions named in one line
_BROAD: Final = ("*FullAccess", "*AdministratorAccess", "*PowerUserAccess", "*AWSGlueServiceRole")
_OTHER_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_REFERENCE: Final = re.compile(r"\$\{[^}]*\}")  # has colons of its own: ${AWS::Partition}
# Actions that take no resource (Service Authorization Reference): there `*` is no breadth.
_UNSCOPED: Final = (
    "cloudwatch:PutMetricData",
    "ec2:Describe*",
    "glue:GetSecurityConfiguration*",
    "glue:ListSessions",
    "lakeformation:*",
    "logs:*LogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "sts:GetCallerIdentity",
    "xray:GetSampling*",
    "xray:Put*",
)


class Breadth(Enum):
    """How a policy reaches far."""

    ANYBODY = auto()
    ANYBODY_IF = auto()
    ACCOUNT = auto()
    ACTIONS = auto()
    RESOURCES = auto()
    MANAGED = auto()


def policy_openings(one: Resource, properties: Mapping[str, Any]) -> Iterator[tuple[Breadth, str]]:
    """What the policies in a resource's properties leave open."""
    for right, actions in rights(_alone(one, properties)).items():
        if right.effect == "Allow":
            yield from _breadths(right, actions)


def denies_plain_http(bucket: Resource, policies: list[Resource]) -> bool:
    """Whether a policy of the bucket denies requests without TLS."""
    for policy in policies:
        if policy.template is not bucket.template:
            continue
        named = policy.value("Bucket")
        if named not in ({"Ref": bucket.logical_id}, bucket.literal("BucketName")):
            continue
        for right in rights(_alone(policy, policy.properties)):
            if right.effect == "Deny" and "aws:SecureTransport" in right.condition:
                return True
    return False


def _breadths(right: Right, actions: set[str]) -> Iterator[tuple[Breadth, str]]:
    managed = sorted(a for a in actions if a.startswith("managed policy "))
    if managed:
        for action in managed:
            if any(fnmatchcase(action, pattern) for pattern in _BROAD):
                yield Breadth.MANAGED, action.removeprefix("managed policy ")
        return
    named = _named(actions)
    if right.principal in ("*", "AWS *") or right.principal.startswith("all but "):
        if right.condition:
            yield Breadth.ANYBODY_IF, f"{named} on {right.resource or 'it'} if {right.condition}"
        else:
            yield Breadth.ANYBODY, f"{named} on {right.resource or 'it'}"
        return
    if right.principal:
        if right.principal.startswith("AWS ") and _OTHER_ACCOUNT.search(right.principal):
            yield Breadth.ACCOUNT, f"{named} by {right.principal.removeprefix('AWS ')}"
        return
    wide = {a for a in actions if a == "*" or a.endswith(":*") or a.startswith("all but ")}
    wide = {a for a in wide if a not in _UNSCOPED}
    if wide:
        yield Breadth.ACTIONS, f"{_named(wide)} on {right.resource}"
    if _is_every(right.resource) or right.resource.startswith("all but "):
        scoped = {a for a in actions if not any(fnmatchcase(a, p) for p in _UNSCOPED)}
        if scoped and not right.condition:
            yield Breadth.RESOURCES, _named(scoped)


def _is_every(resource: str) -> bool:
    """Whether an ARN's resource, all behind its fifth colon, is nothing but wildcards."""
    part = _REFERENCE.sub("x", resource).split(":", 5)[-1]
    return "*" in part and not part.strip("*?/:")


def _named(actions: set[str]) -> str:
    ordered = sorted(actions)
    more = f" and {len(ordered) - _MOST} more" if len(ordered) > _MOST else ""
    return ", ".join(ordered[:_MOST]) + more


def _alone(one: Resource, properties: Mapping[str, Any]) -> Template:
    """The resource with these properties; of the others only their names."""
    names = {
        logical_id: {"Type": other.get("Type"), "Metadata": other.get("Metadata") or {}}
        for logical_id, other in one.template.resources.items()
    }
    own = {**names.get(one.logical_id, {}), "Properties": properties}
    return Template({"Resources": {**names, one.logical_id: own}})
