"""The demo's old lake against its marts: by the command, and as a step of the pipeline."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local import old_lake
from lakehouse_local.salesforce_org import lifecycle
from tests.integration.conftest import AFTER_THE_DEMO, ROOT

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def deployed(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The demo's lakehouse with its old lake named in config, as a team would deploy it."""
    lakehouse = demo.lakehouse
    project = tmp_path_factory.mktemp("project")
    for part in ("config", "stacks"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("app.py", "cdk.json"):
        shutil.copy2(ROOT / part, project / part)
    shutil.copy2(configured(lakehouse), project / "config" / "comparison.json")
    dev = project / "config" / "dev.json"
    named = {"database": old_lake.DATABASE, "bucket": old_lake.BUCKET}
    dev.write_text(json.dumps({**json.loads(dev.read_text()), "old_lake": named}))
    states = lakehouse.client("stepfunctions")
    machine = {"stateMachineArn": lakehouse.outputs["StateMachineArn"]}
    before = states.describe_state_machine(**machine)["definition"]
    up = lakehouse.run("up", "--plain", folder=project)
    assert up.status == 0, up.err
    yield lakehouse
    # The tests that follow know of no comparison; to deploy once more would take as long again.
    states.update_state_machine(**machine, definition=before)
    lakehouse.build_only(AFTER_THE_DEMO)


@pytest.fixture(scope="module")
def alerts(deployed: Any) -> str:
    """The address of a queue that hears what the alert topic says."""
    queues = deployed.client("sqs")
    queue = queues.create_queue(QueueName="alerts")["QueueUrl"]
    asked = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    deployed.client("sns").subscribe(
        TopicArn=deployed.outputs["AlertTopicArn"],
        Protocol="sqs",
        Endpoint=asked["Attributes"]["QueueArn"],
    )
    return queue


@pytest.fixture(scope="module")
def lost(demo: Any) -> list[str]:
    """Accounts of a batch that only the old lake has got, from here on."""
    told = json.loads((demo.lakehouse.home.instance / "demo.json").read_text())
    assert told["comparison"] in ("pass", "warn")
    return old_lake.plant_lost_batch(demo.lakehouse.client)


def configured(lakehouse: Any) -> Path:
    return lakehouse.home.instance / "comparison" / "comparison.json"


def test_the_demo_compared_and_said_what_the_gate_lacks(demo: Any) -> None:
    assert "comparison: pass" in demo.result.out
    assert "✗ runs in a row that pass: 1 of 5" in demo.result.out


def test_a_lost_batch_turns_the_verdict_of_the_next_execution_and_somebody_is_told(
    deployed: Any, alerts: str, lost: list[str]
) -> None:
    lifecycle.change(deployed.home)  # news, without which nothing is built
    small = ("--objects", "UserRole", "--models", "stg_salesforce__user_roles")
    result = deployed.run("run", "--plain", *small)
    assert result.status == 0, result.err  # a difference is no fault of the load
    states, newest = deployed.client("stepfunctions"), deployed.executions()[0]
    output = states.describe_execution(executionArn=newest["executionArn"])["output"]
    assert json.loads(output)["comparison"] == "fail"

    place, folder = deployed.outputs["LakeBucketName"], f"runs/{newest['name']}"
    page = f"s3://{place}/{folder}/_comparison.html"
    assert f"comparison: fail: {page}" in log_of_last_build(deployed)
    left = deployed.client("s3").get_object(Bucket=place, Key=f"{folder}/_comparison.html")
    assert "1 of the last 2 runs passed" in left["Body"].read().decode()

    queues = deployed.client("sqs")
    (told,) = queues.receive_message(QueueUrl=alerts, WaitTimeSeconds=5)["Messages"]
    body = json.loads(told["Body"])
    assert body["Subject"] == "lakehouse_dev: the comparison fails now"
    assert f"dim_account: unexplained keys: {len(lost)} of" in body["Message"]
    assert page in body["Message"]


def log_of_last_build(lakehouse: Any) -> str:
    build = lakehouse.client("codebuild")
    ids = build.list_builds_for_project(projectName=lakehouse.outputs["DbtProjectName"])["ids"]
    where = build.batch_get_builds(ids=ids[:1])["builds"][0]["logs"]
    events = lakehouse.client("logs").get_log_events(
        logGroupName=where["groupName"], logStreamName=where["streamName"]
    )["events"]
    return "\n".join(event["message"] for event in events)


def test_the_command_names_the_keys_of_a_lost_batch(
    demo: Any, lost: list[str], tmp_path: Path
) -> None:
    lakehouse, config = demo.lakehouse, str(configured(demo.lakehouse))
    done = lakehouse.run("compare", "--config", config, "--output", str(tmp_path))
    assert done.status == 1, done.err
    assert f"dim_account: unexplained keys: {len(lost)} of" in done.out
    (report,) = (json.loads(path.read_text()) for path in tmp_path.glob("*.json"))
    (account,) = (t for t in report["tables"] if t["name"] == "dim_account")
    named = {d["key"][0][:15] for d in account["rows"]["differing"] if d["unexplained"]}
    assert named == set(lost)
    gate = lakehouse.run("gate", "--config", config)
    assert gate.status == 1
    assert "✗ runs in a row that pass: 0 of 5" in gate.out
