"""Data tests of an incremental build look at what it touched; of the rest when asked for all."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from lakehouse_jobs.build.catalog import tables

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
STAMPS = [("createddate", TIME), ("systemmodstamp", TIME)]
ACCOUNT = pa.schema([("id", pa.string()), ("name", pa.string()), ("ownerid", pa.string()), *STAMPS])
USER = pa.schema([("id", pa.string()), ("name", pa.string()), *STAMPS])
STAGED, HISTORY = "t_staging.stg_salesforce__accounts", "t_marts.dim_account"
DATA_TESTS = {
    "primary_key_stg_salesforce__accounts_account_id",
    "unbroken_history_dim_account_account_id",
    "current_accounts_match_staging",
    "known_references_dim_account",
}
Lake = Any  # of conftest.py, which tests cannot import


def version(id: str, day: int, name: str = "A", **values: Any) -> dict[str, Any]:
    stamps = {
        "createddate": datetime(2026, 1, 1, tzinfo=UTC),
        "systemmodstamp": datetime(2026, 1, day, tzinfo=UTC),
    }
    return {"id": id, "name": name} | stamps | values


def account(kind: str, defect: str, day: int, name: str = "A") -> dict[str, Any]:
    """An account of the touched ones or the others, to plant a defect in."""
    return version(f"{kind}{defect}", day, name, ownerid="u")


DEFECTS = ("Doubled", "Gap", "Lost", "Owner")


def plant(lake: Lake, kind: str) -> None:
    """Defects that no build would make: one of each kind, in rows as old as they are."""
    for statement in (
        f"insert into {STAGED} select * from {STAGED} where account_id = '{kind}Doubled'",
        f"delete from {HISTORY} where account_id = '{kind}Gap' and account_name = 'B'",
        f"delete from {HISTORY} where account_id = '{kind}Lost'",
        f"update {HISTORY} set owner_id = 'nobody' where account_id = '{kind}Owner'",
        f"update {STAGED} set owner_id = 'nobody' where account_id = '{kind}Owner'",
    ):
        execute(lake, statement)


def execute(lake: Lake, statement: str) -> None:
    """Run SQL in the session that the builds share."""
    glue = lake.client("glue")
    [session] = glue.list_sessions()["Ids"]
    number = glue.run_statement(SessionId=session, Code=f"spark.sql({statement!r})")["Id"]
    while True:
        found = glue.get_statement(SessionId=session, Id=number)["Statement"]
        if found["State"] not in ("WAITING", "RUNNING"):
            break
        time.sleep(0.1)
    assert found["Output"]["Status"] == "ok", found


def failing(lake: Lake, **variables: Any) -> set[str]:
    """The data tests that do not pass, with what a build tells dbt beside these variables."""
    known = {
        f"{database}.{name}": table.columns
        for database in ("t_staging", "t_marts")
        for name, table in tables(database, client=lake.client("glue")).items()
    }
    told = json.dumps({"known_columns": known} | variables)
    models = ("--select", "stg_salesforce__accounts", "dim_account", "dim_user")
    models += ("--indirect-selection", "cautious")  # other tests read what is not there
    done = lake.run(
        "dbt", "test", *models, "--vars", told, folder=lake.project, env=lake.environment
    )
    results = json.loads((lake.project / "target" / "run_results.json").read_text())["results"]
    found = {each["unique_id"].split(".")[2]: each["status"] for each in results}
    assert found.keys() >= DATA_TESTS, done.stdout
    return {name for name, status in found.items() if status != "pass"}


@pytest.fixture(scope="module")
def built(lake: Lake) -> Lake:
    """Two batches built, the second of them by the delta."""
    lake.land("user", [version("u", 1)], batch=1, fields=USER)
    first = [
        account(kind, defect, day, name)
        for kind in ("touched", "other")
        for defect in DEFECTS
        for day, name in ((2, "A"), (3, "B"), (4, "C"))
    ]
    lake.land("account", first, batch=1, fields=ACCOUNT)
    outcome = lake.build("first")
    assert outcome["status"] == "succeeded", outcome["log"]
    assert "data tests: of all rows" in outcome["log"]
    return lake


def test_defects_are_found_where_a_build_touched_and_elsewhere_when_all_is_tested(
    built: Lake,
) -> None:
    """One test, because each step stands on the one before."""
    lake = built
    plant(lake, "other")
    second = [account("touched", defect, 5, "D") for defect in DEFECTS]
    lake.land("account", [*second, account("", "new", 5)], batch=2, fields=ACCOUNT)

    outcome = lake.build("second")

    assert outcome["status"] == "succeeded", outcome["log"]
    assert "data tests: of what is new" in outcome["log"]
    assert failing(lake, tested_batches={"account": 1, "user": 1}) == set()
    assert failing(lake, tested_batches={"account": 1}, whole_tables=True) == DATA_TESTS
    assert failing(lake) == DATA_TESTS  # by hand

    plant(lake, "touched")
    assert failing(lake, tested_batches={"account": 1, "user": 1}) == DATA_TESTS
    assert failing(lake, tested_batches={"account": 2, "user": 1}) == set()
