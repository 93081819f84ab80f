"""Which executions of the pipeline tell how long it takes from end to end."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.response import StreamingBody

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Performance, RunSource
from lakehouse_tools.comparison.performance import compare_performance, durations

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LANDED = {"landed": ["Account"], "unchanged": 3, "build": "succeeded"}
QUIET = {"landed": [], "unchanged": 4, "build": "not_started"}
REBUILT = {"landed": [], "unchanged": 4, "build": "succeeded"}  # only earlier rows, or asked for


def found(stub, account, stack, *runs):
    """``runs``: minutes, output; the newest first, an hour apart."""
    listed = []
    states = stub("stepfunctions")
    for index, (minutes, _) in enumerate(runs):
        begin = NOW - timedelta(hours=index + 1)
        listed.append(
            {
                "executionArn": f"{stack.state_machine_arn}:{index}",
                "stateMachineArn": stack.state_machine_arn,
                "name": str(index),
                "status": "SUCCEEDED",
                "startDate": begin,
                "stopDate": begin + timedelta(minutes=minutes),
            }
        )
    asked = {"stateMachineArn": stack.state_machine_arn, "statusFilter": "SUCCEEDED"}
    before = {**listed[0], "startDate": NOW - timedelta(days=9)}  # nobody asks what it did
    states.add_response("list_executions", {"executions": [*listed, before]}, asked)
    for one, (_, output) in zip(listed, runs, strict=True):
        answer = {k: one[k] for k in ("executionArn", "stateMachineArn", "status", "startDate")}
        if output is not None:
            answer["output"] = output if isinstance(output, str) else json.dumps(output)
        states.add_response("describe_execution", answer, {"executionArn": one["executionArn"]})
    return durations(RunSource(pipeline=True), NOW - timedelta(days=1), account, stack)


def test_an_execution_counts_that_landed_rows_and_built(stub, account, stack):
    runs = [(1, QUIET), (20, LANDED), (2, QUIET), (30, LANDED), (3, REBUILT), (1, None), (1, "ok")]
    seconds = found(stub, account, stack, *runs)
    assert (seconds.runs, seconds.median, seconds.worst) == (2, 25 * 60, 30 * 60)


def test_executions_in_which_nothing_landed_are_no_run_times(stub, account, stack):
    with pytest.raises(NotComparedError, match="no execution landed rows and built the models"):
        found(stub, account, stack, (1, QUIET), (1, QUIET))


def test_run_times_in_the_old_lakes_bucket(stub, account, stack):
    s3, place = stub("s3"), {"Bucket": "old-lake", "Key": "runs/history.json"}
    runs = [{"started": "2026-02-28T23:00:00", "ended": "2026-02-28T23:30:00"}]
    body = StreamingBody(io.BytesIO(json.dumps(runs).encode()), None)
    s3.add_response("get_object", {"Body": body}, place)
    s3.add_client_error("get_object", "NoSuchKey", expected_params=place)
    source, since = RunSource(file="s3://old-lake/runs/history.json"), NOW - timedelta(days=1)
    assert durations(source, since, account, stack).median == 30 * 60
    with pytest.raises(NotComparedError, match=r"s3://old-lake/runs/history\.json: no such file"):
        durations(source, since, account, stack)
    with pytest.raises(NotComparedError, match="or an environment"):
        durations(source, since, None, None)


def test_run_times_that_nobody_may_read_are_said_and_end_no_comparison(stub, account, stack):
    place = {"Bucket": "old-lake", "Key": "runs/history.json"}
    stub("s3").add_client_error("get_object", "AccessDenied", "Access Denied", 403, None, place)
    job = {"JobName": "nightly"}
    stub("glue").add_client_error("get_job_runs", "EntityNotFoundException", expected_params=job)
    performance = Performance(
        old=RunSource(file="s3://old-lake/runs/history.json"), new=RunSource(glue_jobs=("nightly",))
    )

    def told(performance):
        (check,) = compare_performance(
            performance, now=NOW, environment=account, stack=stack, newest={}
        )
        assert check.status is Status.NOT_COMPARED
        return check.text

    text = told(performance)
    assert text.startswith("run times of s3://old-lake/runs/history.json: AWS refused GetObject:")
    assert "AccessDenied: Access Denied: let these credentials read them" in text
    text = told(Performance(old=performance.new))
    assert text.startswith("run times of nightly: AWS refused GetJobRuns: EntityNotFoundException")


def test_a_folder_in_place_of_run_times_is_said(tmp_path):
    with pytest.raises(NotComparedError, match="it cannot be read: Is a directory"):
        durations(RunSource(file=str(tmp_path)), NOW, None, None)
