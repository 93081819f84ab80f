"""The pipeline's build in an account that may run one build, or none."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template

from lakehouse_constructs import _turn
from lakehouse_local import server
from lakehouse_local.home import Home
from tests.unit.local.conftest import LocalAws
from tests.until import until

pytestmark = pytest.mark.local_aws


@pytest.fixture
def account(
    tmp_path: Path, make_home: Callable[[Path], Home], request: pytest.FixtureRequest
) -> Iterator[LocalAws]:
    """A local AWS of its own that runs so many builds at once."""
    home = make_home(tmp_path)
    server.start(home, report=print, spark_pool=0, account_builds=request.param)
    yield LocalAws(home)
    server.stop(home)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The file that the other project's build waits for."""
    return tmp_path / "released"


@pytest.fixture
def execution(account: LocalAws, released: Path) -> Callable[[], dict[str, Any]]:
    """An execution of the states around a build, as it stands when asked.

    It begins while another project builds, where the account lets it.
    """
    client, builder = account.client("stepfunctions"), account.client("codebuild")
    waits = json.dumps(f"until test -e '{released}'; do sleep 0.1; done")
    for name, command in (("ours", "echo"), ("theirs", waits)):
        account.create_build_project(name, command, concurrentBuildLimit=1)
    with suppress(builder.exceptions.AccountLimitExceededException):
        builder.start_build(projectName="theirs")
    machine = client.create_state_machine(
        name=uuid.uuid4().hex, definition=states(), roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine)["executionArn"]

    def look() -> dict[str, Any]:
        standing = client.describe_execution(executionArn=arn)  # first: what ended adds no events
        events = client.get_execution_history(executionArn=arn)["events"]
        entered = [e["stateEnteredEventDetails"]["name"] for e in events if "Entered" in e["type"]]
        return {**standing, "entered": entered}

    return look


def states() -> str:
    """The states as CDK writes them, with waits of seconds."""
    stack = Stack(App(), "Turn")
    build = tasks.CodeBuildStartBuild.jsonata(
        stack,
        "Build",
        project=codebuild.Project.from_project_name(stack, "Project", "ours"),
        integration_pattern=sfn.IntegrationPattern.RUN_JOB,
        outputs={},
    )
    end = sfn.Pass.jsonata(stack, "End")
    _turn.wait(stack, build, given_up=end)
    first = sfn.Pass.jsonata(stack, "First", assign={"asked": 0})
    sfn.StateMachine(
        stack,
        "Machine",
        query_language=sfn.QueryLanguage.JSONATA,
        definition_body=sfn.DefinitionBody.from_chainable(first.next(build).next(end)),
    )
    (machine,) = (
        Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    )
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "aws" for part in parts)
    assert "20 * $asked" in text
    return text.replace("20 * $asked", "1 * $asked")


@pytest.mark.parametrize("account", [0], indirect=True)
def test_an_account_that_may_run_no_build_is_told_at_once(execution) -> None:
    ended = until(execution, lambda found: found["status"] != "RUNNING")

    assert ended["entered"] == ["First", "Build", "MayWait?", "End"]
    told = json.loads(ended["output"])["error"]
    assert told.startswith("CodeBuild lets this account run no build (Cannot have more than 0")
    assert "Service Quotas" in told


@pytest.mark.parametrize("account", [1], indirect=True)
def test_where_another_project_has_the_accounts_only_build_it_waits(
    account, execution, released
) -> None:
    until(execution, lambda found: "WaitForTurn" in found["entered"])
    released.touch()
    ended = until(execution, lambda found: found["status"] != "RUNNING")

    assert ended["status"] == "SUCCEEDED"
    assert ended["entered"][:4] == ["First", "Build", "MayWait?", "WaitForTurn"]
    assert ended["entered"][-2:] == ["Build", "End"]
    builds = account.client("codebuild").list_builds_for_project(projectName="ours")["ids"]
    assert len(builds) == 1
