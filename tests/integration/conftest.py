"""A local lakehouse of the tests' own: the shipped command, on a free port.

The run times under ``.lakehouse/runtimes`` are shared with the developer's own
lakehouse; the data lies in a folder named after the port and is deleted at the end.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from pyiceberg.catalog import Catalog

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_local.home import REGION, Home
from lakehouse_local.salesforce_org import lifecycle
from tests.free_port import free_port
from tests.local_catalog import local_catalog

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("lakehouse")
# What follows the demo looks at the pipeline and at two models; test_another_org.py builds all.
AFTER_THE_DEMO = "+dim_account stg_salesforce__contacts"


@dataclass
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def last_error(self) -> str:
        """The last line on standard error."""
        lines = self.err.strip().splitlines()
        return lines[-1] if lines else ""


@dataclass
class Lakehouse:
    """One local lakehouse, seen from outside."""

    home: Home
    spark_pool: int = 1  # processes that are warm before the first session
    _clients: dict[str, Any] = field(default_factory=dict)

    def run(
        self, *arguments: str, timeout: float = 600, stdin: str = "", folder: Path = ROOT
    ) -> Result:
        """Call the ``lakehouse`` command as a person would, in a folder."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAKEHOUSE_"))}
        done = subprocess.run(
            [str(COMMAND), *arguments],
            cwd=folder,
            env=env
            | {
                "LAKEHOUSE_HOME": str(self.home.root),
                "LAKEHOUSE_LOCAL_PORT": str(self.home.port),
                "LAKEHOUSE_SPARK_POOL": str(self.spark_pool),
                "COLUMNS": "200",
            },
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.home.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"max_attempts": 2}),
            )
        return self._clients[service]

    def stack(self) -> dict[str, str]:
        """The stack's outputs."""
        stacks = self.client("cloudformation").describe_stacks(StackName="LakehouseDev")["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]}

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs, read once."""
        return self.stack()

    def catalog(self) -> Catalog:
        """PyIceberg's view of the Glue catalog."""
        return local_catalog(self.home.endpoint)

    def raw(self, table: str, *columns: str) -> list[dict[str, Any]]:
        """Rows of a raw table."""
        scan = self.catalog().load_table((self.outputs["RawDatabase"], table)).scan()
        return (scan.select(*columns) if columns else scan).to_arrow().to_pylist()

    def executions(self) -> list[dict[str, Any]]:
        """All executions of the state machine, newest first."""
        arn = self.outputs["StateMachineArn"]
        return self.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]

    def fill_secret(self, **values: str) -> None:
        """Put credentials into the secret through the AWS API, as a stranger would."""
        self.client("secretsmanager").put_secret_value(
            SecretId=self.outputs["SalesforceSecretArn"], SecretString=json.dumps(values)
        )

    def build_only(self, selectors: str) -> None:
        """Have the builds from now on build these models alone, as ``select`` of the construct."""
        build, name = self.client("codebuild"), self.outputs["DbtProjectName"]
        environment = build.batch_get_projects(names=[name])["projects"][0]["environment"]
        selected = {"name": BuildVariable.SELECT, "value": selectors, "type": "PLAINTEXT"}
        others = [v for v in environment["environmentVariables"] if v["name"] != selected["name"]]
        environment["environmentVariables"] = [*others, selected]
        build.update_project(name=name, environment=environment)

    def outcomes(self, execution: str) -> dict[str, dict[str, Any]]:
        """The outcome of each object of an execution, by object."""
        s3, bucket = self.client("s3"), self.outputs["LakeBucketName"]
        keys = [
            o["Key"]
            for o in s3.list_objects_v2(Bucket=bucket, Prefix=f"runs/{execution}/")["Contents"]
        ]
        read = (json.loads(s3.get_object(Bucket=bucket, Key=k)["Body"].read()) for k in keys)
        return {o["object"]: o for o in read if "object" in o}


@dataclass
class Org:
    """The demo org, seen from outside."""

    url: str
    client_id: str
    client_secret: str

    def call(self, verb: str, endpoint: str, /, **body: Any) -> Any:
        """Use a control endpoint."""
        answer = requests.request(
            verb, f"{self.url}/_org/{endpoint}", json=body or None, timeout=60
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def versions(self) -> dict[str, set[tuple[str, str, bool]]]:
        """Every (id, systemmodstamp, deleted) the org ever reported, by object."""
        answer = requests.get(f"{self.url}/_org/versions", timeout=120)
        answer.raise_for_status()
        found: dict[str, set[tuple[str, str, bool]]] = {}
        for line in answer.text.splitlines():
            v = json.loads(line)
            found.setdefault(v["object"], set()).add((v["id"], v["systemmodstamp"], v["isdeleted"]))
        return found

    @property
    def credentials(self) -> dict[str, str]:
        """What belongs into the secret."""
        return {
            "instance_url": self.url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }


def lakehouse_on_free_port() -> Iterator[Lakehouse]:
    """A lakehouse whose data and processes are gone afterwards."""
    home = Home(root=ROOT / ".lakehouse", port=free_port())
    lakehouse = Lakehouse(home)
    try:
        yield lakehouse
    finally:
        gone = lakehouse.run("down", "--delete")
        assert gone.status == 0, gone.err
        assert not home.instance.exists()


@dataclass
class Demo:
    """A finished demo and what it printed."""

    lakehouse: Lakehouse
    org: Org
    result: Result
    seconds: float


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """``lakehouse demo`` on a small org, left running."""
    for lakehouse in lakehouse_on_free_port():
        before = time.monotonic()
        result = lakehouse.run("demo", "--records", "3000", "--plain", timeout=900)
        assert result.status == 0, result.out[-3000:] + result.err[-3000:]
        details = lifecycle.start(lakehouse.home)  # already running: says where
        org = Org(details.url, details.client_id, details.client_secret)
        lakehouse.build_only(AFTER_THE_DEMO)
        yield Demo(lakehouse, org, result, time.monotonic() - before)


@pytest.fixture
def lakehouse(demo: Demo) -> Lakehouse:
    """The demo's lakehouse with the demo org's credentials in its secret."""
    demo.lakehouse.fill_secret(**demo.org.credentials)
    return demo.lakehouse


@pytest.fixture
def org(demo: Demo) -> Iterator[Org]:
    """The demo org, in a good mood again afterwards."""
    yield demo.org
    demo.org.call("DELETE", "moods")


@pytest.fixture(scope="module")
def fresh_lakehouse() -> Iterator[Lakehouse]:
    """A lakehouse that is up and deployed, with an unfilled secret."""
    for lakehouse in lakehouse_on_free_port():
        lakehouse.spark_pool = 0  # few builds follow, in some tests none
        result = lakehouse.run("up", "--plain")
        assert result.status == 0, result.err
        yield lakehouse
