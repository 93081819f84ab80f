from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse_jobs.build.catalog import tables
from lakehouse_jobs.build.errors import CatalogError


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("glue", region_name="us-east-1")
        client.create_database(DatabaseInput={"Name": "dev_raw"})
        yield client


def make(glue: Any, name: str, *columns: dict[str, Any]) -> None:
    glue.create_table(
        DatabaseName="dev_raw",
        TableInput={"Name": name, "StorageDescriptor": {"Columns": list(columns)}},
    )


def test_columns_come_in_order_and_in_lower_case(glue: Any) -> None:
    make(glue, "account", {"Name": "Id", "Type": "string"}, {"Name": "_batch", "Type": "bigint"})

    assert tables("dev_raw", client=glue) == {"account": {"id": "string", "_batch": "bigint"}}


def test_a_column_that_iceberg_dropped_is_none(glue: Any) -> None:
    make(
        glue,
        "account",
        {"Name": "id", "Type": "string", "Parameters": {"iceberg.field.current": "true"}},
        {"Name": "old", "Type": "string", "Parameters": {"iceberg.field.current": "false"}},
    )

    assert tables("dev_raw", client=glue) == {"account": {"id": "string"}}


def test_all_pages_are_read(glue: Any) -> None:
    for number in range(120):
        make(glue, f"t{number}")

    assert len(tables("dev_raw", client=glue)) == 120


def test_a_missing_database_says_what_to_do(glue: Any) -> None:
    with pytest.raises(CatalogError, match="dev_marts does not exist; deploy the stack first"):
        tables("dev_marts", client=glue)
