"""Columns of a raw table: their types in Iceberg and Arrow, and how a schema evolves.

A column is never removed or retyped. A field whose type changed gets a second column,
``<name>__<iceberg type>``; both comments name the field.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from lakehouse_jobs.contract.raw_log import SystemColumn

UTC_MICROSECONDS: Final = pa.timestamp("us", tz="UTC")

_ICEBERG: Final[dict[str, PrimitiveType]] = {
    "string": StringType(),
    "boolean": BooleanType(),
    "long": LongType(),
    "double": DoubleType(),
    "date": DateType(),
    "timestamptz": TimestamptzType(),
}
ARROW: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "long": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamptz": UTC_MICROSECONDS,
}
# The Data Catalog refuses longer column comments.
LONGEST_COMMENT: Final = 255
GONE: Final = " (no longer read)"
# Where Arrow keeps the field ids of a Parquet file.
FIELD_ID: Final = b"PARQUET:field_id"


@dataclass(frozen=True, kw_only=True)
class RawColumn:
    """A column of a raw table. ``type`` is a key of :data:`ARROW`."""

    name: str
    type: str
    comment: str

    @property
    def arrow(self) -> pa.DataType:
        """Its Arrow type."""
        return ARROW[self.type]


SYSTEM_COLUMNS: Final = (
    RawColumn(name=SystemColumn.ORG_ID, type="string", comment="Org that the version is from"),
    RawColumn(name=SystemColumn.SOURCE, type="string", comment="System it was read from"),
    RawColumn(name=SystemColumn.RUN_ID, type="string", comment="Execution that wrote it"),
    RawColumn(
        name=SystemColumn.EXTRACTED_AT, type="timestamptz", comment="The org's time when read"
    ),
    RawColumn(name=SystemColumn.BATCH, type="long", comment="One more with each commit"),
    RawColumn(name=SystemColumn.CHANGE, type="string", comment="Why: read, resync or hard_delete"),
    RawColumn(name=SystemColumn.IS_DELETED, type="boolean", comment="Whether it is deleted"),
    RawColumn(name=SystemColumn.DELETED_AT, type="timestamptz", comment="When it was deleted"),
)


def field_comment(*, name: str, type: str, label: str) -> str:
    """A column's comment: ``Name (type): Label``."""
    return " ".join(f"{name} ({type}): {label}".split())[:LONGEST_COMMENT]


def new_schema(columns: Iterable[RawColumn]) -> Schema:
    """The schema of a table that does not exist yet."""
    return Schema(
        *(
            NestedField(number, c.name, _ICEBERG[c.type], required=False, doc=c.comment)
            for number, c in enumerate(columns, start=1)
        )
    )


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """What a schema needs so that the wanted columns fit."""

    columns: tuple[RawColumn, ...]  # as wanted, in the same order, under the names they got
    added: tuple[RawColumn, ...]
    commented: tuple[RawColumn, ...]  # columns whose comment needs to change
    readable: tuple[str, ...]  # columns that rows in the table lack: new ones, or read again
    changes: tuple[str, ...]  # a sentence each


def evolution(schema: Schema, wanted: Sequence[RawColumn]) -> Evolution:
    """Compare a table's schema with the columns that are wanted now."""
    present = {f.name: f for f in schema.fields}
    names = {c.name for c in wanted}
    columns: list[RawColumn] = []
    added: list[RawColumn] = []
    commented: list[RawColumn] = []
    readable: list[str] = []
    changes: list[str] = []
    for column in wanted:
        found = present.get(column.name)
        if found is None:
            changes.append(f"{column.name} is new: {column.comment}")
        elif str(found.field_type) != column.type:
            column = replace(column, name=_second_name(column, present, names))
            if column.name not in present:
                changes.append(
                    f"{found.name} was {found.field_type} and is {column.type} now: "
                    f"new values go to {column.name}"
                )
            found = present.get(column.name)
        columns.append(column)
        if found is None:
            added.append(column)
            readable.append(column.name)
        elif (found.doc or "") != column.comment:
            commented.append(column)
            if (found.doc or "").endswith(GONE):
                changes.append(f"{column.name} is read again: {column.comment}")
                readable.append(column.name)
    for column in _gone(schema, wanted):
        changes.append(f"{column.name} is no longer read: kept, null from now on")
        commented.append(column)
    return Evolution(
        columns=tuple(columns),
        added=tuple(added),
        commented=tuple(commented),
        readable=tuple(readable),
        changes=tuple(changes),
    )


def _second_name(column: RawColumn, present: Mapping[str, NestedField], taken: set[str]) -> str:
    """Where the values of a field go whose column has another type."""
    name = f"{column.name}__{column.type}"
    found = present.get(name)
    while name in taken or (found is not None and str(found.field_type) != column.type):
        name += f"__{column.type}"  # a field of that very name is there
        found = present.get(name)
    return name


def _gone(schema: Schema, wanted: Sequence[RawColumn]) -> Iterator[RawColumn]:
    """Columns of fields that are no longer read and not yet marked so in their comment."""
    names = {c.name for c in wanted}
    for field in schema.fields:
        doc = field.doc or ""
        fields_name = field.name.removesuffix(f"__{field.field_type}")
        if not {field.name, fields_name} & names and not field.name.startswith("_"):
            marked = doc[: LONGEST_COMMENT - len(GONE)].removesuffix(GONE) + GONE
            if doc != marked:
                yield RawColumn(name=field.name, type=str(field.field_type), comment=marked)


def iceberg_type(column: RawColumn) -> PrimitiveType:
    """A column's type in Iceberg."""
    return _ICEBERG[column.type]


def file_schema(schema: Schema, columns: Iterable[RawColumn]) -> pa.Schema:
    """The Arrow schema of an object's data file, with the table's field ids."""
    return arrow_schema(schema, [*columns, *SYSTEM_COLUMNS])


def arrow_schema(schema: Schema, columns: Iterable[RawColumn]) -> pa.Schema:
    """The Arrow schema of just these columns, with the table's field ids."""
    return pa.schema(
        [
            pa.field(
                c.name,
                c.arrow,
                metadata={FIELD_ID: str(schema.find_field(c.name).field_id)},
            )
            for c in columns
        ]
    )
