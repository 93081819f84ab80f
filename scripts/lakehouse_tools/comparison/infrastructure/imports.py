"""What the new stack can take over by import, and the mapping that ``cdk import`` reads."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lakehouse_local.references import unresolved
from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.infrastructure.system import Resource, System


@dataclass(frozen=True, kw_only=True)
class _Identity:
    """How CloudFormation finds a resource that it imports, and where a template names it."""

    key: str  # the identifier property
    named: str | None = None  # the property's path, where the template may name it


# Stateful types that CloudFormation imports, by the primary identifier of their schema in its
# registry; a test compares it with the schemas that cfn-lint carries.
IDENTITIES: Final[Mapping[str, _Identity]] = {
    "AWS::Athena::WorkGroup": _Identity(key="Name", named="Name"),
    "AWS::DynamoDB::Table": _Identity(key="TableName", named="TableName"),
    "AWS::Glue::Database": _Identity(key="DatabaseName", named="DatabaseInput.Name"),
    "AWS::KMS::Key": _Identity(key="KeyId"),
    "AWS::S3::Bucket": _Identity(key="BucketName", named="BucketName"),
    "AWS::SNS::Topic": _Identity(key="TopicArn"),
    "AWS::SQS::Queue": _Identity(key="QueueUrl"),
    "AWS::SecretsManager::Secret": _Identity(key="Id"),
}
_WORD: Final = re.compile(r"[A-Z]?[a-z]+")
_LOGS: Final = {"log", "logs", "access", "audit"}


@dataclass(frozen=True, kw_only=True)
class Import:
    """An old resource that the new stack could take over. ``target``: its logical id there."""

    id: str
    type: str
    identifier: str  # the property
    value: str | None  # that names it; None where it is not known
    target: str | None
    why: str

    @property
    def ready(self) -> bool:
        """Whether it stands in the mapping."""
        return self.value is not None and self.target is not None


def imports(old: System, new: System, physical: Mapping[str, Collection[str]]) -> list[Import]:
    """Every old resource that CloudFormation can import. ``physical``: logical id → physical ids.

    A target is what has the same name, or the one that is left where one old resource is left.
    """
    ones = sorted(old.of(*IDENTITIES), key=lambda r: (r.type, _is_log(r), r.id))
    values = {one.id: _value(one, old, physical) for one in ones}
    same = {
        one.id: other
        for one in ones
        for other in new.of(one.type)
        if _own_name(other) is not None and _own_name(other) == values[one.id]
    }
    left = [one for one in ones if one.id not in same]
    found: list[Import] = []
    for one in ones:
        target, why = (
            same.get(one.id),
            "the new names it so too: import it, or its deployment fails",
        )
        if target is None:
            target, why = _target(one, left, new)
        if target is not None and values[one.id] is None:
            why = (
                "how it is called is not known from the template: give --resources,"
                " of its stack alone where another has this logical id too"
            )
        found.append(
            Import(
                id=one.id,
                type=one.type,
                identifier=IDENTITIES[one.type].key,
                value=values[one.id],
                target=target.logical_id if target else None,
                why=why,
            )
        )
    return _with_what_they_need(found, new)


def mapping(found: list[Import]) -> str:
    """The file of ``cdk import --resource-mapping``: new logical id → what finds the resource."""
    told = {one.target: {one.identifier: one.value} for one in found if one.ready}
    return json.dumps(told, indent=2) + "\n"


def read_physical(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Physical ids from what ``aws cloudformation list-stack-resources`` printed.

    No file says which stack it is of: a logical id of two stacks has two. Raises
    :class:`ComparisonFailedError`.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        try:
            answer: Any = json.loads(path.read_text(encoding="utf-8"))
            for row in answer.get("StackResourceSummaries") or answer["StackResources"]:
                if row.get("PhysicalResourceId"):  # what could not be created has none
                    found[row["LogicalResourceId"]].add(row["PhysicalResourceId"])
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ComparisonFailedError(
                f"{path}: it is not what `aws cloudformation list-stack-resources --stack-name …`"
                f" prints as JSON ({type(error).__name__}: {error})"
            ) from None
    return dict(found)


def _with_what_they_need(found: list[Import], new: System) -> list[Import]:
    """Each with what its target refers to and the mapping lacks.

    An import is a change set of what is in the mapping alone, and CloudFormation refuses a
    template that refers to anything else.
    """
    mapped = {one.target for one in found if one.ready}
    resources = {r.logical_id: r.template.resources[r.logical_id] for r in new.resources}
    told = []
    for one in found:
        target = {one.target: resources[one.target]} if one.ready and one.target else {}
        needs = [name for name in unresolved(target, {}) if name in resources.keys() - mapped]
        names = ", ".join(needs)
        why = f"{one.why}; it refers to {names}: import these with it, or it is refused"
        told.append(replace(one, why=why) if needs else one)
    return told


def _value(one: Resource, old: System, physical: Mapping[str, Collection[str]]) -> str | None:
    """What identifies it, where nothing else can be meant."""
    called = physical.get(one.logical_id, ())
    if len(called) == 1 and sum(r.logical_id == one.logical_id for r in old.resources) == 1:
        return next(iter(called))
    return _own_name(one)


def _target(one: Resource, left: list[Resource], new: System) -> tuple[Resource | None, str]:
    others = new.of(one.type)
    if not others:
        return None, f"the new stack has no {one.type} for it: leave it where it is"
    free = [r for r in others if _own_name(r) is None and _is_log(r) == _is_log(one)]
    if not free:
        names = ", ".join(sorted(filter(None, map(_own_name, others))))
        names = names or "for logs, or not, unlike it"
        return None, f"the new stack has others ({names}): recreate it"
    rivals = [r for r in left if r.type == one.type and _is_log(r) == _is_log(one)]
    told = ""
    if len(free) > 1:
        told = f"it could be {', '.join(r.logical_id for r in free)}"
    elif len(rivals) > 1:
        told = f"{free[0].logical_id} could be {', '.join(r.id for r in rivals)}"
    if told:
        return None, f"{told}: choose, and write it into the mapping yourself"
    return free[0], "it keeps its name and what it holds"


def _own_name(one: Resource) -> str | None:
    """The name that its template gives it."""
    named = IDENTITIES[one.type].named
    return one.literal(named) if named else None


def _is_log(one: Resource) -> bool:
    return bool({word.lower() for word in _WORD.findall(one.logical_id)} & _LOGS)
