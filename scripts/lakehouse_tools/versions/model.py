"""A record's versions, what changed between them, and where they went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | None  # times as Athena's text, UTC


@dataclass(frozen=True, kw_only=True)
class Change:
    """A field's value before and after; None is empty."""

    field: str  # API name
    old: Value
    new: Value


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The Iceberg snapshot that a batch came with."""

    id: int
    committed_at: str  # ISO 8601, UTC


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a record as raw has it; ``number`` 1 is the first in order."""

    number: int
    system_modified_at: str | None
    modified_by: str | None  # id of a user; None also where the field is not read
    extracted_at: str
    run: str
    batch: int
    why: str  # read, resync or hard_delete: see lakehouse_jobs.contract.raw_log.Change
    is_deleted: bool
    deleted_at: str | None
    values: Mapping[str, Value]  # by API name, those with a value
    changes: tuple[Change, ...]  # against the version before; of the first, none
    marks: tuple[str, ...]  # created, deleted, undeleted, …
    snapshot: Snapshot | None  # None once it has expired


@dataclass(frozen=True, kw_only=True)
class ModelRows:
    """The rows of one model that are this record's own."""

    database: str
    table: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A mart's column that holds the record's id, and in how many rows."""

    database: str
    table: str
    column: str
    rows: int


def holds(column: str, record: str) -> str:
    """SQL condition that a column of one id, or of several (``…_ids``), has that of a record."""
    several = column.endswith("_ids")
    return f"""contains("{column}", '{record}')""" if several else f""""{column}" = '{record}'"""


@dataclass(frozen=True, kw_only=True)
class RecordHistory:
    """All there is of a record."""

    object: str  # API name
    id: str  # 18 characters
    fields: tuple[str, ...] | None  # those asked for; None: all
    versions: tuple[Version, ...]  # in order
    own: tuple[ModelRows, ...]  # staging, then marts
    carriers: tuple[Carrier, ...]
