import io
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from lakehouse_local import server
from lakehouse_local.background import identity
from lakehouse_local.home import Home
from lakehouse_local.local_aws import glue_jobs
from tests.until import until

pytestmark = pytest.mark.local_aws

BUCKET = "glue-jobs"


@pytest.fixture(scope="module")
def glue(local_aws: Any) -> Any:
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    return local_aws.client("glue")


@pytest.fixture
def job(glue: Any, local_aws: Any) -> Callable[..., str]:
    """Make a job from a script's text; its name."""

    def make(script: str, **given: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:8]}"
        local_aws.client("s3").put_object(Bucket=BUCKET, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{name}.py"}
        role = "arn:aws:iam::123456789012:role/job"
        given = {"GlueVersion": "5.1", "Command": command, **given}
        glue.create_job(Name=name, Role=role, **given)
        return name

    return make


def wait(glue: Any, job: str, run: str, *, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """The run when it is over, or in one of the states ``also``."""
    live = {"STARTING", "RUNNING", "STOPPING"} - set(also)
    return until(
        lambda: glue.get_job_run(JobName=job, RunId=run)["JobRun"],
        lambda found: found["JobRunState"] not in live,
    )


def messages(local_aws: Any, run: str, group: str = "/aws-glue/jobs/output") -> list[str]:
    """The lines so far; none where the log is not there yet."""
    logs = local_aws.client("logs")
    try:
        events = logs.get_log_events(logGroupName=group, logStreamName=run)
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events["events"]]


def test_arguments_environment_and_log(local_aws: Any, glue: Any, job: Any) -> None:
    script = """
import os, sys
from awsglue.utils import getResolvedOptions
print(getResolvedOptions(sys.argv, ["JOB_NAME", "a", "b", "c"]))
print("--empty" in sys.argv)
print(sorted(name for name in os.environ if name.startswith(("AWS_P", "S3_", "STATE_", "HOME"))))
print(os.environ["HOME"] == os.getcwd())
"""
    name = job(
        script,
        DefaultArguments={"--a": "1", "--b": "1", "--c": "1", "--empty": ""},
        NonOverridableArguments={"--c": "3"},
    )
    run = glue.start_job_run(
        JobName=name, Arguments={"--b": "2", "--c": "2"}, NumberOfWorkers=3, WorkerType="G.2X"
    )["JobRunId"]
    found = wait(glue, name, run)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    assert (found["NumberOfWorkers"], found["WorkerType"]) == (3, "G.2X")
    assert found["Arguments"] == {"--b": "2", "--c": "2"}
    expected = {"JOB_NAME": name, "a": "1", "b": "2", "c": "3"}
    assert messages(local_aws, run) == [str(expected), "False", "['HOME']", "True"]


def test_the_log_can_be_followed_while_it_runs(local_aws: Any, glue: Any, job: Any) -> None:
    name = job("import time\nprint('first')\ntime.sleep(300)")
    arguments = {"--custom-logGroup-prefix": "/mine"}
    run = glue.start_job_run(JobName=name, Arguments=arguments)["JobRunId"]
    assert until(lambda: messages(local_aws, run, "/mine/output")) == ["first"]
    assert wait(glue, name, run, also=("RUNNING",))["LogGroupName"] == "/mine"
    glue.batch_stop_job_run(JobName=name, JobRunIds=[run])
    wait(glue, name, run)


def test_a_failure_shows_the_last_line(glue: Any, job: Any) -> None:
    name = job("import sys\nprint('working')\nsys.exit('2 of 14 objects failed: Account: …')")
    run = glue.start_job_run(JobName=name)["JobRunId"]
    found = wait(glue, name, run)
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"] == "2 of 14 objects failed: Account: …"


def test_a_killed_process_fails_with_its_signal(local_aws: Any, glue: Any, job: Any) -> None:
    name = job("import time\ntime.sleep(300)")
    run = glue.start_job_run(JobName=name)["JobRunId"]
    until(lambda: run in running(local_aws.home))
    assert server.kill_job_run(local_aws.home, run) > 1
    assert wait(glue, name, run)["ErrorMessage"].endswith("killed by signal 9")
    with pytest.raises(server.ServerError, match=f"Glue run {run} has no process"):
        server.kill_job_run(local_aws.home, run)


def running(home: Home) -> set[str]:
    """Keys of the children that have a process."""
    records = (home.state / "children").glob("*.json")
    return {json.loads(each.read_text() or "{}").get("key", "") for each in records}


def test_stop_ends_the_process_and_its_children(local_aws: Any, glue: Any, job: Any) -> None:
    script = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(child.pid)
child.wait()
"""
    name = job(script)
    run = glue.start_job_run(JobName=name)["JobRunId"]
    (pid,) = until(lambda: messages(local_aws, run))
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[run, "jr_none"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [run]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert wait(glue, name, run)["JobRunState"] == "STOPPED"
    until(lambda: identity(int(pid)) is None)


def test_no_more_runs_at_once_than_the_job_allows(glue: Any, job: Any) -> None:
    name = job("import time; time.sleep(300)", ExecutionProperty={"MaxConcurrentRuns": 2})
    runs = [glue.start_job_run(JobName=name)["JobRunId"] for _ in range(2)]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException):
        glue.start_job_run(JobName=name)
    glue.batch_stop_job_run(JobName=name, JobRunIds=runs)
    for run in runs:
        wait(glue, name, run)
    third = glue.start_job_run(JobName=name)["JobRunId"]
    listed = [run["Id"] for run in glue.get_job_runs(JobName=name)["JobRuns"]]
    assert listed == [third, *reversed(runs)]
    glue.batch_stop_job_run(JobName=name, JobRunIds=[third])
    wait(glue, name, third)


def test_modules_from_a_zip_of_wheels(local_aws: Any, glue: Any, job: Any, make_wheel: Any) -> None:
    # The contents are new in each test run, so the installation is really done.
    marker = uuid.uuid4().hex
    wheel = make_wheel("brought", f"MARKER = {marker!r}\n")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("wheels/brought-1.0-py3-none-any.whl", wheel)
        packed.writestr("wheels/requirements.txt", "brought==1.0\nboto3==1.40.61\n")
    helper = io.BytesIO()
    with zipfile.ZipFile(helper, "w") as packed:
        packed.writestr("helper/__init__.py", "")
    s3 = local_aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="x.gluewheels.zip", Body=archive.getvalue())
    s3.put_object(Bucket=BUCKET, Key="helper.zip", Body=helper.getvalue())
    name = job(
        "import boto3, brought, helper, pyspark\nprint(brought.MARKER, boto3.__version__)",
        DefaultArguments={
            "--additional-python-modules": f"s3://{BUCKET}/x.gluewheels.zip",
            "--python-modules-installer-option": "--no-index",
            "--extra-py-files": f"s3://{BUCKET}/helper.zip",
        },
    )
    run = glue.start_job_run(JobName=name)["JobRunId"]
    found = wait(glue, name, run)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    assert messages(local_aws, run) == [f"{marker} 1.40.61"]


@pytest.mark.parametrize("argument", ["--extra-py-files", "--additional-python-modules"])
def test_a_missing_file_is_a_launch_error(glue: Any, job: Any, argument: str) -> None:
    name = job("", DefaultArguments={argument: f"s3://{BUCKET}/none.gluewheels.zip"})
    run = glue.start_job_run(JobName=name)["JobRunId"]
    found = wait(glue, name, run)
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"].startswith("LAUNCH ERROR | File not found: s3://glue-jobs/none")


def test_a_zip_that_lacks_a_wheel_is_a_launch_error(local_aws: Any, glue: Any, job: Any) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("wheels/requirements.txt", f"lacking=={uuid.uuid4().int}\n")
    s3 = local_aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="y.gluewheels.zip", Body=archive.getvalue())
    modules = f"s3://{BUCKET}/y.gluewheels.zip"
    name = job("", DefaultArguments={"--additional-python-modules": modules})
    run = glue.start_job_run(JobName=name)["JobRunId"]
    message = wait(glue, name, run)["ErrorMessage"]
    assert "LAUNCH ERROR" in message
    assert "No matching distribution found for lacking" in message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://a/b"}}, "glueetl jobs only"),
        ({"MaxRetries": 1}, "MaxRetries"),
        ({"GlueVersion": "4.0"}, "Glue 5.1"),
        ({"DefaultArguments": {"--extra-jars": "s3://a/b"}}, "--extra-jars"),
        ({"DefaultArguments": {"--additional-python-modules": "pandas"}}, "gluewheels"),
    ],
)
def test_what_cannot_be_done_here_is_refused(
    glue: Any, job: Any, given: dict[str, Any], message: str
) -> None:
    name = job("", **given)
    with pytest.raises(glue.exceptions.InvalidInputException, match=message):
        glue.start_job_run(JobName=name)


def test_a_security_configuration_has_log_groups_of_its_own() -> None:
    job = {"Role": "arn:aws:iam::123456789012:role/path/reader"}
    assert glue_jobs.log_group(job, "/aws-glue/jobs") == "/aws-glue/jobs"
    job["SecurityConfiguration"] = "encrypted"
    assert glue_jobs.log_group(job, "/aws-glue/jobs") == "/aws-glue/jobs/encrypted-role/reader"
