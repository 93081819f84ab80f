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

    def stop(step, edge):
        if step is at and edge == "end":
            raise RuntimeError("the network is gone")

    with monkeypatch.context() as broken:
        broken.setattr(steps, "hook", stop)
        assert changed.run(mode="full")["Account"]["status"] == "failed"
    if at is not Step.SAVE_KEYS:
        assert changed.keys(f"{changed.database}/account/data/") == files
    outcome = changed.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (2, 1)
    assert changed.run(mode="full")["Account"]["rows"] == 0


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
