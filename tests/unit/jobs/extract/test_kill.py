"""The shipped job as a process of its own, killed at every step and at random moments.

Whatever was killed: after the next run raw holds each version once, the watermark is that
of a whole window and never went back, and nothing of a load is left over.
"""

import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse_jobs.extract.steps import Step

pytestmark = pytest.mark.local_aws

# Seconds after which an owner without a heartbeat counts as dead. Only where it is dead, or
# meant to be taken for it: a busy machine keeps an owner that lives from its heartbeat as long.
QUICK = 0.4
ROWS = 45
KILLED = -signal.SIGKILL

# Steps of a run that reads pages of a Bulk job, in their order.
BULK = [
    (Step.CLAIM, "begin", 1),
    (Step.CLAIM, "end", 1),
    (Step.DESCRIBE, "end", 1),
    (Step.OPEN_TABLE, "end", 1),
    (Step.READ_PROGRESS, "end", 1),
    (Step.QUERY, "begin", 1),
    (Step.QUERY, "end", 1),
    (Step.RECORD_JOB, "end", 1),
    (Step.WAIT, "end", 1),
    (Step.LIST_PAGES, "end", 1),
    (Step.PAGE, "begin", 2),
    (Step.UPLOAD, "begin", 2),
    (Step.UPLOAD, "end", 2),
    (Step.PAGE, "end", 3),
    (Step.RECORD_PAGE, "begin", 3),
    (Step.RECORD_PAGE, "end", 5),
    (Step.DISTINCT, "begin", 1),
    (Step.SAVE_KEYS, "begin", 1),
    (Step.SAVE_KEYS, "end", 1),
    (Step.COMMIT, "begin", 1),
    (Step.COMMIT, "end", 1),
    (Step.CLEAN_UP, "begin", 1),
    (Step.CLEAN_UP, "end", 1),
    (Step.MAINTAIN, "begin", 1),
    (Step.RELEASE, "begin", 1),
    (Step.RELEASE, "end", 1),
    (Step.REPORT, "end", 1),
]
REST = [
    (Step.REST, "end", 1),
    (Step.UPLOAD, "end", 1),
    (Step.COMMIT, "begin", 1),
    (Step.COMMIT, "end", 1),
    (Step.CLEAN_UP, "begin", 1),
]
FULL = [
    (Step.COMPARE, "end", 1),
    (Step.UPLOAD, "end", 1),
    (Step.COMMIT, "end", 1),
]
REJECTED = [
    (Step.SAVE_REJECTED, "end", 1),
    (Step.SAVE_REJECTED, "begin", 2),  # its values are to be added to their table
]
# Steps of a run that finds a load: (where the first is killed, where the second).
RESUMED = [
    ((Step.UPLOAD, "end", 2), (Step.READ_PROGRESS, "end", 1)),
    ((Step.RECORD_PAGE, "end", 1), (Step.UPLOAD, "end", 1)),
    ((Step.RECORD_PAGE, "end", 2), (Step.COMMIT, "end", 1)),
    ((Step.QUERY, "end", 1), (Step.QUERY, "end", 1)),
    ((Step.COMMIT, "end", 1), (Step.DROP_LOAD, "begin", 1)),
]


