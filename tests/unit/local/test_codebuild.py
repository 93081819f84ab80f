import io
import json
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.local_aws import codebuild_build
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.logs import CloudWatchLogs
from lakehouse_local.local_aws.processes import Processes
from tests.until import until

pytestmark = pytest.mark.local_aws

BUCKET = "codebuild"


@pytest.fixture(scope="module")
def codebuild(local_aws: Any) -> Any:
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    return local_aws.client("codebuild")


@pytest.fixture
def project(codebuild: Any, local_aws: Any) -> Callable[..., str]:
    """Make a project from the files of its source; its name."""

    def make(files: dict[str, str | bytes], **given: Any) -> str:
        name = f"build-{uuid.uuid4().hex[:8]}"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            for path, text in files.items():
                packed.writestr(path, text)
        s3 = local_aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=archive.getvalue())
        environment = {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": given.pop("variables", []),
        }
        codebuild.create_project(
            name=name,
            source={"type": "S3", "location": f"{BUCKET}/{name}.zip"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment=environment,
            serviceRole="arn:aws:iam::123456789012:role/build",
            **given,
        )
        return name

    return make


def spec(*commands: str, **phases: Any) -> str:
    env = phases.pop("env", {})
    phases = {"build": {"commands": list(commands)}, **phases}
    return json.dumps({"version": "0.2", "env": env, "phases": phases})


def wait(codebuild: Any, build: str) -> dict[str, Any]:
    return until(
        lambda: codebuild.batch_get_builds(ids=[build])["builds"][0],
        lambda found: found["buildStatus"] != "IN_PROGRESS",
    )


def run(codebuild: Any, project: str, **given: Any) -> dict[str, Any]:
    started = codebuild.start_build(projectName=project, **given)["build"]
    assert started["buildStatus"] == "IN_PROGRESS"
    return wait(codebuild, started["id"])


def log(local_aws: Any, build: dict[str, Any]) -> list[str]:
    names = {"logGroupName": build["logs"]["groupName"]}
    names["logStreamName"] = build["logs"]["streamName"]
    events = local_aws.client("logs").get_log_events(**names)["events"]
    messages = [event["message"] for event in events]
    return [message for message in messages if not message.startswith("[Container]")]


def phase(build: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in build["phases"] if each["phaseType"] == name)


def test_one_shell_sources_variables_and_exports(
    local_aws: Any, codebuild: Any, project: Any
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inside.txt", "second source")
    s3 = local_aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="second.zip", Body=archive.getvalue())
    secret = local_aws.client("secretsmanager").create_secret(
        Name="build-secret", SecretString='{"key": "hidden"}'
    )["ARN"]
    buildspec = spec(
        "cd / && X='a b'",
        'printf "%s\\n" "$PWD $X $ONE $TWO $THREE $SECRET"',
        "cat $CODEBUILD_SRC_DIR_second/inside.txt; echo",
        "ls $CODEBUILD_SRC_DIR",
        "python -c 'import dbt.adapters.glue, sys; print(sys.version_info[:2])'",
        env={
            "variables": {"ONE": "spec", "TWO": "spec", "THREE": "spec"},
            "secrets-manager": {"SECRET": f"{secret}:key"},
            "exported-variables": ["X"],
        },
        install={"runtime-versions": {"python": "3.11"}},
    )
    name = project(
        {"buildspec.yml": buildspec},
        variables=[{"name": "TWO", "value": "project"}, {"name": "THREE", "value": "project"}],
        secondarySources=[
            {"type": "S3", "location": f"{BUCKET}/second.zip", "sourceIdentifier": "second"}
        ],
        logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "/my/builds"}},
    )
    overrides = [{"name": "THREE", "value": "call"}]
    build = run(codebuild, name, environmentVariablesOverride=overrides)
    assert build["buildStatus"] == "SUCCEEDED", [each.get("contexts") for each in build["phases"]]
    assert build["logs"]["groupName"] == "/my/builds"
    assert log(local_aws, build) == [
        "/ a b spec project call hidden",
        "second source",
        "buildspec.yml",
        "(3, 11)",
    ]
    assert build["exportedEnvironmentVariables"] == [{"name": "X", "value": "a b"}]
    shown = codebuild.batch_get_projects(names=[name])["projects"][0]
    assert shown["secondarySources"][0]["sourceIdentifier"] == "second"


