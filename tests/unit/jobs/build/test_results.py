import pytest

from lakehouse_jobs.build.results import broken_off, cause, first_line, outcome

MODEL = "model.lakehouse.stg_salesforce__leads"
TEST = "test.lakehouse.unbroken_history_dim_account_account_id.0a1b2c"

SPARK = """Database Error in model dim_account (models/marts/sales/dim_account.sql)
  Glue cursor returned `error` for statement None for code SqlWrapper2.execute('''
  create or replace table glue_catalog.dev_marts.dim_account as select md5(x), y: 1 from t
  ''', location='s3://lake'), AnalysisException: [UNRESOLVED_COLUMN] No column `y`.; line 3;
  'Project [y#1]
  compiled code at target/run/lakehouse/models/marts/sales/dim_account.sql"""
COMPILATION = """Compilation Error in model dim_account (models/marts/sales/dim_account.sql)
  This model has an enforced contract that failed.
  Please ensure the name, data_type, and number of columns match."""


def result(node: str, status: str, message: str = "", failures: int | None = None) -> dict:
    return {"unique_id": node, "status": status, "message": message, "failures": failures}


def test_a_build_without_failures_succeeded() -> None:
    got = outcome(
        [result(MODEL, "success"), result(TEST, "pass", failures=0)],
        succeeded=True,
        excluded=["salesforce.lead"],
        seconds=12.34,
    )

    assert got == {
        "status": "succeeded",
        "cause": None,
        "counts": {"success": 1, "pass": 1},
        "failures": [],
        "warnings": [],
        "excluded": ["salesforce.lead"],
        "seconds": 12.3,
    }


def test_what_warned_is_told_and_fails_nothing() -> None:
    got = outcome(
        [result(MODEL, "success"), result(TEST, "warn", "Got 2 results", 2)],
        succeeded=True,
        excluded=[],
        stale=["salesforce.case has been read up to …"],
        seconds=1,
    )

    assert got["status"] == "succeeded"
    assert got["warnings"] == [
        "salesforce.case has been read up to …",
        "test unbroken_history_dim_account_account_id: 2 rows",
    ]


def test_a_failed_test_is_told_with_its_rows() -> None:
    got = outcome(
        [result(TEST, "fail", "Got 3 results, configured to fail if != 0", 3)],
        succeeded=False,
        excluded=[],
        seconds=1,
    )

    assert got["status"] == "failed"
    assert got["cause"] == "test unbroken_history_dim_account_account_id: 3 rows"
    assert got["failures"][0]["failures"] == 3
    assert got["failures"][0]["kind"] == "test"


def test_one_row_is_not_rows() -> None:
    got = outcome([result(TEST, "fail", "…", 1)], succeeded=False, excluded=[], seconds=1)

    assert got["cause"] == "test unbroken_history_dim_account_account_id: 1 row"


def test_a_failed_model_is_told_with_sparks_first_line() -> None:
    got = outcome(
        [result(MODEL, "error", SPARK), result(TEST, "skipped")],
        succeeded=False,
        excluded=[],
        seconds=1,
    )

    assert got["cause"] == (
        "model stg_salesforce__leads: AnalysisException: "
        "[UNRESOLVED_COLUMN] No column `y`.; line 3;"
    )
    assert [f["name"] for f in got["failures"]] == ["stg_salesforce__leads"]


def test_a_test_that_could_not_run_is_told_like_a_model() -> None:
    got = outcome([result(TEST, "error", SPARK)], succeeded=False, excluded=[], seconds=1)

    assert "AnalysisException" in str(got["cause"])


def test_the_cause_names_three_and_counts_the_rest() -> None:
    failed = outcome(
        [result(f"model.lakehouse.m{i}", "error", f"broken {i}") for i in range(5)],
        succeeded=False,
        excluded=[],
        seconds=1,
    )

    assert failed["cause"] == (
        "model m0: broken 0; model m1: broken 1; model m2: broken 2; and 2 more"
    )
    assert len(failed["failures"]) == 5


def test_a_failure_without_a_node_is_still_a_failure() -> None:
    got = outcome([result(MODEL, "success")], succeeded=False, excluded=[], seconds=1)

    assert got["status"] == "failed"
    assert got["cause"] == cause([])


def test_a_failed_node_outweighs_dbts_own_verdict() -> None:
    got = outcome([result(MODEL, "error", "x")], succeeded=True, excluded=[], seconds=1)

    assert got["status"] == "failed"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", "no message"),
        ("\n  plain words \n more", "plain words"),
        (COMPILATION, "This model has an enforced contract that failed."),
        ("Runtime Error\n  no such file", "no such file"),
        ("Database Error", "Database Error"),
        (
            "Glue cursor returned `error` for statement 1 for code \nx = 1\nrun(x), "
            "SparkOutOfMemoryError: heap\nat …",
            "SparkOutOfMemoryError: heap",
        ),
        (
            "Glue cursor returned `error` for statement 1 for code run(x), Py4JJavaError: "
            "An error occurred while calling o44.sql.\n"
            ": org.apache.spark.SparkException: Job aborted due to stage failure: full\n\tat …",
            "SparkException: Job aborted due to stage failure: full",
        ),
    ],
)
def test_first_line_is_what_went_wrong(message: str, line: str) -> None:
    assert first_line(message) == line


def test_a_long_line_is_cut() -> None:
    assert len(first_line("x" * 1000)) == 300


def test_a_build_that_broke_off_has_a_cause_and_no_nodes() -> None:
    got = broken_off("dbt broke off: no session\n trace", excluded=["salesforce.lead"], seconds=3)

    assert got["status"] == "failed"
    assert got["cause"] == "dbt broke off: no session"
    assert got["failures"] == []
    assert got["excluded"] == ["salesforce.lead"]
