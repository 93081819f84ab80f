"""The table ``_runs``."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from lakehouse_jobs.contract.runs import ObjectOutcome
from lakehouse_jobs.entry.salesforce_extractor import main
from lakehouse_jobs.extract import run_report
from lakehouse_local.local_aws.athena_dialect import parse, write

pytestmark = pytest.mark.local_aws
DOCS = Path(__file__).parents[4] / "docs" / "run-reports.md"


def test_every_key_of_an_outcome_is_a_column():
    keys = {run_report.COLUMN_OF.get(key, key) for key in ObjectOutcome.__annotations__}
    assert {c.name for c in run_report.COLUMNS} == keys | {"run_id", "ended_at"}


def test_a_row_for_each_object_and_run_failed_ones_too(two):
    two.org.mood("GET", "Lead/describe", status=400, body=[{"errorCode": "X", "message": "odd"}])
    first = two.run()
    second = two.run()
    rows = {(r["run_id"], r["object"]): r for r in two.rows("_runs")}
    assert set(rows) == {(run, name) for run in ("run-1", "run-2") for name in ("Account", "Lead")}
    assert len(two.rows("_runs")) == 4
    assert len(two.table("_runs").snapshots()) == 2
    for run, outcomes in (("run-1", first), ("run-2", second)):
        for name, outcome in outcomes.items():
            for key, value in outcome.items():
                found = rows[run, name][run_report.COLUMN_OF.get(key, key)]
                if isinstance(value, list | dict):
                    found = json.loads(found)
                elif found is not None and key.startswith("watermark"):
                    found = found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                assert found == value, key
    assert rows["run-1", "Lead"]["error"] == "AnswerRefusedError"


def test_a_login_that_fails_is_in_the_table_too(two):
    with pytest.raises(SystemExit):
        main(two.arguments("run-x", {"unfilled": "x"}))
    assert {r["error"] for r in two.rows("_runs")} == {"SecretUnfilledError"}


def test_a_table_that_cannot_be_written_fails_no_run(two, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("a value")

    monkeypatch.setattr(run_report, "open_side_table", broken)
    assert {o["status"] for o in two.run().values()} == {"landed"}
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (warning,) = [e for e in events if e["event"] == "warning"]
    assert (
        "_runs did not get this run's 2 rows (RuntimeError: no more is known)"
        in (warning["message"])
    )
    assert "runs/run-1/" in warning["message"]


def test_the_queries_of_the_docs_answer(two):
    two.org.mood("GET", "Lead/describe", status=400, body=[{"errorCode": "X", "message": "odd"}])
    two.run()
    two.run()
    queries = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) >= 3
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("_runs", two.table("_runs").scan().to_arrow())
    for query in queries:
        assert connection.execute(write(parse(query))).to_arrow_table().num_rows, query


PLANTED = "Planted-Content-8c1f"


def test_no_log_outcome_or_row_holds_a_secret_or_a_records_content(two, capfd):
    two.org.client_secret = "Planted-Secret-77aa"
    two.org.describes["Account"]["fields"].append(
        {"name": "Count__c", "type": "double", "label": "Count", "length": 0}
    )
    two.org.row("Account", Name=PLANTED, Count__c=PLANTED, NumberOfEmployees=PLANTED)
    two.org.row("Account", Name=PLANTED, Birthday__c=PLANTED, CreatedDate=PLANTED)
    two.org.mood("GET", "/results", cut=100)  # a page that breaks off
    two.run()
    two.org.mood("POST", "/jobs/query", times=9, status=400)
    two.run(mode="full")
    two.org.client_secret = "changed"
    two.run({**two.org.secret, "client_secret": "Planted-Secret-77aa"}, objects="Lead")
    told = "".join(capfd.readouterr())
    told += "".join(
        two.client("s3").get_object(Bucket=two.bucket, Key=key)["Body"].read().decode()
        for key in two.keys("runs/")
    )
    told += json.dumps(two.rows("_runs"), default=str)
    assert "Account" in told
    assert "LoginRefusedError" in told
    for planted in ("Planted", "token-1", "token-2"):
        assert planted not in told
