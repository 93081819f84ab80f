"""Tasks that call services: jobs that are waited for, and what becomes of them.

docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html, connect-glue.html,
connect-codebuild.html, connect-sns.html, supported-services-awssdk.html.
"""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.until import until

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::123456789012:role/machine"
BUCKET = "step-functions-jobs"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
BUILD = "arn:aws:states:::codebuild:startBuild.sync"
SCRIPT = """
import os, sys, time
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
time.sleep(float(arguments.get("--sleep", 0)))
while "--until" in arguments and not os.path.exists(arguments["--until"]):
    time.sleep(0.05)
if "--fail" in arguments:
    sys.exit("boom: " + arguments["--fail"])
"""


class Machines:
    """Starts state machines made of one Task."""

    def __init__(self, local_aws: Any) -> None:
        self.client = local_aws.client("stepfunctions")

    def start(self, states: dict[str, Any], given: Any = None, **top: Any) -> str:
        top = {"QueryLanguage": "JSONata", **top}
        definition = {"StartAt": next(iter(states)), "States": states, **top}
        arn = self.client.create_state_machine(
            name=uuid.uuid4().hex, definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        text = json.dumps(given or {})
        return self.client.start_execution(stateMachineArn=arn, input=text)["executionArn"]

    def wait(self, execution: str) -> dict[str, Any]:
        return until(
            lambda: self.client.describe_execution(executionArn=execution),
            lambda found: found["status"] != "RUNNING",
        )

    def run(self, states: dict[str, Any], given: Any = None, **top: Any) -> dict[str, Any]:
        return self.wait(self.start(states, given, **top))

    def events(self, execution: str) -> list[dict[str, Any]]:
        return self.client.get_execution_history(executionArn=execution)["events"]

    def kinds(self, execution: str) -> list[str]:
        return [event["type"] for event in self.events(execution)]


@pytest.fixture(scope="module")
def machines(local_aws: Any) -> Machines:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="job.py", Body=SCRIPT.encode())
    return Machines(local_aws)


@pytest.fixture(scope="module")
def glue(local_aws: Any) -> Any:
    return local_aws.client("glue")


@pytest.fixture
def job(glue: Any, machines: Machines) -> str:
    name = f"machine-{uuid.uuid4().hex[:8]}"
    glue.create_job(
        Name=name,
        Role=ROLE,
        GlueVersion="5.1",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/job.py"},
        ExecutionProperty={"MaxConcurrentRuns": 2},
    )
    return name


@pytest.fixture(scope="module")
def project(local_aws: Any, machines: Machines) -> str:
    local_aws.create_build_project("machine-build", "true")
    return "machine-build"


def task(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    return {
        "T": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True} | fields
    }


def caught(resource: str, arguments: Any, *errors: str, **fields: Any) -> dict[str, Any]:
    catch = [{"ErrorEquals": list(errors) or ["States.ALL"], "Next": "S"}]
    return {**task(resource, arguments, Catch=catch, **fields), "S": {"Type": "Succeed"}}


def buildspec(*commands: str) -> str:
    return "version: 0.2\nphases:\n  build:\n    commands:\n" + "".join(
        f"      - {command}\n" for command in commands
    )


def runs(glue: Any, job: str) -> list[str]:
    """The states of the job's runs."""
    return [run["JobRunState"] for run in glue.get_job_runs(JobName=job)["JobRuns"]]


def all_stopped(states: list[str]) -> bool:
    return states == ["STOPPED"]


