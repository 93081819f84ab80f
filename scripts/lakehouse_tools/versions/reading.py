"""Reads a record's versions from raw through Athena, in their order.

The id is a predicate of the statement: data files whose ids lie elsewhere are not opened, and
of the others only the columns that are asked for are read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_jobs.contract.raw_log import Change as Why
from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_tools import athena
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.model import Change, Snapshot, Value, Version
from lakehouse_tools.versions.raw_table import RawTable

# They stand at the head of a version, or say what the system columns say.
STAMPS: Final = frozenset(
    {"Id", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "IsDeleted"}
)
_STAMP: Final = "systemmodstamp"
_MODIFIED_BY: Final = "lastmodifiedbyid"
_SYSTEM: Final = (
    SystemColumn.RUN_ID,
    SystemColumn.EXTRACTED_AT,
    SystemColumn.BATCH,
    SystemColumn.CHANGE,
    SystemColumn.IS_DELETED,
    SystemColumn.DELETED_AT,
)


def chosen(table: RawTable, asked: Sequence[str]) -> tuple[str, ...]:
    """The fields to read: those asked for, as Salesforce writes them, or else all.

    Raises RequestError for one that raw does not have.
    """
    if not asked:
        return tuple(field for field in table.columns if field not in STAMPS)
    known = {name.lower(): name for name in table.columns}
    for name in asked:
        if name.lower() not in known:
            raise RequestError(
                f"history: --fields: got {name!r}; raw has of {table.object}:"
                f" {', '.join(sorted(table.columns))}"
            )
    return tuple(dict.fromkeys(known[name.lower()] for name in asked))


def statement(table: RawTable, stack: Stack, fields: Sequence[str], record: str) -> str:
    """Athena's SQL for a record's versions, with only the columns of these fields."""
    there = {column["Name"] for column in current_columns(table.entry)}
    columns = [*_SYSTEM, *(name for name in (_STAMP, _MODIFIED_BY) if name in there)]
    columns += [name for field in fields for name in table.columns[field] if name not in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    return f"""select {names} from "{stack.raw_database}"."{table.name}" where id = '{record}'"""  # noqa: S608


def read(
    environment: Environment,
    stack: Stack,
    table: RawTable,
    *,
    record: str,
    fields: Sequence[str],
) -> list[dict[str, Any]]:
    """The rows of a record's versions, in their order: by stamp, then by batch."""
    found = athena.query(
        environment, stack, statement(table, stack, fields, record), database=stack.raw_database
    )
    return sorted(found.typed(), key=lambda row: (row.get(_STAMP) or "", row[SystemColumn.BATCH]))


def versions(
    rows: Sequence[Mapping[str, Any]],
    table: RawTable,
    *,
    fields: Sequence[str],
    snapshots: Mapping[int, Snapshot],
) -> tuple[Version, ...]:
    """The versions that rows in order tell of."""
    found: list[Version] = []
    for number, row in enumerate(rows, start=1):
        before = found[-1] if found else None
        values = _values(row, table, fields)
        changes = _changes(before.values, values, fields) if before else ()
        batch = row[SystemColumn.BATCH]
        late = any(each[SystemColumn.BATCH] < batch for each in rows[number:])
        found.append(
            Version(
                number=number,
                system_modified_at=row.get(_STAMP),
                modified_by=row.get(_MODIFIED_BY),
                extracted_at=row[SystemColumn.EXTRACTED_AT],
                run=row[SystemColumn.RUN_ID],
                batch=batch,
                why=row[SystemColumn.CHANGE],
                is_deleted=row[SystemColumn.IS_DELETED],
                deleted_at=row[SystemColumn.DELETED_AT],
                values={name: value for name, value in values.items() if value is not None},
                changes=changes,
                marks=_marks(before, row, late=late),
                snapshot=snapshots.get(batch),
            )
        )
    return tuple(found)


def _marks(before: Version | None, row: Mapping[str, Any], *, late: bool) -> tuple[str, ...]:
    """What a person should know of a version beside its values."""
    marks = []
    is_deleted = row[SystemColumn.IS_DELETED]
    if before is None:
        marks.append("first known")
    if is_deleted and not (before and before.is_deleted):
        found_gone = row[SystemColumn.CHANGE] == Why.HARD_DELETE
        marks.append("found gone from Salesforce" if found_gone else "deleted")
    if before and before.is_deleted and not is_deleted:
        marks.append("undeleted")
    if row[SystemColumn.CHANGE] == Why.RESYNC:
        marks.append("resync")
    if late:
        marks.append("came late, after a newer version")
    return tuple(marks)


def _values(row: Mapping[str, Any], table: RawTable, fields: Sequence[str]) -> dict[str, Value]:
    """By field; of one that changed its type the column that has the value."""
    return {
        field: next((v for name in table.columns[field] if (v := row[name]) is not None), None)
        for field in fields
    }


def _changes(
    old: Mapping[str, Value], new: Mapping[str, Value], fields: Sequence[str]
) -> tuple[Change, ...]:
    return tuple(
        Change(field=field, old=old.get(field), new=new.get(field))
        for field in fields
        if old.get(field) != new.get(field)
    )
