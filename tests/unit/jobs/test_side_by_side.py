"""Runs at the same time, lost answers, dead owners: each version lands exactly once."""

import json
import sys
import threading
from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


@pytest.fixture
def opened(account_lab):
    """Opens the account table as a run does, and a function that lands one file."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    from lakehouse_jobs.raw.commit import Landing, commit
    from lakehouse_jobs.raw.schema import SYSTEM_COLUMNS, RawColumn, file_schema
    from lakehouse_jobs.raw.store import Store
    from lakehouse_jobs.raw.table import open_table

    store = Store(account_lab.bucket)
    wanted = [RawColumn(name="id", type="string", comment="Id (id): Id")]

    class Opened:
        def __init__(self):
            self.store = store

        def open(self):
            return open_table(
                account_lab.catalog,
                database=account_lab.database,
                store=store,
                object_name="Account",
                org_id="00D000000000062EAA",
                wanted=wanted,
                built=dict,
            )

        def land(self, raw, run_id, *, files=1, twin=""):
            schema = file_schema(raw.table.schema(), raw.columns)
            empty = {c.name: [None] for c in SYSTEM_COLUMNS}
            rows = pa.Table.from_pydict({"id": [run_id], **empty}, schema=schema)
            addresses = []
            for number in range(files):
                sink = io.BytesIO()
                pq.write_table(rows, sink)
                key = f"{account_lab.database}/account/data/{run_id}{twin}-{number}.parquet"
                addresses.append(store.write(key, sink.getvalue()))
            lookback = store.write(f"{account_lab.database}/_lookback/{run_id}{twin}", b"")
            landing = Landing(
                files=addresses,
                watermark=account_lab.org.now,
                lookback_file=lookback,
                run_id=run_id,
            )
            return commit(raw, landing, store=store)

    return Opened()


def test_of_racing_commits_one_lands(opened, account_lab):
    from lakehouse_jobs.errors import SupersededError

    outcomes = []
    raws = [opened.open() for _ in range(4)]
    barrier = threading.Barrier(len(raws))

    def race(raw, name):
        barrier.wait()
        try:
            outcomes.append(opened.land(raw, name))
        except SupersededError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=race, args=(raw, f"run-{i}")) for i, raw in enumerate(raws)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [o for o in outcomes if isinstance(o, int)] == [1]
    assert len(outcomes) == 4
    rows = account_lab.rows("account")
    assert len(rows) == 1
    table = account_lab.table("account")
    assert table.properties["lakehouse.run-id"] == rows[0]["id"]
    # The losers deleted what they wrote.
    assert len(account_lab.keys(f"{account_lab.database}/account/data/")) == 1
    assert len(account_lab.keys(f"{account_lab.database}/_lookback/")) == 1


def test_a_stale_watermark_move_is_refused_too(opened):
    from lakehouse_jobs.errors import SupersededError

    first, second = opened.open(), opened.open()
    assert opened.land(first, "one") == 1
    with pytest.raises(SupersededError, match="run one committed first"):
        opened.land(second, "two", files=0)


def test_a_change_of_the_schema_meanwhile_does_not_stop_a_commit(opened, account_lab):
    raw = opened.open()
    with account_lab.table("account").update_schema() as update:
        from pyiceberg.types import StringType

        update.add_column("other", StringType())
    assert opened.land(raw, "one") == 1
    assert account_lab.rows("account")[0]["other"] is None


@pytest.mark.parametrize("files", [0, 1])
def test_a_commit_whose_answer_was_lost_is_found(opened, account_lab, monkeypatch, files):
    from botocore.exceptions import ReadTimeoutError

    raw = opened.open()
    real = account_lab.catalog.commit_table

    def lost(*arguments):
        real(*arguments)
        raise ReadTimeoutError(endpoint_url="glue")

    monkeypatch.setattr(account_lab.catalog, "commit_table", lost)
    assert opened.land(raw, "one", files=files) == files
    monkeypatch.undo()
    assert len(account_lab.rows("account")) == files


@pytest.mark.parametrize("refused_with", ["conflict", "fence"])
@pytest.mark.parametrize("files", [0, 1])
def test_a_commit_that_meets_its_own_change_landed(
    opened, account_lab, monkeypatch, files, refused_with
):
    """Botocore repeats a request whose answer was lost, and is refused for its own change."""
    from pyiceberg.exceptions import CommitFailedException

    from lakehouse_jobs.errors import SupersededError

    module = sys.modules["lakehouse_jobs.raw.commit"]  # the package has a function of that name

    error = CommitFailedException if refused_with == "conflict" else SupersededError
    raw = opened.open()
    real = module._transact

    def met_itself(*arguments, **more):
        real(*arguments, **more)
        raise error("concurrent update")

    monkeypatch.setattr(module, "_transact", met_itself)
    assert opened.land(raw, "one", files=files) == files
    monkeypatch.undo()
    assert len(account_lab.rows("account")) == files
    lookback = account_lab.table("account").properties["lakehouse.lookback-file"]
    assert opened.store.read(opened.store.key_of(lookback)) is not None


def test_a_twin_of_the_same_run_is_superseded(opened, account_lab):
    from lakehouse_jobs.errors import SupersededError

    first, second = opened.open(), opened.open()
    opened.land(first, "one", twin="a")
    with pytest.raises(SupersededError):
        opened.land(second, "one", twin="b")
    assert len(account_lab.rows("account")) == 1
    assert len(account_lab.keys(f"{account_lab.database}/account/data/")) == 1


def test_a_lookback_file_that_cannot_be_deleted_stays(opened, account_lab, monkeypatch):
    from botocore.exceptions import ReadTimeoutError

    from lakehouse_jobs.raw.store import Store

    opened.land(opened.open(), "one")
    raw = opened.open()

    def refused(*_):
        raise ReadTimeoutError(endpoint_url="s3")

    monkeypatch.setattr(Store, "delete", refused)
    assert opened.land(raw, "two") == 2
    assert len(account_lab.rows("account")) == 2


def test_a_commit_of_unknown_outcome_keeps_its_files(opened, account_lab, monkeypatch):
    from botocore.exceptions import ReadTimeoutError

    from lakehouse_jobs.errors import CommitUnknownError

    raw = opened.open()

    def lost(*_):
        raise ReadTimeoutError(endpoint_url="glue")

    with monkeypatch.context() as patch:
        patch.setattr(account_lab.catalog, "commit_table", lost)
        with pytest.raises(CommitUnknownError):
            opened.land(raw, "one")
    assert len(account_lab.keys(f"{account_lab.database}/account/data/")) == 1


def test_an_object_that_a_live_run_reads_is_skipped(account_lab):
    from lakehouse_jobs.extract.loads import Claim
    from lakehouse_jobs.raw.store import Store

    store = Store(account_lab.bucket)
    with Claim(store=store, table="account", owner="other-run/sales/x", beat=0.2):
        outcome = account_lab.run()["Account"]
    assert outcome["status"] == "skipped"
    assert outcome["message"] == "run other-run is reading this object"
    assert account_lab.run()["Account"]["status"] == "landed"
    assert account_lab.keys("loads/") == []


def test_the_load_of_a_dead_owner_is_taken_over(account_lab):
    from lakehouse_jobs.extract import loads

    record = json.dumps({"owner": "dead-run/sales/x"}).encode()
    account_lab.client("s3").put_object(
        Bucket=account_lab.bucket, Key="loads/account/load.json", Body=record
    )
    from lakehouse_jobs.raw.store import Store

    slept = []
    claim = loads.Claim(
        store=Store(account_lab.bucket), table="account", owner="me", sleep=slept.append
    )
    with claim:
        assert sum(slept) >= loads.DEAD_AFTER_SECONDS
        assert account_lab.json("loads/account/load.json")["owner"] == "me"
    assert account_lab.keys("loads/") == []


def test_one_of_two_that_take_over_wins(account_lab):
    from lakehouse_jobs.extract.loads import Claim, TakenError
    from lakehouse_jobs.raw.store import Store

    store = Store(account_lab.bucket)
    store.write("loads/account/load.json", b"{}")
    held, refused = [], []
    done = threading.Event()

    def take(owner):
        try:
            with Claim(store=store, table="account", owner=owner, beat=0.2, dead_after=2.0):
                held.append(owner)
                done.wait(20)
        except TakenError:
            refused.append(owner)
            done.set()

    threads = [threading.Thread(target=take, args=(f"run-{i}",)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 1)


def test_a_run_that_was_overtaken_reports_superseded(account_lab, monkeypatch):
    from lakehouse_jobs.extract.pages import PageReader

    account_lab.run()
    account_lab.org.now += timedelta(minutes=30)
    account_lab.org.row(
        "Account",
        Name="new",
        SystemModstamp=(account_lab.org.now - timedelta(minutes=5)).strftime(
            "%Y-%m-%dT%H:%M:%S.000Z"
        ),
    )
    real = PageReader.read

    def overtaken(self, soql, **more):
        reading = real(self, soql, **more)
        table = account_lab.table("account")
        table.transaction().set_properties(
            {"lakehouse.batch": "7", "lakehouse.run-id": "faster"}
        ).commit_transaction()
        return reading

    monkeypatch.setattr(PageReader, "read", overtaken)
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("superseded", 0)
    assert "run faster committed first (batch 7" in outcome["message"]
    assert len(account_lab.rows("account")) == 2
