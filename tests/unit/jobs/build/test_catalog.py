from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse_jobs.build.catalog import Table, tables
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

    assert tables("dev_raw", client=glue) == {
        "account": Table(columns={"id": "string", "_batch": "bigint"})
    }


def test_a_column_that_iceberg_dropped_is_none(glue: Any) -> None:
    make(
        glue,
        "account",
        {"Name": "id", "Type": "string", "Parameters": {"iceberg.field.current": "true"}},
        {"Name": "old", "Type": "string", "Parameters": {"iceberg.field.current": "false"}},
    )

    assert tables("dev_raw", client=glue) == {"account": Table(columns={"id": "string"})}


def make_with_batch(glue: Any, name: str, batch: str) -> None:
    glue.create_table(
        DatabaseName="dev_raw",
        TableInput={"Name": name, "Parameters": {"lakehouse.batch": batch}},
    )


def test_a_raw_table_tells_its_batch(glue: Any) -> None:
    make_with_batch(glue, "account", "12")
    make_with_batch(glue, "lead", "0")
    make(glue, "dim_account")

    found = tables("dev_raw", client=glue)

    assert {name: table.batch for name, table in found.items()} == {
        "account": 12,
        "lead": 0,
        "dim_account": None,
    }


def test_a_batch_that_is_no_number_is_said(glue: Any) -> None:
    make_with_batch(glue, "account", "seven")

    with pytest.raises(CatalogError, match=r"dev_raw\.account: .*lakehouse\.batch: got 'seven'"):
        tables("dev_raw", client=glue)


def make_with_watermark(glue: Any, name: str, watermark: str) -> None:
    glue.create_table(
        DatabaseName="dev_raw",
        TableInput={"Name": name, "Parameters": {"lakehouse.watermark": watermark}},
    )


@pytest.mark.parametrize(
    "written", ["2026-01-04T03:00:00.000Z", "2026-01-04T04:00:00+01:00", "2026-01-04T03:00:00"]
)
def test_a_raw_table_tells_up_to_when_it_was_read(glue: Any, written: str) -> None:
    make_with_watermark(glue, "account", written)

    found = tables("dev_raw", client=glue)["account"]
    assert found.watermark == datetime(2026, 1, 4, 3, tzinfo=UTC)


def test_a_watermark_that_is_no_time_is_said(glue: Any) -> None:
    make_with_watermark(glue, "account", "yesterday")

    with pytest.raises(
        CatalogError, match=r"dev_raw\.account: .*lakehouse\.watermark: got 'yesterday'"
    ):
        tables("dev_raw", client=glue)


def test_all_pages_are_read(glue: Any) -> None:
    for number in range(120):
        make(glue, f"t{number}")

    assert len(tables("dev_raw", client=glue)) == 120


def test_a_missing_database_says_what_to_do(glue: Any) -> None:
    with pytest.raises(CatalogError, match="dev_marts does not exist; deploy the stack first"):
        tables("dev_marts", client=glue)
