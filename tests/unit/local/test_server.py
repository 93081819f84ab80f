import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakehouse_local import server
from lakehouse_local.background import identity
from lakehouse_local.home import REGION, Home
from tests.until import until

pytestmark = pytest.mark.local_aws


@pytest.fixture
def home(tmp_path: Path, make_home: Any) -> Iterator[Home]:
    home = make_home(tmp_path)
    yield home
    server.stop(home)


def start(home: Home) -> Any:
    """Start and return a function that makes clients."""
    server.start(home, report=print, spark_pool=0)
    session = boto3.Session("test", "test", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=home.endpoint)


def run_a_job(client: Any, script: str) -> tuple[str, str]:
    """Job and run id; the job's bucket is ``state``."""
    with_bucket = client("s3")
    with_bucket.create_bucket(Bucket="state")
    with_bucket.put_object(Bucket="state", Key="script.py", Body=script.encode())
    client("glue").create_job(
        Name="job",
        Role="arn:aws:iam::123456789012:role/job",
        GlueVersion="5.1",
        Command={"Name": "glueetl", "ScriptLocation": "s3://state/script.py"},
    )
    return "job", client("glue").start_job_run(JobName="job")["JobRunId"]


LEAVES_FILES = """
import contextlib, os, time
here = os.path.join(os.getcwd(), "left")
for number in range(1_000_000):
    with contextlib.suppress(OSError):
        os.makedirs(here, exist_ok=True)
        open(os.path.join(here, str(number % 100)), "w").close()
    time.sleep(0.001)
"""


def child_of(home: Home) -> int:
    """The pid of the only child, as soon as there is one."""
    (record,) = until(lambda: list((home.state / "children").glob("*.json")))
    return json.loads(record.read_text())["pid"]


def saved(home: Home) -> str:
    """All that ministack has written down of its state."""
    return "".join(file.read_text() for file in home.state.glob("ministack/*.json"))


def test_start_is_done_once_and_listens_on_loopback_only(home: Home) -> None:
    said: list[str] = []
    first = server.start(home, said.append, spark_pool=0)
    assert first.healthy
    assert said == [f"local AWS: starting on {home.endpoint}"]
    assert server.start(home, said.append).pid == first.pid
    assert len(said) == 1
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{home.port:04X}"
    addresses = {line.split()[1] for line in listening if line.split()[3] == "0A"}
    assert {each for each in addresses if each.endswith(f":{port}")} == {f"0100007F:{port}"}
    assert server.stop(home) is True
    assert server.stop(home) is False
    assert server.status(home).running is False


def test_a_port_in_use_is_one_clear_line(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.port))
        other.listen()
        with pytest.raises(server.ServerError) as error:
            server.start(home, report=print)
    assert str(error.value) == (
        f"port {home.port} is in use by another program; stop that program or set "
        "LAKEHOUSE_LOCAL_PORT to a free port"
    )


def test_state_outlives_a_stop(home: Home) -> None:
    client = start(home)
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(Bucket="kept", Key="a/b", Body=b"body")
    client("glue").create_database(DatabaseInput={"Name": "kept"})
    server.stop(home)
    client = start(home)
    assert client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"body"
    assert client("glue").get_database(Name="kept")["Database"]["Name"] == "kept"


def test_a_killed_server_leaves_no_process_and_no_running_run(home: Home) -> None:
    client = start(home)
    job, run = run_a_job(client, LEAVES_FILES)
    records = home.state / "children"
    child = child_of(home)
    until(lambda: list(home.instance.glob("work/*/left/*")))
    bystander = records / "1.json"
    bystander.write_text(json.dumps({"pid": os.getpid(), "started": "not mine", "key": "x"}))
    until(lambda: run in saved(home))
    pid = server.status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not server.status(home).running)
    assert identity(child) is not None  # it was left behind
    client = start(home)
    assert identity(child) is None
    assert not list(records.glob("*.json"))
    assert not list(home.instance.glob("work/*"))
    found = client("glue").get_job_run(JobName=job, RunId=run)["JobRun"]
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"] == "The local AWS was stopped while the run was under way"
    client("glue").start_job_run(JobName=job)  # no ghost holds MaxConcurrentRuns
    with pytest.raises(ClientError, match="MaxConcurrentRuns"):
        client("glue").start_job_run(JobName=job)


def test_a_stop_ends_jobs_too(home: Home) -> None:
    client = start(home)
    run_a_job(client, "import time; time.sleep(300)")
    child = child_of(home)
    server.stop(home)
    assert identity(child) is None
