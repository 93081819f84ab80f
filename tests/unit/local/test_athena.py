"""Queries through Athena's API on Iceberg tables that PyIceberg wrote."""

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog import Catalog

from tests.local_catalog import local_catalog
from tests.until import until

pytestmark = pytest.mark.local_aws

BUCKET = "athena-tests"
DATABASE = "athena_tests"
WORKGROUP = "athena-tests"
MOMENT = datetime.datetime(2024, 1, 31, 10, 20, 30, 123456, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def catalog(local_aws: Any) -> Catalog:
    return local_catalog(local_aws.home.endpoint)


@pytest.fixture(scope="module")
def snapshots(local_aws: Any, catalog: Catalog) -> list[int]:
    """The table ``sale`` with two commits; their snapshots."""
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    location = f"s3://{BUCKET}/{DATABASE}"
    local_aws.client("glue").create_database(
        DatabaseInput={"Name": DATABASE, "LocationUri": location}
    )
    local_aws.create_work_group(WORKGROUP, results=f"s3://{BUCKET}/results")
    rows = pa.table(
        {
            "id": ["a", "b", None],
            "n": pa.array([1, 2, 3], pa.int64()),
            "price": pa.array([Decimal("1.50"), None, Decimal("3.00")], pa.decimal128(10, 2)),
            "at": pa.array([MOMENT] * 3, pa.timestamp("us", "UTC")),
            "tags": [["x", None], [], None],
        }
    )
    table = catalog.create_table(
        f"{DATABASE}.sale", schema=rows.schema, location=f"{location}/sale"
    )
    table.append(rows)
    table.append(rows.slice(0, 1))
    return [s.snapshot_id for s in table.snapshots()]


@pytest.fixture
def athena(local_aws: Any, snapshots: list[int]) -> Any:
    return local_aws.client("athena")


@pytest.fixture
def query(athena: Any) -> Any:
    def run(sql: str, **more: Any) -> dict[str, Any]:
        more = {"WorkGroup": WORKGROUP, "QueryExecutionContext": {"Database": DATABASE}} | more
        started = athena.start_query_execution(QueryString=sql, **more)["QueryExecutionId"]
        until(lambda: state(athena, started), lambda s: s not in ("QUEUED", "RUNNING"), pause=0.02)
        return athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]

    return run


@pytest.fixture
def rows(athena: Any, query: Any) -> Any:
    def run(sql: str, **more: Any) -> list[list[str | None]]:
        found = query(sql, **more)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        answer = athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])
        return [[d.get("VarCharValue") for d in r["Data"]] for r in answer["ResultSet"]["Rows"]]

    return run


