"""Data tests of an incremental build look at what it touched; of the rest when asked for all."""

import json
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
# Test and how many rows it finds of the defects that are planted at once.
FOUND = {
    "primary_key_stg_salesforce__accounts_account_id": 1,
    "unbroken_history_dim_account": 5,  # Gap, Lost, Gone, Value, Stale
    "known_references_dim_account": 1,
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


DEFECTS = ("Doubled", "Gap", "Lost", "Gone", "Value", "Stale", "Owner")


def plant(lake: Lake, kind: str) -> None:
    """Defects that no build would make: one of each kind, in rows as old as they are."""
    [session] = lake.sessions()
    for statement in (
        f"insert into {STAGED} select * from {STAGED} where account_id = '{kind}Doubled'",
        f"delete from {HISTORY} where account_id = '{kind}Gap' and account_name = 'B'",
        f"delete from {HISTORY} where account_id = '{kind}Lost'",
        f"update {STAGED} set is_deleted = true where account_id = '{kind}Gone'",
        f"update {HISTORY} set account_name = 'Z' where account_id = '{kind}Value' and is_current",
        # A row that the last build should have written, and did not.
        f"update {HISTORY} set account_name = 'Y', _batch = 1"
        f" where account_id = '{kind}Stale' and is_current",
        f"update {HISTORY} set owner_id = 'nobody' where account_id = '{kind}Owner'",
        f"update {STAGED} set owner_id = 'nobody' where account_id = '{kind}Owner'",
    ):
        lake.say(session, f"spark.sql({statement!r})")


# dbt test with one set of variables after the other, the project read once, as a build does.
PROGRAM = """
import json, sys
from dbt.cli.main import dbtRunner
told, models = map(json.loads, sys.argv[1:])
manifest = dbtRunner().invoke(["--quiet", "parse"]).result
found = []
for variables in told:
    test = ["test", "--select", *models, "--indirect-selection", "cautious"]
    done = dbtRunner(manifest=manifest).invoke([*test, "--vars", json.dumps(variables)])
    found.append({each.node.name: each.failures for each in done.result.results})
print(json.dumps(found))
"""


def failing(lake: Lake, *told: dict[str, Any]) -> list[dict[str, int]]:
    """What the data tests find, with what a build tells dbt beside these variables."""
    known = {
        f"{database}.{name}": table.columns
        for database in ("t_staging", "t_marts")
        for name, table in tables(database, client=lake.client("glue")).items()
    }
    given = json.dumps([{"known_columns": known} | variables for variables in told])
    # Cautious above, as other tests read what is not there.
    models = json.dumps(["stg_salesforce__accounts", "dim_account", "dim_user"])
    done = lake.run(
        "python", "-c", PROGRAM, given, models, folder=lake.project, env=lake.environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    each_time = json.loads(done.stdout.splitlines()[-1])
    assert all(found.keys() >= FOUND.keys() for found in each_time), done.stdout
    return [{name: rows for name, rows in found.items() if rows} for found in each_time]


@pytest.fixture(scope="module")
def built(lake: Lake) -> Lake:
    """Two batches built, the second of them by the delta."""
    lake.select = "stg_salesforce__accounts stg_salesforce__users dim_account dim_user"
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
    before, after = ({"tested_batches": {"account": batch, "user": 1}} for batch in (1, 2))
    whole, by_hand = before | {"whole_tables": True}, {}
    assert failing(lake, before, whole, by_hand) == [{}, FOUND, FOUND]

    plant(lake, "touched")
    assert failing(lake, before, after) == [FOUND, {}]
