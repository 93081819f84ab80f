"""What a change lets others do: IAM statements in every policy, and Lake Formation's grants."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_tools.review.assembly import Template

LAKE_FORMATION_ANYBODY: Final = "IAM_ALLOWED_PRINCIPALS"  # whoever IAM lets in
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, order=True)
class Right:
    """Who may or may not do something on what. ``who`` is a role, or whose policy it is."""

    who: str
    effect: str
    principal: str  # of a resource's policy; empty in a role's own
    resource: str
    condition: str


Rights = dict[Right, set[str]]  # -> actions


def changes(base: Template, head: Template) -> tuple[Rights, Rights]:
    """Rights added and removed, each with the actions concerned."""
    before, after = rights(base), rights(head)
    return _beyond(after, before), _beyond(before, after)


def _beyond(some: Rights, others: Rights) -> Rights:
    found = {right: actions - others.get(right, set()) for right, actions in some.items()}
    return {right: found[right] for right in sorted(found) if found[right]}


def rights(template: Template) -> Rights:
    """All rights of a template."""
    found: Rights = defaultdict(set)
    for logical_id, resource in template.resources.items():
        properties = resource.get("Properties", {})
        who = _holder(template, logical_id, properties)
        for place, document in _documents(properties):
            name = f"trust of {who}" if place == "AssumeRolePolicyDocument" else who
            for statement in _list(document["Statement"]):
                for right, actions in _rights(template, name, statement):
                    found[right] |= actions
        for arn in _list(properties.get("ManagedPolicyArns", [])):
            managed = Right(who, "Allow", "", "(as the policy says)", "")
            found[managed].add(f"managed policy {template.text(arn)}")
        if resource.get("Type") == "AWS::LakeFormation::PrincipalPermissions":
            right, actions = _lake_formation(template, properties)
            found[right] |= actions
    return found


def _lake_formation(template: Template, properties: Mapping[str, Any]) -> tuple[Right, set[str]]:
    principal = template.text(properties["Principal"]["DataLakePrincipalIdentifier"])
    ((kind, parts),) = properties["Resource"].items()
    named = [
        f"{name} {', '.join(template.text(v) for v in _list(value))}" if value else name
        for name, value in sorted(parts.items())
        if value != {"Ref": "AWS::AccountId"}
    ]
    actions = {f"Lake Formation {word}" for word in properties["Permissions"]}
    actions |= {
        f"grant Lake Formation {word} to others"
        for word in properties.get("PermissionsWithGrantOption", [])
    }
    return Right(principal, "Allow", "", f"{kind}: {', '.join(named)}", ""), actions


def _holder(template: Template, logical_id: str, properties: Mapping[str, Any]) -> str:
    for key in ("Roles", "Users", "Groups", "Topics", "Queues"):
        if properties.get(key):
            return ", ".join(template.text(v) for v in _list(properties[key]))
    for key in ("Bucket", "SecretId"):
        if key in properties:
            return template.text(properties[key])
    return f"${{{template.name_of(logical_id)}}}"


def _documents(value: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        named = place.endswith(("Policy", "Document"))  # a policy may leave out its Version
        if "Statement" in value and ("Version" in value or named):
            yield place, value
            return
        for key, child in value.items():
            yield from _documents(child, key)
    elif isinstance(value, list):
        for child in value:
            yield from _documents(child, place)


def _rights(
    template: Template, who: str, statement: Mapping[str, Any]
) -> Iterator[tuple[Right, set[str]]]:
    actions = {template.text(a) for a in _list(statement.get("Action", []))}
    actions |= {f"all but {template.text(a)}" for a in _list(statement.get("NotAction", []))}
    # The hash in an asset's key changes with the asset: the right to read it does not.
    resources = [
        _HASH.sub("<hash>", template.text(r)) for r in _list(statement.get("Resource", []))
    ]
    resources += [f"all but {template.text(r)}" for r in _list(statement.get("NotResource", []))]
    condition = statement.get("Condition")
    for principal in _principals(template, statement):
        for resource in resources or [""]:
            yield (
                Right(
                    who=who,
                    effect=statement["Effect"],
                    principal=principal,
                    resource=resource,
                    condition=template.text(json.dumps(condition, sort_keys=True))
                    if condition
                    else "",
                ),
                actions,
            )


def _principals(template: Template, statement: Mapping[str, Any]) -> list[str]:
    for key, prefix in (("Principal", ""), ("NotPrincipal", "all but ")):
        principal = statement.get(key)
        if isinstance(principal, Mapping):
            return [
                f"{prefix}{kind} {template.text(value)}"
                for kind, values in principal.items()
                for value in _list(values)
            ]
        if principal:
            return [f"{prefix}{principal}"]
    return [""]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
