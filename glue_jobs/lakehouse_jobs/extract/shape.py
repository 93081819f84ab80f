"""Rows as Salesforce gives them to rows as the raw table holds them."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.contract.raw_log import Change, SystemColumn
from lakehouse_jobs.contract.raw_log import Source as Origin
from lakehouse_jobs.errors import MisfitError
from lakehouse_jobs.extract.columns import STAMP_COLUMN, Selection, Source
from lakehouse_jobs.extract.fitting import in_range, whole
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What every row of a run carries."""

    org_id: str
    run_id: str
    extracted_at: datetime  # the org's time, UTC
    batch: int
    change: Change


def shape(
    arrays: Sequence[pa.Array], selection: Selection, stamp: Stamp, schema: pa.Schema
) -> pa.Table:
    """A table of the data file's schema from arrays in the order of the selection.

    Raises MisfitError for what parses and yet cannot stand in its column.
    """
    by_name: dict[str, pa.Array] = {}
    for source, values in zip(selection.sources, arrays, strict=True):
        by_name[source.column.name] = _column(source, values)
    rows = len(arrays[0])
    stamps = _by_field(selection, by_name, selection.stamp_field)
    if STAMP_COLUMN not in by_name:
        by_name[STAMP_COLUMN] = stamps
    deleted = (
        pc.fill_null(_by_field(selection, by_name, "IsDeleted"), False)
        if selection.has_deleted
        else pa.repeat(pa.scalar(False), rows)
    )
    nothing = pa.scalar(None, UTC_MICROSECONDS)
    by_name |= {
        SystemColumn.ORG_ID: pa.repeat(stamp.org_id, rows),
        SystemColumn.SOURCE: pa.repeat(Origin.SALESFORCE.value, rows),
        SystemColumn.RUN_ID: pa.repeat(stamp.run_id, rows),
        SystemColumn.EXTRACTED_AT: pa.repeat(pa.scalar(stamp.extracted_at, UTC_MICROSECONDS), rows),
        SystemColumn.BATCH: pa.repeat(pa.scalar(stamp.batch, pa.int64()), rows),
        SystemColumn.CHANGE: pa.repeat(stamp.change.value, rows),
        SystemColumn.IS_DELETED: deleted,
        # A soft delete moves the stamp, and Salesforce tells no other time of it.
        SystemColumn.DELETED_AT: pc.if_else(deleted, stamps, nothing),
    }
    return pa.Table.from_arrays([by_name[name] for name in schema.names], schema=schema)


def _by_field(selection: Selection, by_name: dict[str, pa.Array], field: str) -> pa.Array:
    for source in selection.sources:
        if source.field.name.lower() == field.lower():
            return by_name[source.column.name]
    raise KeyError(field)


def _column(source: Source, values: pa.Array) -> pa.Array:
    if source.hashed:
        return hashed(values)
    if source.column.type == "long" and not pa.types.is_integer(values.type):
        return _whole(source, values)
    if source.field.type == "time":
        return pc.utf8_rtrim(values, characters="Z")
    if not in_range(values):
        raise MisfitError(
            f"{source.field.name}: a time before year 1, which no Iceberg table can be read "
            "with; exclude the field until its values are settled"
        )
    return values


def _whole(source: Source, values: pa.Array) -> pa.Array:
    try:
        return whole(values)
    except pa.ArrowInvalid:
        raise MisfitError(
            f"{source.field.name}: a value is not a whole number, though describe says "
            f"{source.field.type}; exclude the field until its type is settled"
        ) from None


def hashed(values: pa.Array) -> pa.Array:
    """The SHA-256 of each value's UTF-8 text, in hexadecimal; null stays null."""
    return pa.array(
        [
            None if text is None else hashlib.sha256(text.encode()).hexdigest()
            for text in values.to_pylist()
        ],
        pa.string(),
    )
