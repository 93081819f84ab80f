"""Hive tables of text, as Athena reads them by LazySimpleSerDe and OpenCSVSerde.

docs.aws.amazon.com/athena/latest/ug/serde-reference.html. What a property means, and how the
lines are taken apart, is :mod:`lakehouse_jobs.contract.hive_text`'s to say.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from lakehouse_jobs.contract import hive_text
from lakehouse_jobs.contract.hive_lines import literal, query
from lakehouse_local.local_aws.athena_errors import QueryError


def is_text(table: Mapping[str, Any]) -> bool:
    """Whether a Glue table is one of text that the local AWS reads."""
    # Athena sees those partitions alone that the catalog has.
    return hive_text.is_text(table) and not table.get("PartitionKeys")


def text_source(connection: duckdb.DuckDBPyConnection, table: Mapping[str, Any]) -> str:
    """A query for the table's rows. Raises :class:`QueryError`."""
    storage = table["StorageDescriptor"]
    columns = [(column["Name"].lower(), column["Type"]) for column in storage["Columns"]]
    place = literal(f"{storage['Location'].rstrip('/')}/**/[!_.]*")
    found = connection.execute(f"SELECT file FROM glob({place})").fetchall()  # noqa: S608
    try:
        for (file,) in found:
            hive_text.refuse_packed(file)
        files = place if found else None
        return query(hive_text.described(table), files=files, columns=columns)
    except hive_text.HiveTextError as error:
        raise QueryError("NOT_SUPPORTED", f"the local AWS: {error}") from None
