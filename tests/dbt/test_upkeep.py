"""Many small builds on real Spark, then the upkeep of what they left."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse_jobs.contract.runs import UPKEEP_KEY

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
FIELDS = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("createddate", TIME), ("systemmodstamp", TIME)]
)
MADE = datetime(2026, 1, 1, tzinfo=UTC)
STAGED = ("staging", "stg_salesforce__accounts")
HISTORY = ("marts", "dim_account")
BUILDS = 4
SHIPPED = Path(__file__).parents[2] / "dbt_project"
Lake = Any  # of conftest.py, which tests cannot import


def land(lake: Lake, batch: int) -> None:
    stamp = MADE + timedelta(hours=batch)
    rows = [
        {"id": f"a{number:02}", "name": f"{batch}", "createddate": MADE, "systemmodstamp": stamp}
        for number in range(0 if batch == 1 else batch, 40 if batch == 1 else batch + 5)
    ]
    lake.land("account", rows, batch=batch, fields=FIELDS)


def build_by_hand(lake: Lake) -> None:
    lake.by_hand("run", "--select", STAGED[1], HISTORY[1])


def table(lake: Lake, name: tuple[str, str]) -> Any:
    return lake.catalog().load_table((lake.database(name[0]), name[1]))


def total(lake: Lake, name: tuple[str, str], what: str) -> int:
    return int(table(lake, name).current_snapshot().summary[f"total-{what}"])


def files(lake: Lake, name: tuple[str, str]) -> list[str]:
    """Keys in the bucket under a table."""
    prefix = f"{lake.database(name[0])}/{name[1]}/"
    answer = lake.client("s3").list_objects_v2(Bucket="lake", Prefix=prefix)
    return [found["Key"] for found in answer["Contents"]]


@pytest.fixture(scope="module")
def aged(lake: Lake) -> Lake:
    """A lake after some builds, each of few records."""
    lake.test_data(enabled=False)
    for batch in range(1, BUILDS + 1):
        land(lake, batch)
        build_by_hand(lake)
    return lake


def upkeep(lake: Lake, **given: Any) -> str:
    """By hand, with everything that is old or small being due at once; its log."""
    now = {"keep_hours": 0, "keep_snapshots": 3, "at_once": True} | given
    return lake.by_hand("run-operation", "upkeep", "--args", json.dumps(now))


def data(lake: Lake, name: tuple[str, str]) -> list[str]:
    return [key for key in files(lake, name) if "/data/" in key]


def rows(lake: Lake) -> Any:
    """By PyIceberg, and by Athena."""
    query = "select account_id, account_name, valid_from, is_current from dim_account order by 1, 3"
    return lake.rows(*STAGED), lake.rows(*HISTORY), lake.ask(query)


def test_upkeep_leaves_the_rows_and_little_else(aged: Lake) -> None:
    """One test, because each step stands on the one before; a start of dbt takes its time."""
    lake, both = aged, (STAGED, HISTORY)
    for name in both:
        assert len(table(lake, name).snapshots()) == BUILDS
        assert total(lake, name, "data-files") >= BUILDS
        assert total(lake, name, "delete-files") > 1
    expected, before = rows(lake), {name: data(lake, name) for name in both}

    late = "2 more: the time was over before they were begun"
    assert late in upkeep(lake, minutes=0)
    assert [len(table(lake, name).snapshots()) for name in both] == [BUILDS, BUILDS]

    # What a reader may still have open stays, though files are merged already.
    upkeep(lake, keep_hours=6)
    for name in both:
        assert len(table(lake, name).snapshots()) == BUILDS + 2
        assert set(data(lake, name)) > set(before[name])
        assert total(lake, name, "data-files") == 1
        assert total(lake, name, "delete-files") == total(lake, name, "position-deletes") == 0
    assert rows(lake) == expected

    log = upkeep(lake)
    for name in both:
        kept = f"upkeep of {lake.database(name[0])}.{name[1]}: {BUILDS - 1} snapshots expired"
        assert kept in log
        assert len(table(lake, name).snapshots()) == 3
    upkeep(lake, keep_snapshots=1)
    for name in both:
        assert len(table(lake, name).snapshots()) == len(data(lake, name)) == 1
    assert rows(lake) == expected

    # The next build merges its delta, as into any table.
    land(lake, BUILDS + 1)
    build_by_hand(lake)
    last = table(lake, STAGED).current_snapshot().summary
    assert last["added-records"] == "5"
    assert int(last["deleted-data-files"] or 0) == 0
    assert {r["account_name"] for r in lake.rows(*STAGED)} >= {str(BUILDS + 1), "1"}


# In place of a rewrite's turn: rewrites while somebody updates, until one of them comes second.
# How often an update wins is a matter of the machine, so none is counted: two minutes are.
MEANWHILE = """        if 'stg_salesforce__accounts' not in self.name:
            return
        import threading
        over = threading.Event()
        def update():
            while not over.is_set():
                try:
                    to = "set account_name = 'meanwhile' where account_id = 'a30'"
                    spark.sql(f'update {self.name} {to}')
                except Exception:
                    pass
        other = threading.Thread(target=update)
        other.start()
        try:
            ends = time.time() + 120
            while time.time() < ends:
                self.call('rewrite_data_files', options({'rewrite-all': 'true'}))
        finally:
            over.set()
            other.join()
        done = self.call("""


def test_a_commit_of_another_comes_first_and_loses_nothing(aged: Lake) -> None:
    """Also: metadata files of a table that was made before there was upkeep leave from now on."""
    lake = aged
    land(lake, BUILDS + 2)
    build_by_hand(lake)  # so that there are files to merge, whatever the test above left
    property_name = "write.metadata.delete-after-commit.enabled"
    with table(lake, STAGED).transaction() as change:
        change.remove_properties(property_name)
    macro = lake.project / "macros" / "upkeep" / "upkeep_as_python.sql"
    text = macro.read_text()
    assert "        done = self.call('rewrite_data_files'" in text
    macro.write_text(text.replace("        done = self.call(", MEANWHILE, 1))

    log = upkeep(lake)

    macro.write_text(text)
    [said] = [line for line in log.splitlines() if f".{STAGED[1]}: " in line]
    assert "conflicted with another concurrent Iceberg operation" in said
    accounts = lake.rows(*STAGED)
    names = {row["account_id"]: row["account_name"] for row in accounts}
    assert len(names) == len(accounts) == 40
    assert (names["a30"], names["a31"]) == ("meanwhile", "1")

    assert table(lake, STAGED).properties[property_name] == "true"
    for number in range(25):
        with table(lake, STAGED).transaction() as change:
            change.set_properties({"number": str(number)})
    metadata = [key for key in files(lake, STAGED) if key.endswith(".metadata.json")]
    assert len(metadata) <= 21 + BUILDS


def test_what_cannot_be_kept_fails_no_build_and_is_said(aged: Lake) -> None:
    """The last test: it breaks a table, of which the build reads nothing."""
    lake, s3 = aged, aged.client("s3")
    metadata = table(lake, HISTORY).metadata_location.removeprefix("s3://lake/")
    s3.delete_object(Bucket="lake", Key=metadata)
    note = {"Bucket": "lake", "Key": UPKEEP_KEY}
    s3.put_object(**note, Body=b'{"begun_at": "2026-01-01T00:00:00+00:00"}')

    # As shipped: the session of upkeep is another one than that of the models.
    shutil.copy(SHIPPED / "profiles.yml", lake.project)

    outcome = lake.build("due", failed="Account")

    assert outcome["status"] == "succeeded", outcome["log"]
    [said] = [text for text in outcome["warnings"] if "upkeep" in text]
    assert said.startswith("upkeep of t_marts.dim_account: ")
    assert "\n" not in said
    begun = json.loads(s3.get_object(**note)["Body"].read())["begun_at"]
    assert datetime.fromisoformat(begun) > datetime.now(UTC) - timedelta(hours=1)
