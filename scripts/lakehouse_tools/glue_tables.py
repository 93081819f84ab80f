"""What the Glue Data Catalog says of a database's tables."""

from typing import Any

from lakehouse_tools.environment import Environment


def tables_of(environment: Environment, database: str) -> list[dict[str, Any]]:
    """The entries of a Glue database."""
    pages = environment.client("glue").get_paginator("get_tables")
    return [t for page in pages.paginate(DatabaseName=database) for t in page["TableList"]]
