from datetime import UTC, datetime

import boto3
import duckdb
import pytest
from moto import mock_aws
from sqlglot import exp

from lakehouse_jobs.contract.hive_text import HiveText
from lakehouse_tools.comparison.engines.lake import AthenaEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Place, Source
from lakehouse_tools.comparison.sides import Found, Kept, Sides
from lakehouse_tools.comparison.sql.types import Kind
from lakehouse_tools.environment import Environment
from tests.unit.tools.conftest import STACK

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def test_a_folder_of_parts_without_its_markers(tmp_path):
    folder = tmp_path / "account" / "day=2026-01-01"
    folder.mkdir(parents=True)
    for name in ("part-0.parquet", "_SUCCESS", ".part-0.parquet.crc"):
        (folder / name).write_bytes(b"x")
    (folder / "part-1.parquet").write_bytes(b"")
    (tmp_path / "lead.parquet").write_bytes(b"x")
    place = Place(folder=str(tmp_path))
    found = Sides().find(Source(place=place, table="account"))
    assert found.files == (f"{tmp_path}/account/day=2026-01-01/part-0.parquet",)
    assert found.pin.startswith("1 Parquet file, newest of ")
    assert Sides().tables(place) == ["account", "lead"]
    with pytest.raises(NotComparedError, match="no files found: correct its place"):
        Sides().find(Source(place=place, table="contact"))


def test_a_catalog_needs_an_environment():
    with pytest.raises(NotComparedError, match="need an environment"):
        Sides().find(Source(place=Place(database="old_lake"), table="account"))
    with pytest.raises(NotComparedError, match="needs a deployed stack"):
        Sides().find(Source(place=Place(layer="marts"), table="account"))


def test_csv_is_text_until_a_cast_says_more(engine, tmp_path):
    (tmp_path / "account.csv").write_text("id,name\n007,\n008,b\n")
    found = Sides().find(Source(place=Place(folder=str(tmp_path), format="csv"), table="account"))
    relation = engine.open(found)
    assert {name: type_.kind for name, type_ in relation.types.items()} == {
        "id": "text",
        "name": "text",
    }


@pytest.fixture
def account():
    with mock_aws():
        environment = Environment("dev")
        for service in ("glue", "s3"):
            environment._clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        environment.client("glue").create_database(DatabaseInput={"Name": "old_lake"})
        environment.client("s3").create_bucket(Bucket="old")
        yield environment


def table(account, serde, *, own=None, **parameters):
    account.client("glue").create_table(
        DatabaseName="old_lake",
        TableInput={
            "Name": "account",
            "Parameters": parameters,
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "StorageDescriptor": {
                "Location": "s3://old/account",
                "Columns": [{"Name": "id", "Type": "string"}],
                "SerdeInfo": {
                    "SerializationLibrary": serde,
                    "Parameters": own or {},
                },
            },
        },
    )
    for key in ("account/day=1/000000_0", "account/_SUCCESS", "accounts/other"):
        account.client("s3").put_object(Bucket="old", Key=key, Body=b"x")
    return Sides(account).find(Source(place=Place(database="old_lake"), table="account"))


def test_a_hive_table_of_parquet_files(account):
    found = table(account, PARQUET)
    assert (found.kept, found.files) == (Kept.PARQUET, ("s3://old/account/day=1/000000_0",))
    assert found.columns == (("id", "string"), ("day", "string"))
    assert found.changed_at is not None
    assert found.changed_at > datetime(2020, 1, 1, tzinfo=UTC)
    assert Sides(account).tables(Place(database="old_lake")) == ["account"]


def test_a_hive_table_of_csv_files(account):
    found = table(account, CSV, own={"separatorChar": ";"}, **{"skip.header.line.count": "1"})
    assert (found.kept, found.text.header, found.text.delimiter) == (Kept.TEXT, 1, ";")
    assert found.partitions == (("day", "string"),)


def test_what_is_not_understood_of_a_text_table_is_left_to_athena(account, engine):
    found = table(account, CSV, own={"quoteChar": ""})
    with pytest.raises(NotComparedError, match=r"^old_lake\.account: quoteChar: got ''; allowed"):
        engine.open(found)
    opened = AthenaEngine(account, STACK).open(found)
    assert sorted(opened.types) == ["day", "id"]


def test_partitions_have_the_types_that_glue_says(engine, tmp_path):
    folder = tmp_path / "region=1" / "n=7"
    folder.mkdir(parents=True)
    duckdb.connect().execute(f"COPY (SELECT 1 AS id) TO '{folder}/part' (FORMAT parquet)")
    found = Found(
        name="old_lake.account",
        kept=Kept.PARQUET,
        changed_at=None,
        table="account",
        columns=(("id", "int"), ("region", "string"), ("n", "int")),
        partitions=(("region", "string"), ("n", "int")),
        files=(str(folder / "part"),),
    )
    opened = engine.open(found)
    assert {name: type_.kind for name, type_ in opened.types.items()} == {
        "id": Kind.WHOLE,
        "region": Kind.TEXT,
        "n": Kind.WHOLE,
    }
    (row,) = engine.answer(exp.select("region", "n").from_(opened.table))
    assert row == {"region": "1", "n": 7}


def test_types_that_text_does_not_hold_say_so(engine, tmp_path):
    (tmp_path / "part").write_text("1")
    found = Found(
        name="old_lake.account",
        kept=Kept.TEXT,
        changed_at=None,
        table="account",
        columns=(("x", "binary"),),
        files=(str(tmp_path / "part"),),
        text=HiveText(quoted=False, delimiter=","),
    )
    with pytest.raises(NotComparedError, match=r"^old_lake\.account: column x: its type binary"):
        engine.open(found)


def test_what_is_missing_or_kept_otherwise_says_so(account):
    with pytest.raises(NotComparedError, match=r"\.avro\.AvroSerDe: Iceberg, Parquet and text"):
        table(account, "org.apache.hadoop.hive.serde2.avro.AvroSerDe")
    with pytest.raises(NotComparedError, match="has no table lead"):
        Sides(account).find(Source(place=Place(database="old_lake"), table="lead"))
