"""Parquet files as the data files that a commit adds, described from their footers.

PyIceberg's ``add_files`` compares each file's schema with the table's, which takes longer than
reading its statistics. The files of one load have one schema: it is compared once.
"""

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


def described(table: Table, addresses: Sequence[str]) -> list[DataFile]:
    """The files at these addresses, in their order.

    Raises FileNotFoundError, or ValueError for a schema that has no place in the table's.
    """
    if not addresses:
        return []
    first = parquet_file_to_data_file(table.io, table.metadata, addresses[0])
    rest = ExecutorFactory.get_or_create().map(_like(table, addresses[0]), addresses[1:])
    return [first, *rest]


def _like(table: Table, approved: str) -> Callable[[str], DataFile]:
    """Describes files; those with the schema of an approved one without another look at it."""
    schema, spec = table.schema(), table.spec()
    plan = compute_statistics_plan(schema, table.properties)
    ids = parquet_path_to_id_mapping(schema)
    like = _footer(table, approved)[0].schema

    def describe(address: str) -> DataFile:
        footer, size = _footer(table, address)
        if not footer.schema.equals(like):
            return parquet_file_to_data_file(table.io, table.metadata, address)
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
