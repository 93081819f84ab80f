"""What the new stack can take over by import, and the mapping that ``cdk import`` reads."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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


def imports(old: System, new: System, physical: Mapping[str, str]) -> list[Import]:
    """Every old resource that CloudFormation can import. ``physical``: logical id → physical."""
    found: list[Import] = []
    taken: set[str] = set()
    for one in sorted(old.of(*IDENTITIES), key=lambda r: (r.type, _is_log(r), r.id)):
        identity = IDENTITIES[one.type]
        value = physical.get(one.logical_id)
        if value is None and identity.named is not None:
            value = one.literal(identity.named)
        target, why = _target(one, new, identity, value, taken)
        if target is not None:
            taken.add(target.logical_id)
            if value is None:
                why = "how it is called is not known from the template: give --resources"
        found.append(
            Import(
                id=one.id,
                type=one.type,
                identifier=identity.key,
                value=value,
                target=target.logical_id if target else None,
                why=why,
            )
        )
    return found


def mapping(found: list[Import]) -> str:
    """The file of ``cdk import --resource-mapping``: new logical id → what finds the resource."""
    told = {one.target: {one.identifier: one.value} for one in found if one.ready}
    return json.dumps(told, indent=2) + "\n"


def read_physical(path: Path) -> dict[str, str]:
    """Physical ids from what ``aws cloudformation list-stack-resources`` printed.

    Raises :class:`ComparisonFailedError`.
    """
    try:
        answer: Any = json.loads(path.read_text(encoding="utf-8"))
        rows = answer.get("StackResourceSummaries") or answer["StackResources"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in rows}
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ComparisonFailedError(
            f"{path}: it is not what `aws cloudformation list-stack-resources --stack-name …`"
            f" prints as JSON ({type(error).__name__}: {error})"
        ) from None


def _target(
    one: Resource, new: System, identity: _Identity, value: str | None, taken: set[str]
) -> tuple[Resource | None, str]:
    free = [r for r in new.of(one.type) if r.logical_id not in taken]
    if not free:
        return None, f"the new stack has no {one.type} for it: leave it where it is"
    own = {r.logical_id: r.literal(identity.named) if identity.named else None for r in free}
    same = [r for r in free if own[r.logical_id] is not None and own[r.logical_id] == value]
    if same:
        return same[0], "the new stack names it so too: import it, or its deployment fails"
    unnamed = [r for r in free if own[r.logical_id] is None and _is_log(r) == _is_log(one)]
    if not unnamed:
        names = ", ".join(sorted(filter(None, own.values()))) or "for logs, or not, unlike it"
        return None, f"the new stack has others ({names}): recreate it"
    return unnamed[0], "it keeps its name and what it holds"


def _is_log(one: Resource) -> bool:
    return bool({word.lower() for word in _WORD.findall(one.logical_id)} & _LOGS)