def test_a_run_is_waited_for_and_its_json_is_the_result(machines: Machines, job: str) -> None:
    arguments = {"JobName": job, "Arguments": {"--sleep": "{% $string($states.input.s) %}"}}
    found = machines.run(task(GLUE, arguments), {"s": 1})
    assert found["status"] == "SUCCEEDED", found
    run = json.loads(found["output"])
    assert (run["JobName"], run["JobRunState"]) == (job, "SUCCEEDED")
    assert run["Arguments"] == {"--sleep": "1"}
    assert run["StartedOn"] > 1e12  # milliseconds
    history = machines.events(found["executionArn"])
    kinds = [e["type"] for e in history]
    assert kinds[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
    scheduled = history[2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"]) == ("glue", "startJobRun.sync")
    assert json.loads(scheduled["parameters"])["JobName"] == job
    submitted = json.loads(history[4]["taskSubmittedEventDetails"]["output"])
    assert submitted["JobRunId"] == run["Id"]


def test_a_failed_run_is_task_failed_with_the_run_as_cause(machines: Machines, job: str) -> None:
    states = caught(GLUE, {"JobName": job, "Arguments": {"--fail": "x"}}, "States.TaskFailed")
    found = machines.run(states)
    assert found["status"] == "SUCCEEDED", found
    error = json.loads(found["output"])
    assert error["Error"] == "States.TaskFailed"
    run = json.loads(error["Cause"])
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "boom: x")


def test_each_retry_is_a_run(machines: Machines, glue: Any, job: str) -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    machines.run(task(GLUE, {"JobName": job, "Arguments": {"--fail": "x"}}, Retry=retry))
    assert len(glue.get_job_runs(JobName=job)["JobRuns"]) == 2


def test_exceptions_of_the_service_have_its_name(
    machines: Machines, job: str, tmp_path: Path
) -> None:
    unknown = machines.run(caught(GLUE, {"JobName": "nope"}, "Glue.EntityNotFoundException"))
    assert json.loads(unknown["output"])["Error"] == "Glue.EntityNotFoundException"
    assert "TaskSubmitFailed" in machines.kinds(unknown["executionArn"])
    name = "Glue.ConcurrentRunsExceededException"
    released = tmp_path / "released"
    arguments = {"JobName": job, "Arguments": {"--until": str(released)}}
    one = caught(GLUE, arguments, name, Output="ran")
    states = {"M": {"Type": "Map", "Items": [1, 2, 3], "End": True}}
    states["M"]["ItemProcessor"] = {"StartAt": "T", "States": one}
    execution = machines.start(states)
    until(lambda: machines.kinds(execution), lambda kinds: "TaskSubmitFailed" in kinds)
    released.touch()
    found = machines.wait(execution)
    assert found["status"] == "SUCCEEDED", found
    outputs = json.loads(found["output"])
    assert [o if o == "ran" else o["Error"] for o in outputs].count(name) == 1


def test_the_task_s_time_out_stops_the_run(machines: Machines, glue: Any, job: str) -> None:
    arguments = {"JobName": job, "Arguments": {"--sleep": "300"}}
    states = caught(GLUE, arguments, "States.Timeout", TimeoutSeconds="{% 1 %}")
    found = machines.run(states)
    assert json.loads(found["output"])["Error"] == "States.Timeout"
    until(lambda: runs(glue, job), all_stopped)
    assert "TaskTimedOut" in machines.kinds(found["executionArn"])


def test_the_machine_s_time_out_stops_the_run(machines: Machines, glue: Any, job: str) -> None:
    arguments = {"JobName": job, "Arguments": {"--sleep": "300"}}
    for seconds in (1, 5, 25):  # a slow machine may time out before it has started the run
        found = machines.run(caught(GLUE, arguments), TimeoutSeconds=seconds)
        assert found["status"] == "TIMED_OUT"
        if runs(glue, job):
            break
    until(lambda: runs(glue, job), all_stopped)


def test_stopping_the_execution_stops_the_run(machines: Machines, glue: Any, job: str) -> None:
    arguments = {"JobName": job, "Arguments": {"--sleep": "300"}}
    execution = machines.start(caught(GLUE, arguments))
    until(lambda: runs(glue, job))
    machines.client.stop_execution(executionArn=execution)
    assert machines.wait(execution)["status"] == "ABORTED"
    until(lambda: runs(glue, job), all_stopped)


def test_a_failed_sibling_stops_the_run(
    machines: Machines, local_aws: Any, glue: Any, job: str
) -> None:
    # The sibling fails when the object is there, which is when the run is.
    signal = {"Bucket": BUCKET, "Key": f"{job}.signal"}
    again = {"ErrorEquals": ["S3.NoSuchKeyException"], "MaxAttempts": 99, "BackoffRate": 1.0}
    look = task("arn:aws:states:::aws-sdk:s3:getObject", signal, Retry=[again], Next="F")
    del look["T"]["End"]
    branches = [
        {
            "StartAt": "T",
            "States": task(GLUE, {"JobName": job, "Arguments": {"--sleep": "300"}}),
        },
        {"StartAt": "T", "States": {**look, "F": {"Type": "Fail", "Error": "Boom"}}},
    ]
    execution = machines.start({"P": {"Type": "Parallel", "Branches": branches, "End": True}})
    until(lambda: runs(glue, job))
    local_aws.client("s3").put_object(**signal, Body=b"")
    assert machines.wait(execution)["error"] == "Boom"
    until(lambda: runs(glue, job), all_stopped)


def test_a_build_is_waited_for(machines: Machines, project: str) -> None:
    spec = buildspec('test "$NAME" = value')
    arguments = {
        "ProjectName": project,
        "BuildspecOverride": spec,
        "EnvironmentVariablesOverride": [{"Name": "NAME", "Value": "{% 'value' %}"}],
    }
    found = machines.run(task(BUILD, arguments))
    assert found["status"] == "SUCCEEDED", found
    build = json.loads(found["output"])["Build"]
    assert (build["BuildStatus"], build["ProjectName"]) == ("SUCCEEDED", project)
    assert build["Arn"].endswith(build["Id"])


def test_a_failed_build_says_so_in_the_cause(machines: Machines, project: str) -> None:
    arguments = {"ProjectName": project, "BuildspecOverride": buildspec("exit 3")}
    found = machines.run(task(BUILD, arguments))
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    build = json.loads(found["cause"])["Build"]
    assert build["BuildStatus"] == "FAILED"
    failed = [p for p in build["Phases"] if p.get("PhaseStatus") == "FAILED"]
    assert "exit 3" in failed[0]["Contexts"][0]["Message"]


def test_a_time_out_stops_the_build(machines: Machines, local_aws: Any, project: str) -> None:
    arguments = {"ProjectName": project, "BuildspecOverride": buildspec("sleep 300")}
    found = machines.run(task(BUILD, arguments, TimeoutSeconds=1))
    assert found["error"] == "States.Timeout"
    submitted = next(
        e["taskSubmittedEventDetails"]
        for e in machines.events(found["executionArn"])
        if e["type"] == "TaskSubmitted"
    )
    build = json.loads(submitted["output"])["Build"]["Id"]
    codebuild = local_aws.client("codebuild")

    until(
        lambda: codebuild.batch_get_builds(ids=[build])["builds"][0]["buildStatus"],
        lambda status: status == "STOPPED",
    )


def test_an_unknown_project_is_codebuild_s_exception(machines: Machines) -> None:
    found = machines.run(task(BUILD, {"ProjectName": "nope"}))
    assert found["error"] == "CodeBuild.ResourceNotFoundException"


def test_get_object_gives_the_body_as_text(machines: Machines, local_aws: Any) -> None:
    body = json.dumps({"a": ["ä", None]}, ensure_ascii=False)
    local_aws.client("s3").put_object(Bucket=BUCKET, Key="runs/a b/_x.json", Body=body.encode())
    arguments = {"Bucket": BUCKET, "Key": "{% 'runs/a b/_x.json' %}"}
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    output = "{% [$parse($states.result.Body).a, $states.result.ContentLength] %}"
    found = machines.run(task(resource, arguments, Output=output))
    assert found["status"] == "SUCCEEDED", found
    # An array in brackets is flattened, as JSONata does.
    assert json.loads(found["output"]) == ["ä", None, len(body.encode())]


def test_a_missing_key_and_a_missing_bucket(machines: Machines) -> None:
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    found = machines.run(task(resource, {"Bucket": BUCKET, "Key": "nope"}))
    assert found["error"] == "S3.NoSuchKeyException"
    assert "does not exist" in found["cause"]
    found = machines.run(task(resource, {"Bucket": "no-such-bucket", "Key": "nope"}))
    assert found["error"] == "S3.NoSuchBucketException"


def test_put_object(machines: Machines, local_aws: Any) -> None:
    arguments = {"Bucket": BUCKET, "Key": "out.json", "Body": {"n": "{% 1 %}"}}
    found = machines.run(task("arn:aws:states:::aws-sdk:s3:putObject", arguments))
    assert found["status"] == "SUCCEEDED", found
    body = local_aws.client("s3").get_object(Bucket=BUCKET, Key="out.json")["Body"].read()
    assert json.loads(body) == {"n": 1}


def test_publish_sends_text_and_objects(machines: Machines, local_aws: Any) -> None:
    sns, sqs = local_aws.client("sns"), local_aws.client("sqs")
    topic = sns.create_topic(Name="machine-alerts")["TopicArn"]
    queue = sqs.create_queue(QueueName="machine-alerts")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
    resource = "arn:aws:states:::sns:publish"
    for message, expected in (("{% 'a\nb' %}", "a\nb"), ({"n": "{% 1 %}"}, '{"n": 1}')):
        arguments = {"TopicArn": topic, "Message": message, "Subject": "s"}
        found = machines.run(task(resource, arguments))
        assert found["status"] == "SUCCEEDED", found
        assert json.loads(found["output"])["MessageId"]
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
        body = json.loads(received["Body"])
        assert (body["Message"], body["Subject"]) == (expected, "s")
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])


def test_an_unknown_topic_is_sns_s_exception(machines: Machines) -> None:
    arguments = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:nope", "Message": "x"}
    found = machines.run(task("arn:aws:states:::sns:publish", arguments))
    assert found["error"] == "SNS.NotFoundException"


def test_an_argument_that_is_not_known_fails(machines: Machines) -> None:
    arguments = {"Bucket": BUCKET, "Key": "x", "VersionId": "1"}
    found = machines.run(task("arn:aws:states:::aws-sdk:s3:getObject", arguments))
    assert found["error"] == "States.Runtime"
    assert "VersionId" in found["cause"]
