"""An object's raw table: its columns by field, and which batch came with which snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_jobs.contract.raw_log import SystemColumn, TableProperty
from lakehouse_jobs.raw.schema import GONE
from lakehouse_tools.dbt_models.raw_tables import COMMENT
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.iceberg import metadata_of
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.model import Snapshot


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A raw table. A field that changed its type has several columns."""

    object: str  # API name
    name: str
    columns: Mapping[str, tuple[str, ...]]  # API name of a field → its columns
    entry: Mapping[str, Any]  # of the Glue catalog


def known(environment: Environment, stack: Stack) -> list[RawTable]:
    """The raw tables of all objects."""
    return [
        RawTable(object=str(name), name=table["Name"], columns=_columns(table), entry=table)
        for table in tables_of(environment, stack.raw_database)
        if (name := table.get("Parameters", {}).get(TableProperty.OBJECT))
    ]


def find(environment: Environment, stack: Stack, object_name: str) -> RawTable:
    """The raw table of an object, whatever the case of its name. Raises RequestError."""
    return among(known(environment, stack), object_name)


def among(tables: Sequence[RawTable], object_name: str, *, command: str = "history") -> RawTable:
    """The one of an object, whatever the case of its name. Raises RequestError.

    ``command``: the one that the name was given to.
    """
    for table in tables:
        if table.object.lower() == object_name.lower():
            return table
    there = ", ".join(sorted(table.object for table in tables)) or "no object yet"
    raise RequestError(
        f"{command}: got the object {object_name!r}; raw has {there}: another one is read once"
        " config/salesforce_objects.json names it"
    )


def snapshots_by_batch(
    environment: Environment, stack: Stack, table: RawTable
) -> dict[int, Snapshot]:
    """The snapshots that are kept, by the batch that each brought: its summary names it.

    The table is looked up anew, so that no snapshot is missed whose rows were read before.
    """
    found = environment.client("glue").get_table(DatabaseName=stack.raw_database, Name=table.name)
    return {
        int(snapshot["summary"][TableProperty.BATCH]): Snapshot(
            id=snapshot["snapshot-id"],
            committed_at=datetime.fromtimestamp(snapshot["timestamp-ms"] / 1e3, UTC).isoformat(
                timespec="milliseconds"
            ),
        )
        for snapshot in metadata_of(environment, found["Table"]).get("snapshots", ())
        if TableProperty.BATCH in snapshot.get("summary", {})
    }


def _columns(entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for column in current_columns(entry):
        if column["Name"] in set(SystemColumn):
            continue
        # Of a field that is no longer read the values are still there.
        match = COMMENT.fullmatch(str(column.get("Comment") or "").removesuffix(GONE))
        found.setdefault(match["name"] if match else column["Name"], []).append(column["Name"])
    return {name: tuple(columns) for name, columns in found.items()}
