"""Parquet files as the data files that a commit adds, described from their footers.

PyIceberg's ``add_files`` reads each file's footer again, and compares its schema with the
table's, which takes longer than reading its statistics. Here a footer that the writer left is
used as it is, and a schema is compared once where the files of a load have the same.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_file_to_data_file,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.utils.concurrent import ExecutorFactory

from lakehouse_jobs.raw.schema import ARROW, FIELD_ID

# Bytes of a footer that is kept; a larger one, of many long texts, is read again. 200 files have
# 13 MB at most.
_KEPT: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Footer:
    """What the end of a Parquet file says of it.

    As bytes: a load keeps those of all its files, and parsed they take twenty times the memory.
    """

    data: bytes  # a Parquet file of nothing else
    size: int  # bytes of the whole file

    @classmethod
    def of(cls, metadata: pq.FileMetaData, *, size: int) -> Self:
        """The footer that a writer left."""
        sink = io.BytesIO()
        metadata.write_metadata_file(sink)
        return cls(data=sink.getvalue(), size=size)

    @property
    def is_kept(self) -> bool:
        """Whether it is small enough to stay in memory until the commit."""
        return len(self.data) <= _KEPT

    @property
    def metadata(self) -> pq.FileMetaData:
        """Parsed."""
        return pq.read_metadata(pa.BufferReader(self.data))


def described(
    table: Table, addresses: Sequence[str], *, footers: Mapping[str, Footer]
) -> list[DataFile]:
    """The files at these addresses, in their order; those without a footer here are read.

    Raises FileNotFoundError for a file to read that is not there, or ValueError for an address
    that comes twice, for columns without field ids and for a schema that has no place in the
    table's.
    """
    for address, times in Counter(addresses).items():
        if times > 1:
            raise ValueError(f"{address} comes {times} times: its rows would land as often")
    describe = _Describer(table, footers)
    return list(ExecutorFactory.get_or_create().map(describe, addresses))


class _Describer:
    """Describes files of one table."""

    def __init__(self, table: Table, footers: Mapping[str, Footer]) -> None:
        self._table = table
        self._footers = footers
        self._schema, self._spec = table.schema(), table.spec()
        self._plan = compute_statistics_plan(self._schema, table.properties)
        self._ids = parquet_path_to_id_mapping(self._schema)
        self._good: pq.ParquetSchema | None = None  # one that was compared

    def __call__(self, address: str) -> DataFile:
        kept = self._footers.get(address)
        metadata, size = (kept.metadata, kept.size) if kept else _read(self._table, address)
        if not self._fits(metadata.schema, address):
            # PyIceberg knows which types may stand for which, and says so where they may not.
            parquet_file_to_data_file(self._table.io, self._table.metadata, address)
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=metadata,
            stats_columns=self._plan,
            parquet_column_mapping=self._ids,
        )
        for path in _without_bounds(metadata):
            statistics.column_aggregates.pop(self._ids[path], None)
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=address,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(self._spec, self._schema),
            file_size_in_bytes=size,
            sort_order_id=None,
            spec_id=self._spec.spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    def _fits(self, schema: pq.ParquetSchema, address: str) -> bool:
        if self._good is None or not schema.equals(self._good):
            columns = schema.to_arrow_schema()
            # PyIceberg goes by names where there are no ids: after a column was renamed, or
            # dropped and made again, the file's values would be those of another one.
            for column in columns:
                if FIELD_ID not in (column.metadata or {}):
                    raise ValueError(
                        f"{address}: column {column.name} has no field id; the job writes one"
                    )
            if not _same(self._schema, columns):
                return False
            self._good = schema
        return True


def _without_bounds(metadata: pq.FileMetaData) -> set[str]:
    """Columns of which a row group has values and no bounds: Arrow keeps none for long texts.

    PyIceberg would take the other groups' bounds for the file's, and readers would leave out a
    file that has what they look for.
    """
    found = set[str]()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(metadata.num_columns)):
            known = column.statistics
            if known is not None and known.has_null_count and known.null_count == column.num_values:
                continue
            if known is None or not known.has_min_max:
                found.add(column.path_in_schema)
    return found


def _same(schema: Schema, columns: pa.Schema) -> bool:
    """Whether columns are the table's own by id, name and type. They may be fewer."""
    known = {
        str(f.field_id).encode(): (f.name, ARROW.get(str(f.field_type))) for f in schema.fields
    }
    return not any(f.required for f in schema.fields) and all(
        known.get((c.metadata or {})[FIELD_ID]) == (c.name, c.type) for c in columns
    )


def _read(table: Table, address: str) -> tuple[pq.FileMetaData, int]:
    """With the file's size in bytes."""
    source = table.io.new_input(address)
    with source.open() as file:
        return pq.read_metadata(file), len(source)