@pytest.mark.parametrize("command", ["false", "exit 1", "set -e; false"])
def test_a_failed_command_fails_the_build_and_post_build_runs(
    local_aws: Any, codebuild: Any, project: Any, command: str
) -> None:
    post = {"commands": ["echo succeeding $CODEBUILD_BUILD_SUCCEEDING"]}
    name = project({"buildspec.yml": spec(command, "echo never", post_build=post)})
    build = run(codebuild, name)
    assert build["buildStatus"] == "FAILED"
    context = phase(build, "BUILD")["contexts"][0]
    assert context["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert context["message"] == (
        f"Error while executing command: {command}. Reason: exit status 1"
    )
    assert phase(build, "POST_BUILD")["phaseStatus"] == "SUCCEEDED"
    assert log(local_aws, build) == ["succeeding 0"]


def test_after_a_failed_install_nothing_else_runs(
    local_aws: Any, codebuild: Any, project: Any
) -> None:
    install = {"commands": ["exit 3"], "finally": ["echo never, as the shell has ended"]}
    name = project({"buildspec.yml": spec("echo never", install=install)})
    build = run(codebuild, name)
    assert build["buildStatus"] == "FAILED"
    assert "exit status 3" in phase(build, "INSTALL")["contexts"][0]["message"]
    assert [each["phaseType"] for each in build["phases"]][-2:] == ["INSTALL", "COMPLETED"]


def test_finally_runs_after_a_failure(local_aws: Any, codebuild: Any, project: Any) -> None:
    phases = {"pre_build": {"commands": ["false"], "finally": ["echo cleaned up"]}}
    build = run(codebuild, project({"buildspec.yml": spec("echo never", **phases)}))
    assert log(local_aws, build) == ["cleaned up"]


def test_a_build_that_is_stopped(codebuild: Any, project: Any) -> None:
    name = project({"buildspec.yml": spec("sleep 300", post_build={"commands": ["echo no"]})})
    build = codebuild.start_build(projectName=name)["build"]["id"]
    until(lambda: phase_names(codebuild, build), lambda names: names[-1] == "BUILD")
    stopped = codebuild.stop_build(id=build)["build"]
    assert stopped["buildStatus"] == "STOPPED"
    assert phase(stopped, "BUILD")["phaseStatus"] == "STOPPED"
    assert "POST_BUILD" not in phase_names(codebuild, build)
    done = run(codebuild, project({"buildspec.yml": spec("true")}))
    assert codebuild.stop_build(id=done["id"])["build"]["buildStatus"] == "SUCCEEDED"


