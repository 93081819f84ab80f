import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.cli import cli
from lakehouse_tools.executions import follow, history, outcomes
from lakehouse_tools.executions.progress import (
    READING,
    BuildProgress,
    ExecutionProgress,
    GroupProgress,
    ObjectProgress,
)


@pytest.fixture
def report(monkeypatch, stack):
    one = {**blank_outcome("sales", "Account"), "status": "landed", "resumed": True}
    monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
    monkeypatch.setattr(history, "said_of", lambda *_: "succeeded")
    monkeypatch.setattr(outcomes, "object_outcomes", lambda *_: [one])
    monkeypatch.setattr(outcomes, "build_outcome", lambda *_: None)
    return lambda *a: CliRunner().invoke(cli, ["report", "e1", "--env", "dev", *a])


@pytest.fixture
def underway(report, monkeypatch):
    """The report of an execution that so ended, or runs, with a Glue run and a build."""
    started = datetime.now(UTC) - timedelta(hours=3)
    account = ObjectProgress(name="Account", group="sales", status=READING, rows=7, seconds=2)
    lead = ObjectProgress(name="Lead", group="sales")

    def run(said, *options, build_state="IN_PROGRESS"):
        progress = ExecutionProgress(
            arn="a:e1",
            name="e1",
            started=started,
            status=said.upper().replace(" ", "_"),
            states=("Build",) if said == "running" else (),
            groups={
                "sales": GroupProgress(
                    name="sales",
                    run_id="jr_1",
                    state="TIMEOUT",
                    started=started,
                    ended=started + timedelta(hours=1),
                    objects={"Account": account, "Lead": lead},
                )
            },
            build=BuildProgress(build_id="dbt:1", state=build_state, phase="BUILD"),
        )
        asked = []
        monkeypatch.setattr(history, "said_of", lambda *_: said)
        monkeypatch.setattr(follow.Follower, "__init__", lambda self, *a: asked.append(a[-1]))
        monkeypatch.setattr(follow.Follower, "refresh", lambda self: progress)
        found = report(*options)
        return found, asked

    return run


def test_an_execution_object_by_object(report):
    lines = report().stdout.splitlines()
    assert lines[0] == "execution e1 succeeded"
    assert lines[2].split()[:2] == ["Account", "landed"]
    assert lines[3] == "Account: went on with the load of a run that died"


def test_json_for_programs(report):
    found = json.loads(report("--json").stdout)
    assert (found["execution"], found["status"], found["build"]) == ("e1", "succeeded", None)
    assert found["objects"][0]["resumed"] is True


@pytest.mark.parametrize("said", ["running", "timed out", "aborted"])
def test_what_runs_of_one_that_did_not_end_by_itself(underway, stack, said):
    found, asked = underway(said)
    lines = found.stdout.splitlines()
    where = "building with dbt" if said == "running" else said
    assert lines[:5] == [
        f"execution e1 {said}",
        f"3 h 00 m: {where}",
        "sales: Glue run jr_1 is TIMEOUT, 1 h 00 m",
        "  Account reading: 7 rows, 0.0 kB, 4 rows/s, 2.0 s",
        "dbt: build dbt:1 is IN_PROGRESS (BUILD)",
    ]
    assert asked == [f"{stack.state_machine_arn.replace('stateMachine', 'execution')}:e1"]
    assert json.loads(underway(said, "--json")[0].stdout)["underway"]["runs"] == [
        {"group": "sales", "run": "jr_1", "state": "TIMEOUT"}
    ]


def test_one_that_ended_by_itself_says_all_by_its_outcomes(underway):
    found, asked = underway("failed: ObjectsFailed: 1 of 2 objects failed")
    assert not asked
    assert "Glue run" not in found.stdout
