"""What describeGlobal and describe say of an object, as findings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lakehouse_jobs.salesforce.describe import STAMP_FIELDS
from lakehouse_tools.discover import kinds
from lakehouse_tools.discover.findings import FieldFinding, ObjectFinding
from lakehouse_tools.discover.personal import personal

_NUMBERS: Final = frozenset({"currency", "double", "percent", "int", "long"})
_UNREAD: Final = frozenset({"address", "location", "base64"})


def listed(row: Mapping[str, Any], names: set[str], rows: Mapping[str, int]) -> ObjectFinding:
    """An object from its row of describeGlobal; ``rows``: the org's cached counts."""
    name = str(row["name"])
    return ObjectFinding(
        name=name,
        label=str(row.get("label") or name),
        rows=rows.get(name),
        rows_exact=False,
        folded=kinds.folded(row, names) or _empty(name, rows.get(name)),
        api="rest" if kinds.bulk_refuses(name) else "bulk",
    )


def _empty(name: str, rows: int | None) -> str | None:
    return "empty" if rows == 0 and not kinds.is_standard(name) else None


def looked_into(
    found: ObjectFinding, described: Mapping[str, Any] | None, rows: int | None
) -> ObjectFinding:
    """The same with its fields, from describe, and its rows, where it was counted."""
    if rows is not None:
        folded = found.folded or _empty(found.name, rows)
        found = replace(found, rows=rows, rows_exact=True, folded=folded)
    if described is None:
        return found
    fields = tuple(_field(found.name, f) for f in described.get("fields", []))
    names = {f.name for f in fields}
    folded = found.folded
    if "Id" not in names:
        folded = folded or "it has no Id that the user may read"
    elif not names.intersection(STAMP_FIELDS):
        folded = folded or "no field tells when a record changed"
    return replace(found, fields=fields, folded=folded, masters=_masters(described))


def _field(object_name: str, described: Mapping[str, Any]) -> FieldFinding:
    kind = str(described.get("type"))
    return FieldFinding(
        name=str(described["name"]),
        type=kind,
        formula=bool(described.get("calculated")),
        personal=personal(object_name, described),
        part=(described.get("compoundFieldName") or described["name"]) != described["name"],
        grantable=bool(described.get("permissionable")),
        bytes=_bytes(kind, int(described.get("length") or 0)),
    )


def _bytes(kind: str, length: int) -> int:
    """Of a value in CSV, quotes and comma included; texts are taken to be short of their limit."""
    if kind in _UNREAD:
        return 0
    if kind in ("datetime", "reference", "id"):
        return 27 if kind == "datetime" else 21
    return 3 + (8 if kind in _NUMBERS else 5 if kind == "boolean" else min(max(length // 4, 4), 60))


def _masters(described: Mapping[str, Any]) -> tuple[str, ...]:
    """Objects that the records belong to: reading all of these needs reading all of those."""
    owners = (
        f["referenceTo"]
        for f in described.get("fields", [])
        if f.get("cascadeDelete") or f.get("relationshipOrder") is not None
    )
    return tuple(sorted({name for names in owners for name in names or ()}))
