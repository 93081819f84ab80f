from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_jobs.contract.progress import Event, line
from lakehouse_tools.executions.follow import Follower, current_states, output_log_groups

NAME = "20260131-080000-3f9a"
ARN = f"arn:aws:states:us-east-1:123456789012:execution:pipeline:{NAME}"
START = datetime(2026, 1, 31, 8, tzinfo=UTC)


def described(status="RUNNING", **more):
    return {
        "executionArn": ARN,
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline",
        "name": NAME,
        "status": status,
        "startDate": START,
        **more,
    }


def entered(number, name, kind="Task"):
    details = {"stateEnteredEventDetails": {"name": name}}
    return {"id": number, "timestamp": START, "type": f"{kind}StateEntered", **details}


def left(number, name, kind="Task"):
    details = {"stateExitedEventDetails": {"name": name}}
    return {"id": number, "timestamp": START, "type": f"{kind}StateExited", **details}


def run(run_id, state, *, after=1, execution=NAME, **more):
    return {
        "Id": run_id,
        "JobName": "extract",
        "StartedOn": START + timedelta(seconds=after),
        "JobRunState": state,
        "Arguments": {"--execution_name": execution, "--group": "sales"},
        **more,
    }


def log(*messages, token="f/1"):
    events = [{"timestamp": 1, "message": m, "ingestionTime": 1} for m in messages]
    return {"events": events, "nextForwardToken": token, "nextBackwardToken": "b/1"}


@pytest.fixture
def services(stub):
    """Answers of one refresh, service by service, in the order they are asked."""

    class Services:
        def describes(self, *args, **more):
            stub("stepfunctions").add_response("describe_execution", described(*args, **more))

        def history(self, *events):
            answer = {"events": sorted(events, key=lambda e: -e["id"])}
            stub("stepfunctions").add_response("get_execution_history", answer)

        def runs(self, *runs):
            stub("glue").add_response("get_job_runs", {"JobRuns": list(runs)})

        def job(self, **more):
            job = {"Name": "extract", "Role": "arn:aws:iam::1:role/r", **more}
            stub("glue").add_response("get_job", {"Job": job})

        def log(self, group, stream, *messages):
            names = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
            if messages:
                stub("logs").add_response("get_log_events", log(*messages), names)
                stub("logs").add_response("get_log_events", log(), {**names, "nextToken": "f/1"})
            else:
                stub("logs").add_client_error(
                    "get_log_events", "ResourceNotFoundException", expected_params=names
                )

        def builds(self, *builds):
            ids = [b["id"] for b in builds]
            stub("codebuild").add_response("list_builds_for_project", {"ids": ids} if ids else {})
            if builds:
                stub("codebuild").add_response("batch_get_builds", {"builds": list(builds)})

    return Services()


def test_one_refresh_reads_states_runs_build_and_both_logs(account, stack, services):
    services.describes()
    follower = Follower(account, stack, ARN)
    services.describes()
    services.history(
        entered(1, "Plan"), left(2, "Plan"), entered(3, "EachGroup", "Map"), entered(4, "Extract")
    )
    services.runs(run("jr_1", "RUNNING"), run("jr_0", "SUCCEEDED", after=-90, execution="another"))
    services.job()
    services.log(
        "/aws-glue/jobs/output", "jr_1", "hello", line(Event.RUN_STARTED, objects=["Account"])
    )
    services.builds(
        build("dbt:2", execution="another"),
        build("dbt:1", groupName="/dbt", streamName="b1"),
    )
    services.log("/dbt", "b1", "08:00:01  1 of 2 OK created sql table model m.a .. [OK in 1.50s]")
    progress = follower.refresh()
    assert progress.states == ("EachGroup", "Extract")
    assert list(progress.groups["sales"].objects) == ["Account"]
    assert progress.build is not None
    assert progress.build.build_id == "dbt:1"
    assert [n.seconds for n in progress.build.finished] == [1.5]
    assert progress.running


def build(build_id, *, execution=NAME, **logs):
    variables = [{"name": "LAKEHOUSE_EXECUTION_NAME", "value": execution}]
    return {
        "id": build_id,
        "buildStatus": "IN_PROGRESS",
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "i",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": variables,
        },
        "logs": logs,
    }


def test_what_was_logged_before_the_end_is_complete_at_the_end(account, stack, services):
    services.describes()
    follower = Follower(account, stack, ARN)
    services.describes("FAILED", stopDate=START, error="ObjectsFailed", cause="1 of 1 failed: …")
    services.history(entered(1, "Extract"))
    services.runs(run("jr_1", "FAILED", ErrorMessage="1 of 1 objects failed"))
    services.job()
    end = line(Event.OBJECT_FINISHED, object="Lead", status="failed", message="no", rows=0)
    services.log("/aws-glue/jobs/output", "jr_1", end)
    services.builds()
    progress = follower.refresh()
    assert progress.groups["sales"].objects["Lead"].message == "no"
    assert progress.groups["sales"].error == "1 of 1 objects failed"
    assert (progress.status, progress.error, progress.states) == ("FAILED", "ObjectsFailed", ())


def test_a_retried_group_shows_its_newest_run(account, stack, services):
    services.describes()
    follower = Follower(account, stack, ARN)
    services.describes()
    services.history(entered(1, "Extract"))
    services.runs(run("jr_2", "RUNNING", after=30), run("jr_1", "FAILED"))
    services.job()
    services.log("/aws-glue/jobs/output", "jr_2")
    services.builds()
    assert follower.refresh().groups["sales"].run_id == "jr_2"


def test_only_new_pages_of_a_long_history_are_read(account, stack, services, stub):
    services.describes()
    follower = Follower(account, stack, ARN)
    for events, token in (
        ([entered(3, "Build"), left(2, "Plan")], "older"),
        ([entered(1, "Plan")], None),
    ):
        answer = {"events": events} | ({"nextToken": token} if token else {})
        stub("stepfunctions").add_response("get_execution_history", answer)
    follower._read_history()
    assert follower.progress.states == ("Build",)
    answer = {"events": [left(4, "Build"), entered(3, "Build")], "nextToken": "older"}
    stub("stepfunctions").add_response("get_execution_history", answer)
    follower._read_history()
    assert follower.progress.states == ()


def test_a_state_entered_twice_is_open_until_left_twice():
    events = [entered(1, "Extract"), entered(2, "Extract"), left(3, "Extract")]
    assert current_states(events) == ("Extract",)
    assert current_states([*events, left(4, "Extract")]) == ()


def test_log_groups_follow_prefix_and_security_configuration():
    job = {
        "Role": "arn:aws:iam::1:role/path/extract-role",
        "SecurityConfiguration": "logs",
        "DefaultArguments": {"--custom-logGroup-prefix": "/lake"},
    }
    assert output_log_groups(job, {"LogGroupName": "/other"}) == [
        "/lake/logs-role/extract-role/output",
        "/lake/output",
        "/other/output",
    ]
    assert output_log_groups({}, {"LogGroupName": "/aws-glue/jobs"}) == ["/aws-glue/jobs/output"]