@pytest.fixture(scope="module")
def driver(local_aws_endpoint, tmp_path_factory):
    """A process that starts runs."""
    from lakehouse_local.home import aws_environment

    folder = tmp_path_factory.mktemp("kill")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("kill_driver.py"))],
        env=kept | aws_environment(local_aws_endpoint) | {"TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    yield Driver(process, folder / "log")
    process.communicate(timeout=20)


class Driver:
    """Starts runs of the job as processes and waits for them."""

    def __init__(self, process, log):
        self._process = process
        self._log = log

    def ask(self, **command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        arguments,
        at=(None, "", 1),
        *,
        after=0.0,
        small=0,
        signalled=signal.SIGKILL,
        dead_after=QUICK,
    ):
        step, edge, nth = at
        return self.ask(
            arguments=arguments,
            step=step,
            edge=edge,
            nth=nth,
            signalled=int(signalled),
            after=after,
            log=str(self._log),
            small=small,
            dead_after=dead_after,
        )

    def wait(self, pid):
        return self.ask(wait=pid)


class Runs:
    """Runs of one lake; remembers every watermark that it met."""

    def __init__(self, driver, lab):
        self.driver, self.lab = driver, lab
        self.number = 0
        self.watermarks = [""]

    def start(self, at=(None, "", 1), *, name=None, mode="incremental", **how):
        self.number += 1
        arguments = self.lab.arguments(name or f"run-{self.number}", mode=mode)
        return self.driver.start(arguments, at, **how)

    def run(self, at=(None, "", 1), **how):
        status = self.driver.wait(self.start(at, **how))
        self.note_watermark()
        return status

    def note_watermark(self):
        try:
            table = self.lab.table("account")
        except Exception:
            return
        self.watermarks.append(table.properties.get("lakehouse.watermark", ""))

    def outcome(self):
        return self.lab.json(f"runs/run-{self.number}/Account.json")

    def finish(self, **how):
        """A run that nothing stops; then everything is as it should be."""
        assert self.run(**how) == 0
        self.check()
        return self.outcome()

    def check(self):
        lab = self.lab
        rows = lab.rows("account")
        end = lab.org.now - timedelta(seconds=60)
        found = sorted((r["id"], r["systemmodstamp"].isoformat()[:19]) for r in rows)
        expected = sorted((r["Id"], r["SystemModstamp"][:19]) for r in lab.org.versions)
        assert found == expected
        assert self.watermarks == sorted(self.watermarks)
        assert self.watermarks[-1] == end.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        assert lab.keys("loads/") == []
        live = set(lab.table("account").inspect.files()["file_path"].to_pylist())
        stored = {f"s3://{lab.bucket}/{k}" for k in lab.keys(f"{lab.database}/account/data/")}
        assert stored == live
        assert len(lab.keys(f"{lab.database}/_lookback/account/")) == 1
        batches = {r["_batch"] for r in rows}
        assert batches == set(range(1, len(batches) + 1))


@pytest.fixture
def runs(driver, account_lab):
    org = account_lab.org
    for number in range(ROWS - 2):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    org.versions = list(org.records["Account"])
    return Runs(driver, account_lab)


def change(org, count=25):
    """Time passes; some records change, and some are new."""
    org.now += timedelta(minutes=30)
    moment = (org.now - timedelta(minutes=7)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    rows = org.records["Account"]
    changed = [{**r, "SystemModstamp": moment, "Name": "changed"} for r in rows[:count]]
    rows[:count] = changed
    org.versions += changed
    org.versions.append(org.row("Account", SystemModstamp=moment, Name="new"))


def named(where):
    return "-".join(str(part) for part in where)


@pytest.mark.parametrize("where", BULK, ids=named)
def test_a_first_load_killed_at(runs, where):
    assert runs.run(where) == KILLED
    runs.finish()


@pytest.mark.parametrize("where", REST, ids=named)
def test_a_small_read_killed_at(runs, where):
    runs.finish()
    change(runs.lab.org)
    assert runs.run(where, small=2000) == KILLED
    runs.finish(small=2000)


@pytest.mark.parametrize(("first", "second"), RESUMED, ids=named)
def test_the_run_that_goes_on_is_killed_too(runs, first, second):
    runs.finish()
    change(runs.lab.org)
    assert runs.run(first) == KILLED
    assert runs.run(second) == KILLED
    runs.finish()


@pytest.mark.parametrize("where", FULL, ids=named)
def test_a_full_resync_killed_at(runs, where):
    runs.finish()
    change(runs.lab.org)
    assert runs.run(where, mode="full") == KILLED
    runs.finish()


@pytest.mark.parametrize("where", REJECTED, ids=named)
def test_a_read_of_values_that_do_not_fit_killed_at(runs, where):
    runs.lab.org.records["Account"][7]["Amount__c"] = "12 apples"
    assert runs.run(where) == KILLED
    runs.finish()
    assert [r["value"] for r in runs.lab.rows("_rejected")] == ["12 apples"]


def test_every_step_is_killed_somewhere():
    pairs = [where for pair in RESUMED for where in pair]
    assert {where[0] for where in [*BULK, *REST, *FULL, *REJECTED, *pairs]} == set(Step)


def test_killed_at_random_moments(runs):
    """Moments between the steps, found by a step, as a start takes longer on a busy machine."""
    chance = random.Random(4)
    for _ in range(4):
        ends = []
        for _ in range(3):
            moment = ("any", "", chance.randrange(1, 45))
            ends.append(runs.run(moment, after=chance.uniform(0.001, 0.03)))
        assert KILLED in ends
        runs.finish()
        change(runs.lab.org)


def test_pages_done_before_the_kill_are_not_read_again(runs):
    org = runs.lab.org
    assert runs.run((Step.RECORD_PAGE, "end", 2)) == KILLED
    org.log.clear()
    outcome = runs.finish()
    assert outcome["resumed"] is True
    # The other worker may have done pages, too, before the kill reached the process.
    kept = [r for r in runs.lab.rows("account") if r["_run_id"] == "run-1"]
    done = math.ceil(len(kept) / org.page_rows)
    assert done >= 2
    assert org.calls("GET", "/results") == outcome["pages"] - done
    assert len(org.jobs) == 1


def test_a_slow_run_that_was_taken_for_dead_changes_nothing(runs):
    """It is stopped before its commit, as by a pause of its machine, and goes on later."""
    slow = runs.start((Step.COMMIT, "begin", 1), signalled=signal.SIGSTOP)
    assert runs.driver.wait(slow) == "stopped"
    runs.finish()
    os.kill(slow, signal.SIGCONT)
    assert runs.driver.wait(slow) == 0
    runs.check()
    assert runs.lab.json("runs/run-1/Account.json")["status"] == "superseded"


def test_a_slow_run_that_lands_first_supersedes_the_one_that_took_it_over(runs):
    slow = runs.start((Step.PAGE, "begin", 5), signalled=signal.SIGSTOP)
    assert runs.driver.wait(slow) == "stopped"
    other = runs.start((Step.READ_PROGRESS, "begin", 1), signalled=signal.SIGSTOP)
    assert runs.driver.wait(other) == "stopped"
    os.kill(slow, signal.SIGCONT)
    assert runs.driver.wait(slow) == 0
    os.kill(other, signal.SIGCONT)
    assert runs.driver.wait(other) == 0
    runs.note_watermark()
    runs.check()


@pytest.mark.parametrize("names", [("one", "two"), ("same", "same")], ids=["two", "twice"])
def test_two_runs_race_for_one_table(runs, names):
    """The second pair is one start that was delivered twice."""
    pids = [runs.start(name=name, dead_after=None) for name in names]
    assert [runs.driver.wait(pid) for pid in pids] == [0, 0]
    runs.note_watermark()
    runs.check()


def test_runs_that_do_not_see_each_others_claim_race_for_the_commit(runs):
    """Both stop before the commit; then both go on at once."""
    lab = runs.lab
    pids = []
    for _ in range(2):
        pids.append(runs.start((Step.COMMIT, "begin", 1), signalled=signal.SIGSTOP))
        assert runs.driver.wait(pids[-1]) == "stopped"
        lab.client("s3").delete_object(Bucket=lab.bucket, Key="loads/account/load.json")
    threads = [threading.Thread(target=os.kill, args=(pid, signal.SIGCONT)) for pid in pids]
    for thread in threads:
        thread.start()
    assert [runs.driver.wait(pid) for pid in pids] == [0, 0]
    runs.note_watermark()
    runs.check()
    statuses = [lab.json(f"runs/run-{n}/Account.json")["status"] for n in (1, 2)]
    assert sorted(statuses) == ["landed", "superseded"]
