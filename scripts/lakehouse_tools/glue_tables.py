"""What the Glue Data Catalog says of a database's tables."""

from collections.abc import Mapping
from typing import Any

from lakehouse_tools.environment import Environment


def tables_of(environment: Environment, database: str) -> list[dict[str, Any]]:
    """The entries of a Glue database."""
    pages = environment.client("glue").get_paginator("get_tables")
    return [t for page in pages.paginate(DatabaseName=database) for t in page["TableList"]]


def current_columns(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table's columns in its order; PyIceberg registers those of former schemas too."""
    return [
        column
        for column in entry.get("StorageDescriptor", {}).get("Columns", ())
        if column.get("Parameters", {}).get("iceberg.field.current", "true") != "false"
    ]