def test_a_table_its_types_and_its_result_file(local_aws: Any, athena: Any, query: Any) -> None:
    found = query("select * from sale where n <> 1 order by n")
    assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
    result = athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]
    described = result["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"]) for c in described] == [
        ("id", "varchar"),
        ("n", "bigint"),
        ("price", "decimal"),
        ("at", "timestamp with time zone"),
        ("tags", "array"),
    ]
    assert (described[2]["Precision"], described[2]["Scale"]) == (10, 2)
    values = [[d.get("VarCharValue") for d in row["Data"]] for row in result["Rows"]]
    moment = "2024-01-31 10:20:30.123456 UTC"
    assert values == [
        ["id", "n", "price", "at", "tags"],
        ["b", "2", None, moment, "[]"],
        [None, "3", "3.00", moment, None],
    ]
    location = found["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{BUCKET}/results/{found['QueryExecutionId']}.csv"
    key = location.removeprefix(f"s3://{BUCKET}/")
    text = local_aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert text.splitlines()[1:] == [f'"b","2",,"{moment}","[]"', f',"3","3.00","{moment}",']


def test_ways_to_name_a_table(rows: Any) -> None:
    expected = [["_col0"], ["4"]]
    for name in (
        "sale",
        "SALE",
        f"{DATABASE}.sale",
        f'"awsdatacatalog"."{DATABASE}"."sale"',
        f"{DATABASE}.sale as s",
    ):
        assert rows(f"select count(*) from {name}") == expected
    assert rows(f"select {DATABASE}.sale.n from {DATABASE}.sale limit 1") == [["n"], ["1"]]
    assert rows("with sale as (select 7 as n) select n from sale") == [["n"], ["7"]]


def test_another_version_of_a_table(rows: Any, snapshots: list[int]) -> None:
    sql = f"select count(*) c from sale for version as of {snapshots[0]}"
    assert rows(sql) == [["c"], ["3"]]
    sql = f"select sale.n from sale for version as of {snapshots[0]} order by 1 limit 1"
    assert rows(sql) == [["n"], ["1"]]


def test_a_hive_table_of_parquet(local_aws: Any, query: Any, rows: Any) -> None:
    glue, s3 = local_aws.client("glue"), local_aws.client("s3")

    def make(table: str, types: dict[str, str], **files: pa.Table) -> None:
        for file, content in files.items():
            sink = pa.BufferOutputStream()
            pq.write_table(content, sink)
            body = sink.getvalue().to_pybytes()
            s3.put_object(Bucket=BUCKET, Key=f"hive/{table}/{file}", Body=body)
        serde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
        described = {
            "Columns": [{"Name": name, "Type": kind} for name, kind in types.items()],
            "Location": f"s3://{BUCKET}/hive/{table}/",
            "SerdeInfo": {"SerializationLibrary": serde},
        }
        given = {"Name": table, "StorageDescriptor": described}
        glue.create_table(DatabaseName=DATABASE, TableInput=given)

    first = pa.table({"Id": ["a"], "n": pa.array([1], pa.int32())})
    second = pa.table({"n": pa.array([2], pa.int32()), "more": [True], "Id": ["b"]})
    kinds = {"id": "string", "n": "bigint", "more": "boolean", "never": "decimal(5,2)"}
    make("hive_sale", kinds, first=first, second=second, _SUCCESS=first)
    assert rows('select * from "hive_sale" order by id')[1:] == [
        ["a", "1", None, None],
        ["b", "2", "true", None],
    ]
    make("hive_none", {"id": "string"})
    assert rows("select count(*) from hive_none")[1] == ["0"]
    make("hive_bad", {"n": "string"}, first=first)
    reason = query("select n from hive_bad")["Status"]["StateChangeReason"]
    assert reason.startswith("HIVE_BAD_DATA: Field n's type INTEGER in parquet file")


def test_arithmetic_as_athena_does_it(query: Any, rows: Any) -> None:
    assert rows("select 7 / 2, n / 2, try(n / 0) from sale where n = 3")[1] == ["3", "1", None]
    assert rows("select cast(n as double) / 0 from sale where n = 3")[1] == ["Infinity"]
    failed = query("select n / (n - 3) from sale where n = 3")["Status"]
    assert failed["StateChangeReason"] == "DIVISION_BY_ZERO: Division by zero"
    days = "timestamp '2020-01-01 23:00:00', timestamp '2020-01-02 01:00:00'"
    assert rows(f"select date_diff('day', {days})")[1] == ["0"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select id::varchar from sale", "SYNTAX_ERROR: line 1:10: mismatched input '::'"),
        ("select nvl(id, '') from sale", "FUNCTION_NOT_FOUND"),
        ("select nope from sale", "COLUMN_NOT_FOUND"),
        ("select 1 from nope", "TABLE_NOT_FOUND: Table 'awsdatacatalog.athena_tests.nope'"),
        ("select 1 from nope.sale", "SCHEMA_NOT_FOUND: Schema 'nope' does not exist"),
        ('select 1 from "sale$snapshots"', "NOT_SUPPORTED"),
        ("insert into sale (id) values ('x')", "NOT_SUPPORTED: the local AWS only reads"),
        ("create table x as select 1 as a", "NOT_SUPPORTED"),
        ("select format_datetime(at, 'yyyy') from sale", "Athena has the function format_datetime"),
        ("select cast('x' as integer)", "INVALID_CAST_ARGUMENT"),
        ('select * from "/etc/hostname"', "TABLE_NOT_FOUND"),
    ],
)
def test_a_query_that_fails_says_why(athena: Any, query: Any, sql: str, reason: str) -> None:
    found = query(sql)
    assert found["Status"]["State"] == "FAILED"
    assert reason in found["Status"]["StateChangeReason"]
    with pytest.raises(athena.exceptions.InvalidRequestException):
        athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])


