import io
import json
import os
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lakehouse_local import server
from lakehouse_local.home import REGION, Home
from tests.free_port import free_port
from tests.until import until

ROOT = Path(__file__).resolve().parents[3]
RUNTIMES = Path(os.environ.get("LAKEHOUSE_HOME") or ROOT / ".lakehouse").resolve() / "runtimes"


def new_home(folder: Path) -> Home:
    """A home of its own on a free port, with the run times of the checkout."""
    if not RUNTIMES.is_dir():
        pytest.skip(f"no run times in {RUNTIMES}: make setup")
    home = Home(root=folder / "lakehouse", port=free_port())
    home.runtimes.mkdir(parents=True)
    for item in ("glue", "dbt", "jars", "node"):
        (home.runtimes / item).symlink_to(RUNTIMES / item)
    return home


@pytest.fixture(scope="session")
def make_home() -> Callable[[Path], Home]:
    return new_home


@dataclass(frozen=True)
class LocalAws:
    home: Home

    def client(self, service: str) -> Any:
        return _client(service, self.home.endpoint)

    def create_work_group(self, name: str, *, results: str) -> None:
        """An Athena workgroup whose results lie below an S3 URI, whatever a query asks for."""
        self.client("athena").create_work_group(
            Name=name,
            Configuration={
                "ResultConfiguration": {"OutputLocation": results},
                "EnforceWorkGroupConfiguration": True,
            },
        )

    def create_build_project(self, name: str, command: str, **given: Any) -> None:
        """A CodeBuild project without sources that runs one command."""
        self.client("codebuild").create_project(
            name=name,
            source={
                "type": "NO_SOURCE",
                "buildspec": f"version: 0.2\nphases: {{build: {{commands: [{command}]}}}}",
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole="arn:aws:iam::123456789012:role/build",
            **given,
        )


@cache
def _client(service: str, endpoint: str) -> Any:
    """Each new one reads the service's model again, which takes longer than most calls."""
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    once = Config(retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=endpoint, config=once)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A running local AWS, one for all tests: use names of your own in it."""
    home = new_home(tmp_path_factory.mktemp("local_aws"))
    server.start(home, report=print, spark_pool=0)
    yield LocalAws(home)
    server.stop(home)


@pytest.fixture(scope="session")
def run_states(local_aws: LocalAws) -> Callable[..., dict[str, Any]]:
    """Creates a state machine, runs it to the end; the description of the execution."""
    client = local_aws.client("stepfunctions")

    def once(states: dict[str, Any], given: Any = None, **top: Any) -> dict[str, Any]:
        top = {"QueryLanguage": "JSONata", **top}
        definition = {"StartAt": next(iter(states)), "States": states, **top}
        name = uuid.uuid4().hex
        arn = client.create_state_machine(
            name=name,
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )["stateMachineArn"]
        text = json.dumps({} if given is None else given)
        started = client.start_execution(stateMachineArn=arn, input=text)["executionArn"]
        return until(
            lambda: client.describe_execution(executionArn=started),
            lambda found: found["status"] != "RUNNING",
            pause=0.02,
        )

    return once


@pytest.fixture(scope="session")
def make_wheel() -> Callable[[str, str], bytes]:
    """A wheel of one module, version 1.0, from its name and text."""

    def make(name: str, text: str) -> bytes:
        wheel = io.BytesIO()
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as packed:
            packed.writestr(f"{name}.py", text)
            packed.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            packed.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            packed.writestr(f"{info}/RECORD", "")
        return wheel.getvalue()

    return make
