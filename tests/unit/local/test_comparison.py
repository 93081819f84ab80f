"""The comparison over the Glue catalog: Iceberg tables by both engines, through the local AWS."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import DataScan

from lakehouse_jobs.contract.arguments import COMPARISON_CONFIG, BuildVariable
from lakehouse_local.home import aws_environment
from lakehouse_tools.comparison import trend
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.reading import config_of
from lakehouse_tools.comparison.run import Report, compare
from lakehouse_tools.comparison.session import opened
from lakehouse_tools.comparison.step import main
from lakehouse_tools.environment import Environment
from tests.local_catalog import local_catalog
from tests.unit.tools.conftest import STACK

pytestmark = pytest.mark.local_aws

BUCKET = "comparison-tests"
OLD, NEW, RAW = "comparison_old", "comparison_marts", "comparison_raw"
CONFIG = {
    "old": {"database": OLD},
    "new": {"layer": "marts"},
    "tables": [
        {
            "old": "sf_account",
            "new": "dim_account",
            "key": {"account_id": {"old": "id", "normalise": ["id18"]}},
            "columns": {
                "account_name": {"old": "name", "normalise": ["nfc", "trim"]},
                "revenue": {"cast": "double"},
                "created_at": {"old": "createddate", "cast": "timestamp"},
            },
            "as_of": {"cutoff": "systemmodstamp", "valid_from": "begin_at", "valid_to": "end_at"},
            "references": {},
            "known_differences": [
                {
                    "name": "a word",
                    "columns": ["account_name"],
                    "where": "new.account_name = 'known' and old.id is not null",
                    "reason": "because",
                    "owner": "Ada",
                    "expires": "2999-01-01",
                    "at_most": 5,
                }
            ],
            "left_out": {"old": ["systemmodstamp"], "new": ["begin_at", "end_at"]},
        }
    ],
}


@pytest.fixture(scope="module")
def stack(local_aws: Any) -> Any:
    """Both sides, each with a commit that is not to be seen."""
    endpoint = local_aws.home.endpoint
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    local_aws.create_work_group(BUCKET, results=f"s3://{BUCKET}/results")
    catalog = local_catalog(endpoint)
    ids = [f"001{n:012}" for n in range(50)]
    moment = pa.scalar(1_700_000_000_000_000, pa.timestamp("us", "UTC"))
    old = pa.table(
        {
            "id": ids,
            "name": [f"é {n} " for n in range(50)],
            "revenue": [str(n * 1.5) for n in range(50)],
            "createddate": ["2023-11-14T22:13:20.000+0000"] * 50,
            "systemmodstamp": ["2024-01-01T00:00:00.000Z"] * 50,
        }
    )
    new = pa.table(
        {
            "account_id": [f"{i}AAA" for i in ids],
            "account_name": ["known" if n == 4 else f"é {n}" for n in range(50)],
            "revenue": pa.array([n * 1.5 + (n == 5) for n in range(50)], pa.float64()),
            "created_at": pa.array([moment.as_py()] * 50, pa.timestamp("us", "UTC")),
            "begin_at": pa.array([moment.as_py()] * 50, pa.timestamp("us", "UTC")),
            "end_at": pa.nulls(50, pa.timestamp("us", "UTC")),
        }
    )
    for database, name, rows in ((OLD, "sf_account", old), (NEW, "dim_account", new)):
        location = f"s3://{BUCKET}/{database}"
        local_aws.client("glue").create_database(
            DatabaseInput={"Name": database, "LocationUri": location}
        )
        table = catalog.create_table(
            f"{database}.{name}", schema=rows.schema, location=f"{location}/{name}"
        )
        table.append(rows.slice(0, 49) if name == "dim_account" else rows)
    return replace(STACK, marts_database=NEW, athena_work_group_name=BUCKET)


@pytest.mark.parametrize("engine", ["duckdb", "athena"])
def test_iceberg_tables_of_the_catalog(
    local_aws: Any, stack: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment("local", local_aws.home)
    monkeypatch.setattr("lakehouse_tools.comparison.session.read_stack", lambda _: stack)
    config = config_of(json.dumps(CONFIG), where="comparison.json")
    with opened(config, environment, engine=engine, memory="500MB") as session:
        report = compare(
            config, session.engine, session.sides, run="r", environment=environment, stack=stack
        )
    (table,) = report.tables
    counts = table.counts
    assert counts is not None, table.checks
    assert (counts.rows_old, counts.rows_new, counts.pairs) == (50, 49, 49)
    assert (counts.changed, counts.changed_unexplained) == (2, 1)
    assert counts.explained == {"a word": 1}
    assert {(d.side, d.key[0][-5:-3], d.columns) for d in counts.differing} == {
        ("old", "49", ()),
        ("both", "04", ("account_name",)),
        ("both", "05", ("revenue",)),
    }
    assert all(pin.startswith("Iceberg snapshot ") for pin in table.pins)
    assert table.cutoff == "2024-01-01 00:00:00.000000"
    by_name = {check.name: check.status for check in report.every}
    assert by_name["tables covered"] is Status.PASS
    assert by_name["history (SCD2)"] is Status.PASS
    assert by_name["row accuracy"] is Status.FAIL
    digests.setdefault("one", counts.digest())
    assert counts.digest() == digests["one"], "both engines name the same keys"


digests: dict[str, str | None] = {}


class Step:
    """The pipeline's step, run as CodeBuild runs it."""

    def __init__(self, local_aws: Any, stack: Any, folder: Path) -> None:
        self.s3 = local_aws.client("s3")
        self.folder = folder
        self.variables: dict[str, str] = {
            **aws_environment(local_aws.home.endpoint),
            "PATH": os.environ["PATH"],
            BuildVariable.LAKE_BUCKET: BUCKET,
            BuildVariable.RAW_DATABASE: RAW,
            BuildVariable.STAGING_DATABASE: "staging",
            BuildVariable.INTERMEDIATE_DATABASE: "intermediate",
            BuildVariable.MARTS_DATABASE: NEW,
            BuildVariable.SESSION_PREFIX: "dbt",
            BuildVariable.WORK_GROUP: stack.athena_work_group_name,
            BuildVariable.STATE_MACHINE_ARN: stack.state_machine_arn,
            BuildVariable.EXECUTION_NAME: "run-1",
        }

    def run(self, **config: Any) -> tuple[int, str, dict[str, Any]]:
        """Exit status, last line of the log, outcome."""
        (self.folder / COMPARISON_CONFIG).write_text(json.dumps({**CONFIG, **config}))
        done = subprocess.run(
            [sys.executable, "-m", "lakehouse_tools.comparison.step"],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        last = (done.stdout + done.stderr).strip().splitlines()[-1]
        return done.returncode, last, json.loads(self.left("_comparison.json"))

    def left(self, name: str) -> str:
        """What lies under the execution's name."""
        body = self.s3.get_object(Bucket=BUCKET, Key=f"runs/run-1/{name}")["Body"]
        return body.read().decode()


def test_the_step_of_the_pipeline(local_aws: Any, stack: Any, tmp_path: Path) -> None:
    environment = Environment("local", local_aws.home)
    lake = replace(stack, raw_database=RAW, lake_bucket_name=BUCKET)
    local_aws.client("glue").create_database(DatabaseInput={"Name": RAW})
    step = Step(local_aws, stack, tmp_path)
    page = f"s3://{BUCKET}/runs/run-1/_comparison.html"

    status, line, outcome = step.run()
    assert (status, line) == (0, f"comparison: fail: {page}")
    assert (outcome["status"], outcome["verdict"]) == ("succeeded", "fail")
    assert (outcome["turned"], outcome["report"]) == (False, page)
    assert "row accuracy" in outcome["cause"]
    assert "sf_account" in step.left("_comparison.html")
    assert "over the runs" not in step.left("_comparison.html")

    (pair,) = CONFIG["tables"]
    status, line, outcome = step.run(tables=[{**pair, "old": "nowhere"}])
    assert status == 1
    assert line.startswith("the comparison could not be made: dim_account: ")
    assert "has no table nowhere" in outcome["cause"]
    assert (outcome["status"], outcome["verdict"]) == ("failed", "not compared")

    _, _, outcome = step.run()
    assert outcome["turned"] is True
    assert len(trend.recorded(environment, lake)) == 3
    assert "0 of the last 3 runs passed" in step.left("_comparison.html")

    status, line, outcome = step.run(tables=5)
    assert status == 1
    assert line.endswith("comparison.json: tables: got 5; allowed: a list of JSON objects")
    assert (outcome["status"], outcome["report"]) == ("failed", None)


def test_a_step_without_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BuildVariable:
        monkeypatch.setenv(name, "some")
    monkeypatch.setenv(BuildVariable.SESSION_TIMEOUT, "245")
    monkeypatch.delenv(BuildVariable.WORK_GROUP)

    with pytest.raises(SystemExit, match="LAKEHOUSE_WORK_GROUP: got None; allowed: a value"):
        main()


def test_only_the_last_runs_are_read(
    local_aws: Any, monkeypatch: pytest.MonkeyPatch, stack: Any
) -> None:
    """Each run adds a file: those of older runs are not opened while newer ones are enough."""
    environment = Environment("local", local_aws.home)
    lake = replace(STACK, raw_database="many_runs_raw", lake_bucket_name=BUCKET)
    local_aws.client("glue").create_database(DatabaseInput={"Name": lake.raw_database})
    now = datetime.now(UTC)
    ages = (400, 200, 29, 20, 2, 1)
    for days in ages:
        made = now - timedelta(days=days)
        run = Report(run=f"r{days}", made_at=made, engine="e", config="c", fingerprint="f",
                     tables=[], checks=[])  # fmt: skip
        trend.record(environment, lake, run)
    opened_files: list[int] = []
    plan = DataScan.plan_files
    monkeypatch.setattr(
        DataScan,
        "plan_files",
        lambda self: (found := list(plan(self)), opened_files.append(len(found)))[0],
    )

    def read(wanted: int) -> tuple[list[str], list[int]]:
        opened_files.clear()
        runs = trend.recorded(environment, lake, lambda runs: len(runs) >= wanted)
        return [run["run"] for run in runs], list(opened_files)

    assert read(2) == (["r2", "r1"], [2])
    assert read(3) == (["r29", "r20", "r2", "r1"], [2, 4])
    assert read(99) == ([f"r{days}" for days in ages], [2, 4, 6])
