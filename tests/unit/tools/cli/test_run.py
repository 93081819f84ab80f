from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.display import outcome
from lakehouse_tools.executions import start as starts
from lakehouse_tools.executions.progress import ExecutionProgress

ARN = "arn:aws:states:us-east-1:123456789012:execution:pipeline:e1"


@pytest.fixture
def requests(monkeypatch, stack):
    found: list[dict] = []

    def start(_environment, _stack, request):
        found.append(request.as_input())
        return ARN

    monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
    monkeypatch.setattr("lakehouse_tools.secret.require_filled", lambda *_: "https://acme")
    monkeypatch.setattr(starts, "start", start)
    monkeypatch.setattr(outcome, "Follower", lambda *_: None)
    return found


def ended(monkeypatch, **more):
    progress = ExecutionProgress(arn=ARN, name="e1", started=datetime.now(UTC), **more)
    monkeypatch.setattr(outcome, "follow", lambda *_, **__: progress)


def invoke(*arguments):
    return CliRunner().invoke(cli, ["run", "--env", "prod", *arguments])


def test_options_become_the_executions_input(requests, monkeypatch):
    ended(monkeypatch, status="SUCCEEDED")
    result = invoke("--objects", "Account, Contact", "--mode", "full", "--full-refresh")
    assert result.exit_code == 0, result.output
    assert requests == [{"objects": ["Account", "Contact"], "mode": "full", "full_refresh": True}]


def test_a_failed_execution_is_its_cause_in_one_line(requests, monkeypatch):
    ended(monkeypatch, status="FAILED", error="ObjectsFailed", cause="1 of 2 failed:\n Lead: no")
    result = invoke()
    assert result.exit_code == 1
    assert result.stderr == (
        "lakehouse: execution e1 FAILED: ObjectsFailed: 1 of 2 failed: Lead: no\n"
    )


def test_ctrl_c_says_that_the_execution_goes_on(requests, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "follow", interrupted)
    result = invoke()
    assert result.exit_code == 130
    assert "execution e1 goes on" in result.stderr
    assert "`lakehouse stop --env prod`" in result.stderr


def test_without_waiting_it_names_the_execution(requests):
    result = invoke("--no-wait")
    assert result.exit_code == 0
    assert "execution e1 started" in result.stdout


@pytest.mark.parametrize("option", [("--mode", "reconcile"), ("--since", "2026-01-01")])
def test_what_no_job_carries_out_is_not_offered(requests, option):
    result = invoke(*option)
    assert (result.exit_code, requests) == (2, [])
    assert option[0] in result.stderr
