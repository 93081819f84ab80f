from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.cli import cli
from lakehouse_tools.display import outcome
from lakehouse_tools.executions import start as starts
from lakehouse_tools.executions.progress import ExecutionProgress

CONFIG = Path(__file__).parents[4].joinpath("config", "salesforce_objects.json").read_text("utf-8")
ARN = "arn:aws:states:us-east-1:123456789012:execution:pipeline:e1"


@pytest.fixture
def requests(monkeypatch, stack):
    found: list[dict] = []

    def start(_environment, _stack, request):
        found.append(request.as_input())
        return ARN

    monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
    config = ObjectsConfig.from_text(CONFIG, where="config")
    monkeypatch.setattr("lakehouse_tools.configured.deployed_config", lambda *_: config)
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


def test_models_become_the_executions_input(requests, monkeypatch):
    ended(monkeypatch, status="SUCCEEDED")
    result = invoke("--models", "tag:core, +rpt_sales_funnel")
    assert result.exit_code == 0, result.output
    assert requests == [{"models": ["tag:core", "+rpt_sales_funnel"]}]


def denied(operation, code="AccessDeniedException"):
    def refuse(*_):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    return refuse


def test_whoever_may_not_read_the_secret_may_run_all_the_same(requests, monkeypatch):
    monkeypatch.setattr("lakehouse_tools.secret.require_filled", denied("GetSecretValue"))
    monkeypatch.setattr(
        "lakehouse_tools.configured.deployed_config", denied("GetObject", "AccessDenied")
    )
    ended(monkeypatch, status="SUCCEEDED")
    result = invoke("--groups", "sales")
    assert result.exit_code == 0, result.output
    assert requests == [{"groups": ["sales"]}]
    assert "the Salesforce secret was not looked at" in result.stderr
    assert "the deployed configuration was not looked at" in result.stderr


@pytest.mark.parametrize(
    "error",
    [
        denied("GetSecretValue", "InternalServiceError"),
        denied("GetSecretValue", "ResourceNotFoundException"),
    ],
)
def test_another_answer_than_a_denial_starts_nothing(requests, monkeypatch, error):
    monkeypatch.setattr("lakehouse_tools.secret.require_filled", error)
    result = invoke()
    assert (result.exit_code, requests) == (1, [])
    assert "AWS refused GetSecretValue" in result.stderr


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


def test_a_range_becomes_utc(requests, monkeypatch):
    ended(monkeypatch, status="SUCCEEDED")
    result = invoke("--since", "2026-01-31", "--until", "2026-02-02T12:00+02:00")
    assert result.exit_code == 0, result.output
    assert requests == [{"since": "2026-01-31T00:00:00Z", "until": "2026-02-02T10:00:00Z"}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "--since: got 'yesterday'; allowed: a UTC time such as"),
        (("--until", ""), "--until: got ''"),
        (("--since", "2026-02-01", "--until", "2026-02-01"), "--until: got '2026-02-01'"),
    ],
)
def test_a_mistake_is_refused_in_a_line_before_anything_starts(requests, options, said):
    result = invoke(*options)
    assert (result.exit_code, requests) == (2, [])
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_another_mode_is_refused_with_those_there_are(requests):
    result = invoke("--mode", "fast")
    assert (result.exit_code, requests) == (2, [])
    assert "reconcile" in result.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--objects", "Account,Acount"), "--objects: got 'Acount'; configured: Account, Contact"),
        (("--groups", "nope"), "--groups: got 'nope'; configured: sales, engagement"),
    ],
)
def test_what_is_not_configured_starts_nothing(requests, option, words):
    result = invoke(*option)
    assert (result.exit_code, requests) == (2, [])
    assert words in result.stderr
