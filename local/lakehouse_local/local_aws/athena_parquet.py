"""Hive tables of Parquet, as Athena reads them: the columns that Glue names, in its types.

Columns are found by name, whatever the case, and null where no file has them; files whose
names begin with ``_`` or ``.`` are none
(docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import duckdb
from sqlglot import exp

from lakehouse_local.local_aws.athena_errors import QueryError

_TEXTS: Final = ("TEXT", "VARCHAR")  # as sqlglot and DuckDB call them


def is_parquet(table: Mapping[str, Any]) -> bool:
    """Whether a Glue table is one of Parquet that the local AWS reads."""
    serde = (table.get("StorageDescriptor") or {}).get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary", "")
    # Athena sees those partitions alone that the catalog has.
    return library.endswith(".ParquetHiveSerDe") and not table.get("PartitionKeys")


def parquet_source(connection: duckdb.DuckDBPyConnection, table: Mapping[str, Any]) -> str:
    """A query for the table's rows. Raises :class:`QueryError`."""
    described = table["StorageDescriptor"]
    location = described["Location"].rstrip("/").replace("'", "''")
    files = f"read_parquet('{location}/**/[!_.]*', union_by_name = true)"
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()  # noqa: S608
        there = {row[0].lower(): (row[0], row[1]) for row in rows}
    except duckdb.IOException:  # no file: a table without rows
        there, files = {}, "(SELECT 1 WHERE false)"
    columns = ", ".join(_columns(described["Columns"], there))
    return f"(SELECT {columns} FROM {files})"  # noqa: S608


def _columns(columns: list[dict[str, Any]], there: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for column in columns:
        name = column["Name"].lower()
        wanted = exp.DataType.build(column["Type"], dialect="hive").sql("duckdb")
        own, kind = there.get(name, (None, wanted))
        if (kind in _TEXTS) != (wanted in _TEXTS):
            raise QueryError(
                "HIVE_BAD_DATA",
                f"Field {name}'s type {kind} in parquet file is incompatible with type"
                f" {column['Type']} defined in table schema",
            )
        value = "NULL" if own is None else exp.to_identifier(own, quoted=True).sql("duckdb")
        shown = exp.to_identifier(name, quoted=True).sql("duckdb")
        yield f"CAST({value} AS {wanted}) AS {shown}"
