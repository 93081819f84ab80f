"""Tables and columns of the lake, as the Glue catalog has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs.build.errors import CatalogError
from lakehouse_jobs.contract.raw_log import TableProperty

Columns = dict[str, str]  # name -> type, in the table's order; names in lower case


@dataclass(frozen=True, kw_only=True)
class Table:
    """What one answer of the catalog says of a table: both of one moment."""

    columns: Columns
    batch: int | None = None  # the newest batch of a raw table; None for any other table
    watermark: datetime | None = None  # UTC: everything below it is in the raw table


def tables(database: str, *, client: Any) -> dict[str, Table]:
    """The tables of one Glue database. Raises :class:`CatalogError`."""
    try:
        pages = client.get_paginator("get_tables").paginate(DatabaseName=database)
        return {
            table["Name"]: _table(f"{database}.{table['Name']}", table)
            for page in pages
            for table in page["TableList"]
        }
    except client.exceptions.EntityNotFoundException:
        raise CatalogError(
            f"the Glue database {database} does not exist; deploy the stack first"
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise CatalogError(f"the Glue database {database} cannot be read: {error}") from error


def _table(name: str, described: Mapping[str, Any]) -> Table:
    parameters = described.get("Parameters", {})
    return Table(
        columns={
            column["Name"].lower(): column.get("Type", "") for column in current_columns(described)
        },
        batch=_batch(name, parameters),
        watermark=_watermark(name, parameters),
    )


def _batch(name: str, parameters: Mapping[str, str]) -> int | None:
    """The table property: PyIceberg writes it to the catalog with each commit."""
    value = parameters.get(TableProperty.BATCH)
    if value is None:
        return None
    if not value.isdecimal():
        raise CatalogError(
            f"the Glue table {name}: parameter {TableProperty.BATCH}: got {value!r}; "
            "allowed: a whole number; correct the table's property"
        )
    return int(value)


def _watermark(name: str, parameters: Mapping[str, str]) -> datetime | None:
    """The table property; a run that finds nothing new moves it as well."""
    value = parameters.get(TableProperty.WATERMARK)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise CatalogError(
            f"the Glue table {name}: parameter {TableProperty.WATERMARK}: got {value!r}; "
            "allowed: a time in ISO 8601; correct the table's property"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def current_columns(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table's columns in its order.

    Iceberg leaves those of former schemas in the catalog, with a mark of its own.
    """
    return [
        column
        for column in described.get("StorageDescriptor", {}).get("Columns", ())
        if column.get("Parameters", {}).get("iceberg.field.current", "true") != "false"
    ]