@pytest.mark.parametrize(
    "sql",
    [
        "select n * 2 as double_n from sale where double_n > 2",
        "select n * 2 as g, count(*) from sale group by g",
        "select n + 1 as m, m + 1 from sale",
        "select k from (select n as k, k from sale) s",
        "with s as (select n from sale) select n as m from s having m > 1",
    ],
)
def test_an_alias_is_no_column(query: Any, sql: str) -> None:
    found = query(sql)["Status"]
    assert found["State"] == "FAILED"
    assert "COLUMN_NOT_FOUND: Column '" in found["StateChangeReason"]


@pytest.mark.parametrize(
    "sql",
    [
        "select n * 2 as n from sale where n > 2",
        "select n * 2 as m from sale order by m",
        "select m from (select n * 2 as m from sale) where m > 2",
        "with s as (select n as m from sale) select m as k, count(*) from s where m > 1 group by m",
        "select (select max(n) from sale where n < o.n) as x from sale o where n > 1",
        "select v as w from sale cross join unnest(array[1]) as u (v) where v = 1",
    ],
)
def test_where_an_alias_is_known(rows: Any, sql: str) -> None:
    assert len(rows(sql)) > 1


def test_parameters(rows: Any) -> None:
    sql = "select n from sale where id = ? order by n limit 1"
    assert rows(sql, ExecutionParameters=["'b'"]) == [["n"], ["2"]]


def test_the_catalog(local_aws: Any, rows: Any) -> None:
    assert ["sale"] in rows("show tables")
    assert rows(f"show tables in {DATABASE} 's*'") == [["sale"]]
    assert [DATABASE] in rows("show databases")
    assert rows("describe sale")[0][0].split() == ["id", "string"]
    assert rows(
        "select column_name, data_type from information_schema.columns "
        f"where table_schema = '{DATABASE}' and table_name = 'sale' and ordinal_position < 3"
    ) == [["column_name", "data_type"], ["id", "varchar"], ["n", "bigint"]]


def test_the_workgroup_decides_where_results_go(query: Any) -> None:
    own = {"OutputLocation": f"s3://{BUCKET}/elsewhere/"}
    found = query("select 1", ResultConfiguration=own)
    assert found["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/results/")
    found = query("select 1", WorkGroup="primary", ResultConfiguration=own)
    assert found["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/elsewhere/")


def test_unknown_and_disabled_workgroups(athena: Any) -> None:
    with pytest.raises(athena.exceptions.InvalidRequestException, match="not found"):
        athena.start_query_execution(QueryString="select 1", WorkGroup="nope")
    athena.create_work_group(Name="off")
    athena.update_work_group(WorkGroup="off", State="DISABLED")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="disabled"):
        athena.start_query_execution(QueryString="select 1", WorkGroup="off")


def test_a_query_can_be_stopped(athena: Any) -> None:
    numbers = "unnest(sequence(1, 100000))"
    sql = f"select count(*) from {numbers} a (x), {numbers} b (y) where x * y % 7 = 3"
    started = athena.start_query_execution(QueryString=sql, WorkGroup=WORKGROUP)["QueryExecutionId"]
    until(lambda: state(athena, started) == "RUNNING")
    athena.stop_query_execution(QueryExecutionId=started)
    assert state(athena, started) == "CANCELLED"


def state(athena: Any, query: str) -> str:
    return athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]


def test_a_new_commit_is_seen_at_once(rows: Any, catalog: Catalog) -> None:
    schema = pa.schema([("k", pa.int64())])
    location = f"s3://{BUCKET}/{DATABASE}/fresh"
    table = catalog.create_table(f"{DATABASE}.fresh", schema=schema, location=location)
    assert rows("select count(*) c from fresh") == [["c"], ["0"]]
    table.append(pa.table({"k": [1, 2]}))
    assert rows("select count(*) c from fresh") == [["c"], ["2"]]
