import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.environment import Environment
from lakehouse_tools.executions import standing
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.needs import Kind, Need
from lakehouse_tools.executions.standing import Standing
from lakehouse_tools.executions.states import ObjectState

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
EXECUTION = PastExecution(
    arn="a", name="e1", status="SUCCEEDED", started=NOW - timedelta(minutes=5), stopped=NOW
)


@pytest.fixture
def status(monkeypatch, stack):
    """`lakehouse status` of an environment that stands as the test says."""

    def run(*arguments, **more):
        values = {
            "environment": Environment("dev"),
            "now": NOW,
            "executions": (EXECUTION,),
            "failure": None,
            "objects": (ObjectState(name="Account", rows=3, watermark=NOW, limit_minutes=60),),
            "needs": (),
            "api": {"used": 5, "limit": 100},
        }
        monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
        monkeypatch.setattr(standing, "look", lambda *_, **__: Standing(**{**values, **more}))
        return CliRunner().invoke(cli, ["status", "--env", "dev", *arguments])

    return run


def need(kind):
    return Need(kind=kind, object="Account", text="the matter", remedy="the remedy")


def test_all_well(status):
    result = status()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["execution", "status", "ago", "took"]
    assert lines[4].split() == ["Account", "3", "0", "s", "–"]
    assert "nothing needs you" in lines
    assert "5 of 100 (5%)" in lines[-1]
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.STALE, 1),
        (Kind.FAILED, 1),
        (Kind.BLOCKED, 0),
        (Kind.REJECTED, 0),
        (Kind.UNFILLED, 0),
    ],
)
def test_what_is_broken_or_too_old_is_exit_status_1(status, kind, code):
    result = status(needs=(need(kind),))
    assert result.exit_code == code
    assert f"{kind}  Account\n  the matter\n  → the remedy\n" in result.stdout
    assert result.stderr == ""
    found = json.loads(status("--json", needs=(need(kind),)).stdout)
    assert found["exit_status"] == code
    assert found["needs"] == [
        {"kind": kind, "object": "Account", "text": "the matter", "remedy": "the remedy"}
    ]


def test_a_failed_execution_is_told_on_standard_error(status):
    result = status(failure="the last execution, e1, FAILED: no")
    assert result.exit_code == 1
    assert result.stderr == "lakehouse: the last execution, e1, FAILED: no\n"


def test_before_the_first_execution(status):
    result = status(executions=(), objects=(), api=None)
    assert result.exit_code == 0
    assert result.stdout == "no executions yet: start one with `lakehouse run --env dev`\n"


def test_json_for_programs(status):
    found = json.loads(status("--json").stdout)
    assert found["at"] == "2026-02-01T12:00:00Z"
    (one,) = found["objects"]
    assert (one["behind_seconds"], one["stale"], one["stale_after_minutes"]) == (0, False, 60)
    assert found["executions"][0]["stopped"] == "2026-02-01T12:00:00Z"
    assert found["api"] == {"used": 5, "limit": 100}
