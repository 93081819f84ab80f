"""A lake of its own for a benchmark: the local AWS as a process, and the job over it."""

import json
import os
import resource
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakehouse_local.home import aws_environment

HERE = Path(__file__).parent
# The script that Glue starts: the constructs upload this file.
JOB = HERE.parent / "glue_jobs" / "lakehouse_jobs" / "entry" / "salesforce_extractor.py"
PLACES = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a child process used."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of itself and its children
    rss: float  # MB, its peak
    output: str


def measured(command: Sequence[str], env: dict[str, str]) -> Run:
    """Run a program to its end. Raises RuntimeError with its output where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {process.returncode}:\n{output}")
    wall = time.perf_counter() - began
    return Run(
        wall=wall, cpu=used.ru_utime + used.ru_stime, rss=used.ru_maxrss / 1024, output=output
    )


@contextmanager
def pinned(cores: Collection[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores (Linux)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_of(process: subprocess.Popen[Any]) -> float:
    """CPU seconds that a running process has used so far (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The fast server: its address and process."""
    command = [sys.executable, str(HERE / "extract_server.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}", process
        finally:
            process.terminate()


@contextmanager
def local_aws(folder: Path) -> Iterator["Lake"]:
    """A local AWS without anything in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    env = {k: os.environ[k] for k in PLACES if k in os.environ}
    env |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    env |= {"MINISTACK_ACCOUNT_ID": "123456789012", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    with (
        (folder / "aws.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=env, stdout=log, stderr=log, cwd=folder
        ) as process,
    ):
        try:
            _wait_for(f"{endpoint}/_ministack/health")
            yield Lake(endpoint=endpoint, process=process)
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer")


@dataclass(kw_only=True)
class Lake:
    """The local AWS, and one bucket and database for each table measured."""

    endpoint: str
    process: subprocess.Popen[Any]

    def client(self, name: str) -> Any:
        """A boto3 client."""
        import boto3

        env = aws_environment(self.endpoint)
        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name=env["AWS_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )

    def new(self, org: str, *, at_once: int = 5) -> "Target":
        """A bucket, a database and a secret for one table; at most so many pages at once."""
        name = f"bench-{uuid4().hex[:12]}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        config = {
            "groups": {"bench": {"include": ["Account"]}},
            "api_budget": {"long_requests": at_once},
        }
        s3.put_object(Bucket=name, Key="config.json", Body=json.dumps(config).encode())
        self.client("glue").create_database(DatabaseInput={"Name": name.replace("-", "_")})
        secret = {"instance_url": org, "client_id": "app", "client_secret": "s"}
        arn = self.client("secretsmanager").create_secret(
            Name=name, SecretString=json.dumps(secret)
        )["ARN"]
        return Target(lake=self, name=name, secret=arn)


@dataclass(kw_only=True)
class Target:
    """Where one job writes."""

    lake: Lake
    name: str
    secret: str
    runs: int = 0

    def run(self, *, program: Sequence[str] = (), **more: str) -> tuple[Run, dict[str, Any]]:
        """The job as Glue starts it, and the outcome of its object."""
        self.runs += 1
        execution = f"run-{self.runs}"
        values = {
            "lake_bucket": self.name,
            "raw_database": self.name.replace("-", "_"),
            "salesforce_secret_arn": self.secret,
            "objects_config": f"s3://{self.name}/config.json",
            "execution_name": execution,
            "group": "bench",
            **more,
        }
        arguments = [x for key, value in values.items() for x in (f"--{key}", value)]
        env = {k: os.environ[k] for k in PLACES if k in os.environ}
        env |= aws_environment(self.lake.endpoint)
        python = program or (str(JOB),)
        used = measured([sys.executable, *python, *arguments], env)
        body = self.lake.client("s3").get_object(
            Bucket=self.name, Key=f"runs/{execution}/Account.json"
        )["Body"]
        return used, json.loads(body.read())

    def remove(self) -> None:
        """Free the memory that the local S3 keeps the files in."""
        s3 = self.lake.client("s3")
        while found := s3.list_objects_v2(Bucket=self.name).get("Contents"):
            keys = [{"Key": o["Key"]} for o in found]
            s3.delete_objects(Bucket=self.name, Delete={"Objects": keys})


def own_memory() -> float:
    """Peak of this process in MB: a child's peak cannot be told below it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
