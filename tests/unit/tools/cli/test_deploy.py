import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from lakehouse_tools.checks import Check
from lakehouse_tools.cli import cli
from lakehouse_tools.deploy import rollout
from lakehouse_tools.review.report import StackReview
from lakehouse_tools.review.stateful import Loss

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
