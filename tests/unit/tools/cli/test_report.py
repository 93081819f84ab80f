import json

import pytest
from click.testing import CliRunner

from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.cli import cli
from lakehouse_tools.executions import history, outcomes


@pytest.fixture
def report(monkeypatch, stack):
    one = {**blank_outcome("sales", "Account"), "status": "landed", "resumed": True}
    monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
    monkeypatch.setattr(history, "said_of", lambda *_: "succeeded")
    monkeypatch.setattr(outcomes, "object_outcomes", lambda *_: [one])
    monkeypatch.setattr(outcomes, "build_outcome", lambda *_: None)
    return lambda *a: CliRunner().invoke(cli, ["report", "e1", "--env", "dev", *a])


def test_an_execution_object_by_object(report):
    lines = report().stdout.splitlines()
    assert lines[0] == "execution e1 succeeded"
    assert lines[2].split()[:2] == ["Account", "landed"]
    assert lines[3] == "Account: went on with the load of a run that died"


def test_json_for_programs(report):
    found = json.loads(report("--json").stdout)
    assert (found["execution"], found["status"], found["build"]) == ("e1", "succeeded", None)
    assert found["objects"][0]["resumed"] is True
