import json
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from lakehouse_tools.checks import Check
from lakehouse_tools.cli import cli
from lakehouse_tools.deploy import preflight, rollout
from lakehouse_tools.review.report import StackReview
from lakehouse_tools.review.stateful import Loss
from tests.unit.tools.comparison.test_faults import FAULTS, OLD, System

BUCKET = Loss(
    logical_id="LakeBucket1",
    name="Lake/Bucket",
    type="AWS::S3::Bucket",
    what="replaced",
    why="BucketName: a → b",
    kept=True,
)


@pytest.fixture
def steps(monkeypatch):
    """What a rollout did, where each step answers as a test wants."""
    done: list[str] = []
    answers: dict = {"check": True, "losses": [], "diff": "[~] a change"}

    class Scripted(rollout.Rollout):
        def start(self):
            done.append("start")

        def check(self):
            self._add(Check(name="Node", passed=answers["check"], text="22", remedy="newer"))
            return answers["check"]

        def review(self):
            done.append("review")
            return StackReview(
                stack="LakehouseDev",
                losses=answers["losses"],
                allowed=frozenset(self._allowed),
                added={},
                removed={},
                assets=[],
                diff=answers["diff"],
            )

        def deploy(self, found):
            done.append("nothing" if found.is_empty else "deploy")

        def verify(self):
            done.append("verify")
            self.outputs = {"LakeBucketName": "lake"}

    monkeypatch.setattr(rollout, "Rollout", Scripted)
    monkeypatch.setattr(rollout, "aws_errors", lambda _: nullcontext())
    return done, answers


@pytest.fixture
def gate(steps, monkeypatch, tmp_path):
    """A project whose comparison passed, of which the deployment asks the gate and checks no more.

    Called, it compares once more, of a system to which a fault was done first.
    """
    scripted = rollout.Rollout

    class Checked(scripted):
        check = scripted.__mro__[1].check

    class OnlyTheGate(preflight.Preflight):
        def checks(self):
            yield Check(name="Node", passed=True, text="22")
            if self._gate:
                yield from self._ask_gate()

    monkeypatch.setattr(rollout, "Rollout", Checked)
    monkeypatch.setattr(rollout, "Preflight", OnlyTheGate)
    monkeypatch.setattr(preflight, "find_project", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    system = System(tmp_path / "config")
    ended = datetime.now(UTC).isoformat()
    (system.folder / "runs").write_text(json.dumps([{"started": ended, "ended": ended}]))
    confirmed = {"what": "the team is trained", "by": "Ada", "on": "2026-01-31"}
    checklist = system.folder / "cutover_checklist.json"
    checklist.write_text(json.dumps({"confirmations": [confirmed]}))

    def compare(fault=None):
        if fault is not None:
            system.write(OLD, FAULTS[fault].format(n=9))
        return CliRunner().invoke(cli, ["compare", "--config", str(system.path)]).exit_code

    assert compare() == 0
    (first,) = (tmp_path / "comparison").glob("*.json")
    told = json.loads(first.read_text())  # two runs within a second have no order
    first.write_text(json.dumps({**told, "made_at": "2026-01-31T00:00:00+00:00"}))
    return compare, checklist


def call(*arguments):
    return CliRunner().invoke(cli, ["deploy", "--env", "dev", *arguments])


def test_nobody_to_ask_is_said_before_anything_happens(steps):
    done, _ = steps
    for arguments in ((), ("--json",)):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "--yes" in result.output
    assert done == []


def test_it_checks_reviews_deploys_and_verifies(steps):
    done, _ = steps
    result = call("--yes")
    assert result.exit_code == 0, result.output
    assert done == ["start", "review", "deploy", "verify"]
    assert "[~] a change" in result.output


def test_check_stops_before_the_deployment(steps):
    done, _ = steps
    assert call("--check").exit_code == 0
    assert done == ["start", "review"]


def test_a_check_that_fails_stops_before_the_review(steps):
    done, answers = steps
    answers["check"] = False
    result = call("--yes")
    assert result.exit_code == 1
    assert "→ newer" in result.output
    assert "nothing was deployed" in result.output
    assert done == ["start"]


def test_a_stateful_resource_goes_only_by_name(steps):
    done, answers = steps
    answers["losses"] = [BUCKET]
    result = call("--yes")
    assert result.exit_code == 1
    assert "say --allow LakeBucket1" in result.output
    assert done == ["start", "review"]
    assert call("--yes", "--allow", "LakeBucket1").exit_code == 0
    assert done[-2:] == ["deploy", "verify"]


def test_json_says_all_of_it(steps):
    _, answers = steps
    told = json.loads(call("--yes", "--json").output)
    assert (told["passed"], told["deployed"]) == (True, True)
    assert told["outputs"] == {"LakeBucketName": "lake"}
    assert "[~] a change" in told["review"]
    answers["check"] = False
    result = call("--yes", "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert (told["passed"], told["deployed"]) == (False, False)


def test_a_gate_that_passes_lets_the_deployment_go_on(steps, gate):
    done, _ = steps
    result = call("--yes", "--gate")
    assert result.exit_code == 0, result.output
    assert done == ["start", "review", "deploy", "verify"]
    assert "✓ gate                runs in a row that pass: 1 of 1: enough" in result.output


def test_a_gate_that_lacks_something_stops_before_the_deployment_and_lists_it(steps, gate):
    done, _ = steps
    compare, checklist = gate
    checklist.write_text('{"confirmations": [{"what": "the team is trained"}]}')
    assert compare("rows") == 1
    result = call("--yes", "--gate")
    assert result.exit_code == 1
    assert done == ["start"]
    told = [line for line in result.output.splitlines() if line.startswith("✗ gate")]
    assert "runs in a row that pass: 0 of 1" in told[0]
    assert any("dim_account: unexplained keys: 9 of 1,000 keys" in line for line in told)
    assert 'the team is trained: "by" and "on" in cutover_checklist.json' in told[-1]
    assert f"{len(told)} check(s) failed: nothing was deployed" in result.output
    assert call("--yes", "--gate", "--json").exit_code == 1
    assert done == ["start", "start"]


def test_the_gate_is_asked_only_where_somebody_says_so(steps, gate):
    done, _ = steps
    compare, _ = gate
    assert compare("rows") == 1
    result = call("--yes")
    assert (result.exit_code, "gate" in result.output) == (0, False)
    assert done == ["start", "review", "deploy", "verify"]


def test_a_gate_that_cannot_be_asked_stops_too(steps, gate):
    done, _ = steps
    _, checklist = gate
    checklist.unlink()
    result = call("--yes", "--gate")
    assert (result.exit_code, done) == (1, ["start"])
    assert "✗ gate" in result.output
    assert "cutover_checklist.json" in result.output
