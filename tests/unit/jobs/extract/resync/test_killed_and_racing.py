"""A resync that dies or meets another run: one lands, nothing is left behind, nothing is lost."""

import threading
from datetime import timedelta

import pytest

from lakehouse_jobs.extract import loads, steps
from lakehouse_jobs.extract.resync import resync
from lakehouse_jobs.extract.steps import Step

pytestmark = pytest.mark.local_aws


@pytest.fixture
def changed(account_lab):
    """A loaded table, one value that differs, one record gone."""
    for number in range(8):
        account_lab.org.row("Account", Name=f"n{number}")
    account_lab.run()
    account_lab.loaded = [dict(record) for record in account_lab.org.records["Account"]]
    account_lab.org.now += timedelta(hours=1)
    account_lab.org.records["Account"][0]["Name"] = "changed"
    account_lab.org.hard_delete("Account", account_lab.org.records["Account"][5])
    return account_lab


@pytest.mark.parametrize(
    ("at", "small"),
    [
        (Step.REST, 2000),
        (Step.QUERY, -1),  # nothing is small: it goes by Bulk
        (Step.PAGE, -1),
        (Step.COMPARE, 2000),
        (Step.SAVE_KEYS, 2000),
    ],
)
def test_after_a_failure_it_starts_over_and_nothing_is_left(changed, monkeypatch, at, small):
    monkeypatch.setattr(resync, "SMALL", small)
    files = changed.keys(f"{changed.database}/account/data/")
    keys = changed.keys(f"{changed.database}/_lookback/account/")

    def stop(step, edge):
        if step is at and edge == "end":
            raise RuntimeError("the network is gone")

    with monkeypatch.context() as broken:
        broken.setattr(steps, "hook", stop)
        assert changed.run(mode="full")["Account"]["status"] == "failed"
    assert changed.keys(f"{changed.database}/account/data/") == files
    assert changed.keys(f"{changed.database}/_lookback/account/") == keys
    assert changed.keys("loads/") == []
    outcome = changed.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (2, 1)
    assert changed.run(mode="full")["Account"]["rows"] == 0


@pytest.mark.parametrize("differs", [True, False])
def test_a_resync_removes_what_a_dead_one_left(changed, monkeypatch, differs):
    files = changed.keys(f"{changed.database}/account/data/")

    def stop(step, edge):
        if step is Step.SAVE_KEYS:
            raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(steps, "hook", stop)
        broken.setattr(resync, "drop", lambda load: None)  # as where the process dies
        assert changed.run(mode="full")["Account"]["status"] == "failed"
    assert len(changed.keys(f"{changed.database}/account/data/")) > len(files)
    if not differs:
        changed.org.records["Account"][:] = changed.loaded
    assert changed.run(mode="reconcile" if differs else "full")["Account"]["tombstones"] == differs
    live = set(changed.table("account").inspect.files()["file_path"].to_pylist())
    stored = changed.keys(f"{changed.database}/account/data/")
    assert {f"s3://{changed.bucket}/{key}" for key in stored} == live
    assert changed.keys("loads/") == []
    assert len(changed.keys(f"{changed.database}/_lookback/account/")) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_job_deleted_under_its_pages_is_read_anew_once(changed, monkeypatch, times):
    monkeypatch.setattr(resync, "SMALL", -1)  # nothing is small: it goes by Bulk
    org = changed.org
    org.page_rows = 1
    files = changed.keys(f"{changed.database}/account/data/")

    def gone(body):
        org.deleted_jobs += org.jobs
        return body

    org.mood("GET", "/results", edit=gone)
    if times == 2:
        org.mood("GET", "/results", times=-1, status=404, body=[{"errorCode": "NOT_FOUND"}])
    outcome = changed.run(mode="full")["Account"]
    if times == 1:
        assert (outcome["rows"], outcome["tombstones"]) == (2, 1)
        assert outcome["message"].startswith("9 records compared")
    else:
        assert (outcome["status"], outcome["error"]) == ("failed", "JobGoneError")
        assert "was deleted" in outcome["message"]
        assert changed.keys(f"{changed.database}/account/data/") == files
        assert changed.keys("loads/") == []


def test_of_two_resyncs_at_once_one_lands(changed, monkeypatch):
    """The claim keeps them apart; should both read all the same, the fence does."""
    both = threading.Barrier(2, timeout=30)

    def meet(step, edge):
        if step is Step.COMMIT and edge == "begin":
            both.wait()

    monkeypatch.setattr(loads.Claim, "__enter__", lambda self: self)
    monkeypatch.setattr(loads.Claim, "__exit__", lambda *_: None)
    monkeypatch.setattr(steps, "hook", meet)
    arguments = [changed.arguments(f"race-{n}", mode="full") for n in range(2)]
    threads = [threading.Thread(target=_run, args=(a,)) for a in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    monkeypatch.setattr(steps, "hook", None)
    outcomes = [changed.json(f"runs/race-{n}/Account.json") for n in range(2)]
    assert sorted(o["status"] for o in outcomes) == ["landed", "superseded"]
    rows = [(r["id"], r["_change"]) for r in changed.rows("account") if r["_batch"] == 2]
    assert len(rows) == len(set(rows)) == 2
    assert changed.run(mode="full")["Account"]["rows"] == 0


def _run(arguments):
    from lakehouse_jobs.entry import salesforce_extractor as job

    job.run(job.parse(arguments))
