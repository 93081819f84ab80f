"""Parquet files as the data files that a commit adds, described from their footers.

PyIceberg's ``add_files`` compares each file's schema with the table's, which takes longer than
reading its statistics. The files of one load have one schema: it is compared once.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_file_to_data_file,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.utils.concurrent import ExecutorFactory

from lakehouse_jobs.raw.schema import FIELD_ID


def described(table: Table, addresses: Sequence[str]) -> list[DataFile]:
    """The files at these addresses, in their order.

    Raises FileNotFoundError, or ValueError for an address that comes twice, for columns without
    field ids and for a schema that has no place in the table's.
    """
    if not addresses:
        return []
    for address, times in Counter(addresses).items():
        if times > 1:
            raise ValueError(f"{address} comes {times} times: its rows would land as often")
    schema = _footer(table, addresses[0])[0].schema
    first = _compared(table, addresses[0], schema)
    rest = ExecutorFactory.get_or_create().map(_like(table, schema), addresses[1:])
    return [first, *rest]


def _compared(table: Table, address: str, schema: pq.ParquetSchema) -> DataFile:
    """A file whose schema is compared with the table's."""
    # PyIceberg goes by names where there are no ids: after a column was renamed, or dropped and
    # made again, the file's values would be those of another one.
    for column in schema.to_arrow_schema():
        if FIELD_ID not in (column.metadata or {}):
            raise ValueError(f"{address}: column {column.name} has no field id; the job writes one")
    return parquet_file_to_data_file(table.io, table.metadata, address)


def _like(table: Table, like: pq.ParquetSchema) -> Callable[[str], DataFile]:
    """Describes files; those with this schema, which was compared, without another look at it."""
    schema, spec = table.schema(), table.spec()
    plan = compute_statistics_plan(schema, table.properties)
    ids = parquet_path_to_id_mapping(schema)

    def describe(address: str) -> DataFile:
        footer, size = _footer(table, address)
        if not footer.schema.equals(like):
            return _compared(table, address, footer.schema)
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=footer, stats_columns=plan, parquet_column_mapping=ids
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=address,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(spec, schema),
            file_size_in_bytes=size,
            sort_order_id=None,
            spec_id=spec.spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    return describe


def _footer(table: Table, address: str) -> tuple[pq.FileMetaData, int]:
    """With the file's size in bytes."""
    source = table.io.new_input(address)
    with source.open() as file:
        return pq.read_metadata(file), len(source)
