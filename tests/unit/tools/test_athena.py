import pytest
from botocore.exceptions import ClientError

from lakehouse_tools import athena
from lakehouse_tools.errors import QueryError


def start(stub, **more):
    stub("athena").add_response("start_query_execution", {"QueryExecutionId": "q"}, **more)


def state(stub, name, reason=None):
    status = {"State": name} | ({"StateChangeReason": reason} if reason else {})
    stub("athena").add_response("get_query_execution", {"QueryExecution": {"Status": status}})


def page(stub, rows, token=None, columns=(("name", "varchar"), ("n", "bigint"))):
    answer = {
        "ResultSet": {
            "Rows": [
                {"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows
            ],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": n, "Type": t} for n, t in columns]},
        }
    }
    stub("athena").add_response(
        "get_query_results", answer | ({"NextToken": token} if token else {})
    )


def test_runs_in_the_deployed_workgroup_on_the_marts(account, stub, stack):
    start(
        stub,
        expected_params={
            "QueryString": "select 1",
            "WorkGroup": "lakehouse-dev",
            "QueryExecutionContext": {"Database": "lakehouse_dev_marts"},
        },
    )
    state(stub, "RUNNING")
    state(stub, "SUCCEEDED")
    page(stub, [("name", "n"), ("a", "1")])
    result = athena.query(account, stack, "select 1")
    assert result.rows == (("a", "1"),)


def test_pages_are_put_together_and_the_header_dropped_once(account, stub, stack):
    start(stub)
    state(stub, "SUCCEEDED")
    page(stub, [("name", "n"), ("name", None)], token="next")
    page(stub, [("name", "n"), ("b", "2")])
    result = athena.query(account, stack, "select …")
    # A row that happens to equal the header is a row, but for the very first.
    assert result.rows == (("name", None), ("name", "n"), ("b", "2"))


def test_a_failed_query_gives_athenas_reason_in_one_line(account, stub, stack):
    start(stub)
    state(stub, "FAILED", "COLUMN_NOT_FOUND: line 1:8:\n column 'x'")
    with pytest.raises(QueryError, match=r"query failed: COLUMN_NOT_FOUND: line 1:8: column 'x':"):
        athena.query(account, stack, "select x")


def test_ctrl_c_stops_the_query_too(account, stub, stack, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(athena.time, "sleep", interrupted)
    start(stub)
    state(stub, "RUNNING")
    stub("athena").add_response("stop_query_execution", {}, {"QueryExecutionId": "q"})
    with pytest.raises(KeyboardInterrupt):
        athena.query(account, stack, "select 1")


def test_a_query_that_cannot_be_stopped_does_not_hide_why_nobody_waits(account, stub, stack):
    start(stub)
    stub("athena").add_client_error("get_query_execution", "ExpiredTokenException")
    stub("athena").add_client_error("stop_query_execution", "AccessDeniedException")
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        athena.query(account, stack, "select 1")


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (
            "TABLE_NOT_FOUND: Table 'a' is not there",
            '`lakehouse query --env dev "show tables"`',
        ),
        ("SCHEMA_NOT_FOUND: Schema 'a' does not exist", "lakehouse_dev_raw, lakehouse_dev_staging"),
        ("COLUMN_NOT_FOUND: line 1:8: column 'x'", '"describe <table>"'),
        ("SYNTAX_ERROR: line 1:9: mismatched input '::'", "write cast(value as type)"),
        ("line 1:1: mismatched input 'selec'", "Trino's SQL"),
        ("Query exhausted resources", ""),
    ],
)
def test_athenas_reason_is_followed_by_what_to_do(account, stack, reason, step):
    found = athena.next_step(account, stack, reason)
    assert step in found
    assert bool(found) == bool(step)


def test_a_refused_query_is_no_refusal_of_aws(account, stub, stack):
    stub("athena").add_client_error(
        "start_query_execution", "InvalidRequestException", "line 1:1: mismatched input"
    )
    with pytest.raises(QueryError, match="mismatched input"):
        athena.query(account, stack, "selec")


def test_typed_rows_lose_no_digit():
    columns = [("i", "bigint"), ("d", "double"), ("b", "boolean"), ("m", "decimal(18,2)")]
    result = athena.Result(
        columns=tuple(athena.Column(name=n, type=t) for n, t in columns),
        rows=(("9007199254740993", "0.5", "true", "1234567890123456.78"), (None,) * 4),
    )
    assert result.typed() == [
        {"i": 9007199254740993, "d": 0.5, "b": True, "m": "1234567890123456.78"},
        dict.fromkeys("idbm"),
    ]