def test_a_build_that_takes_longer_than_it_may(
    tmp_path: Path, make_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In this process: AWS and its SDK take no time-out below five minutes.
    monkeypatch.setattr(codebuild_build, "_MINUTE", 0.2)
    home = make_home(tmp_path)
    context = Context(home=home, processes=Processes(home.state), logs=CloudWatchLogs())
    record: dict[str, Any] = {
        "id": "late:1",
        "arn": "arn:aws:codebuild:us-east-1:123456789012:build/late:1",
        "projectName": "late",
        "buildNumber": 1,
        "initiator": "test",
        "startTime": 0.0,
        "buildStatus": "IN_PROGRESS",
        "phases": [],
        "logs": {"groupName": "/late", "streamName": "1"},
    }
    source = {"type": "NO_SOURCE", "buildspec": spec("sleep 300")}
    project = {"source": source, "timeoutInMinutes": 5}
    codebuild_build.Build(context, project, record).carry_out()
    assert record["buildStatus"] == "TIMED_OUT"
    assert record["buildComplete"]
    assert context.processes.running() == {}


def phase_names(codebuild: Any, build: str) -> list[str]:
    found = codebuild.batch_get_builds(ids=[build])["builds"][0]
    return [each["phaseType"] for each in found["phases"]]


def test_the_concurrent_build_limit(codebuild: Any, project: Any) -> None:
    name = project({"buildspec.yml": spec("sleep 300")}, concurrentBuildLimit=1)
    build = codebuild.start_build(projectName=name)["build"]["id"]
    with pytest.raises(codebuild.exceptions.AccountLimitExceededException, match="limit of 1"):
        codebuild.start_build(projectName=name)
    codebuild.stop_build(id=build)
    again = codebuild.start_build(projectName=name)["build"]["id"]
    codebuild.stop_build(id=again)


def test_what_a_build_installs_ends_with_it(codebuild: Any, project: Any, make_wheel: Any) -> None:
    commands = [
        "pip install --quiet --no-index left_over-1.0-py3-none-any.whl",
        "python -c 'import left_over, dbt.version'",
    ]
    wheel = make_wheel("left_over", "")
    files = {"buildspec.yml": spec(*commands), "left_over-1.0-py3-none-any.whl": wheel}
    assert run(codebuild, project(files))["buildStatus"] == "SUCCEEDED"
    second = run(codebuild, project({"buildspec.yml": spec(commands[1])}))
    assert second["buildStatus"] == "FAILED"


@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        ("version: 0.1\nphases: {}", "version: got 0.1"),
        ("version: 0.2\nphases: {build: {on-failure: CONTINUE}}", "on-failure: got 'CONTINUE'"),
        ("version: 0.2\nenv: {parameter-store: {A: b}}\nphases: {}", "'parameter-store'"),
        ("version: 0.2\nphases: {install: {runtime-versions: {nodejs: 20}}}", "nodejs: 20"),
        ("version: 0.2\nphases: [", "YAML_FILE_ERROR"),
    ],
)
def test_a_buildspec_that_cannot_be_carried_out(
    codebuild: Any, project: Any, buildspec: str, message: str
) -> None:
    build = run(codebuild, project({"buildspec.yml": buildspec}))
    assert build["buildStatus"] == "FAILED"
    context = phase(build, "DOWNLOAD_SOURCE")["contexts"][0]
    assert context["statusCode"] == "CLIENT_ERROR"
    assert message in context["message"]


def test_a_missing_source(codebuild: Any, project: Any) -> None:
    name = project({"buildspec.yml": spec("true")})
    build = run(codebuild, name, sourceLocationOverride=f"{BUCKET}/none.zip")
    message = phase(build, "DOWNLOAD_SOURCE")["contexts"][0]["message"]
    assert message == f"no such object: s3://{BUCKET}/none.zip"


def test_what_cannot_be_done_here_is_refused(codebuild: Any, project: Any) -> None:
    name = project({"buildspec.yml": spec("true")})
    refused = codebuild.exceptions.InvalidInputException
    with pytest.raises(refused, match="does not support imageOverride"):
        codebuild.start_build(projectName=name, imageOverride="other")
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.start_build(projectName="none")


def test_cloudformation_keeps_what_ministack_drops(local_aws: Any, codebuild: Any) -> None:
    source = {"Type": "S3", "Location": f"{BUCKET}/x.zip"}
    properties = {
        "Name": "from-a-template",
        "ServiceRole": "arn:aws:iam::123456789012:role/build",
        "Source": source,
        "SecondarySources": [{**source, "SourceIdentifier": "second"}],
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "ConcurrentBuildLimit": 1,
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "/mine"}},
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "Image": "aws/codebuild/standard:7.0",
            "ComputeType": "BUILD_GENERAL1_SMALL",
        },
    }
    resource = {"Type": "AWS::CodeBuild::Project", "Properties": properties}
    cloudformation = local_aws.client("cloudformation")
    template = json.dumps({"Resources": {"Project": resource}})
    cloudformation.create_stack(StackName="builds", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="builds", WaiterConfig={"Delay": 1}
    )
    shown = codebuild.batch_get_projects(names=["from-a-template"])["projects"][0]
    assert shown["secondarySources"][0]["sourceIdentifier"] == "second"
    assert shown["concurrentBuildLimit"] == 1
    assert shown["logsConfig"]["cloudWatchLogs"]["groupName"] == "/mine"
