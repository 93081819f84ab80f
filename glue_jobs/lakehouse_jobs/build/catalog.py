"""Tables and columns of the lake, as the Glue catalog has them."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs.build.errors import CatalogError

Columns = dict[str, str]  # name -> type, in the table's order; names in lower case


def tables(database: str, *, client: Any) -> dict[str, Columns]:
    """The tables of one Glue database. Raises :class:`CatalogError`."""
    try:
        pages = client.get_paginator("get_tables").paginate(DatabaseName=database)
        return {
            table["Name"]: _columns(table.get("StorageDescriptor", {}).get("Columns", ()))
            for page in pages
            for table in page["TableList"]
        }
    except client.exceptions.EntityNotFoundException:
        raise CatalogError(
            f"the Glue database {database} does not exist; deploy the stack first"
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise CatalogError(f"the Glue database {database} cannot be read: {error}") from error


def _columns(columns: Iterable[dict[str, str]]) -> Columns:
    """Current columns. Iceberg leaves former ones in the catalog with a mark of its own."""
    return {
        column["Name"].lower(): column.get("Type", "")
        for column in columns
        if column.get("Parameters", {}).get("iceberg.field.current", "true") != "false"  # type: ignore[union-attr]
    }
