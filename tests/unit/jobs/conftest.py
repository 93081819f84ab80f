"""The fake org and the local AWS as shipped, for the job's tests."""

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import import_module
from urllib.parse import urlsplit

import pytest

from lakehouse_jobs.contract.arguments import Argument
from tests.free_port import free_port
from tests.unit.jobs.fake_org import FakeOrg, serving
from tests.unit.tools.conftest import STACK
from tests.until import until


@pytest.fixture
def fake_org():
    """A fresh org for each test, on a port of its own."""
    with serving(FakeOrg()) as org:
        yield org


@pytest.fixture
def waits():
    """Seconds that the transport would have slept."""
    return []


@pytest.fixture
def transport(fake_org, waits):
    """The job's transport to the fake org, without its sleeps."""
    from lakehouse_jobs.salesforce import Credentials, Transport

    credentials = Credentials(
        instance_url=fake_org.url, client_id="app", client_secret=fake_org.client_secret
    )
    with Transport(credentials, sleep=waits.append) as session:
        yield session


@pytest.fixture
def impatient(fake_org, monkeypatch):
    """Gives an answer up after 0.2 s while the org has moods left, a healthy one as shipped.

    A time-out for both would take a busy machine for a silent org.
    """
    from lakehouse_jobs.salesforce import RetryPolicy

    shipped = RetryPolicy().read_timeout
    seconds = property(lambda _: 0.2 if fake_org.moods else shipped, lambda *_: None)
    monkeypatch.setattr(RetryPolicy, "read_timeout", seconds)


@pytest.fixture(scope="session")
def local_aws_endpoint(tmp_path_factory):
    """The local AWS as shipped: its Glue catalog and S3 are what the job needs."""
    folder = tmp_path_factory.mktemp("aws")
    port = free_port()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": "123456789012",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    endpoint = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        until(lambda: _answers(f"{endpoint}/_ministack/health") or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield endpoint
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except OSError:
        return False
    return True


@cache
def _client(service: str, endpoint: str):
    """Each new one reads the service's model again, which takes longer than most calls."""
    import boto3

    return boto3.client(service, endpoint_url=endpoint)


@dataclass
class Lab:
    """A lake and an org, and the job over both, called as Glue calls it."""

    org: FakeOrg
    endpoint: str
    bucket: str
    database: str
    config: dict
    runs: int = 0

    def client(self, name: str):
        return _client(name, self.endpoint)

    def put_secret(self, value: object = None) -> str:
        secrets = self.client("secretsmanager")
        text = value if isinstance(value, str) else json.dumps(value or self.org.secret)
        name = f"{self.bucket}-secret"
        try:
            return secrets.create_secret(Name=name, SecretString=text)["ARN"]
        except secrets.exceptions.ResourceExistsException:
            return secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]

    def arguments(self, run: str, secret: object = None, **more: str) -> list[str]:
        self.client("s3").put_object(
            Bucket=self.bucket, Key="config.json", Body=json.dumps(self.config).encode()
        )
        values = {
            Argument.LAKE_BUCKET: self.bucket,
            Argument.RAW_DATABASE: self.database,
            Argument.SALESFORCE_SECRET: self.put_secret(secret),
            Argument.OBJECTS_CONFIG: f"s3://{self.bucket}/config.json",
            Argument.EXECUTION_NAME: run,
            Argument.GROUP: "sales",
            **{Argument[name.upper()]: value for name, value in more.items()},
        }
        return [x for argument, value in values.items() for x in (argument.flag, value)]

    def run(self, secret: object = None, **more: str) -> dict:
        """Run the group; its objects' outcomes by name."""
        from lakehouse_jobs.entry.salesforce_extractor import parse, run

        self.runs += 1
        name = f"run-{self.runs}"
        summary = run(parse([*self.arguments(name, secret, **more), "--JOB_NAME", "x"]))
        outcomes = {
            key.split("/")[-1][:-5]: self.json(key)
            for key in self.keys(f"runs/{name}/")
            if not key.split("/")[-1].startswith("_")
        }
        assert self.json(f"runs/{name}/_sales.json") == summary
        return outcomes

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [o["Key"] for o in found.get("Contents", [])]

    def json(self, key: str) -> dict:
        body = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"]
        return json.loads(body.read())

    @cached_property
    def catalog(self):
        from lakehouse_jobs.raw.catalog import raw_catalog

        return raw_catalog(region="us-east-1")

    def table(self, name: str):
        return self.catalog.load_table((self.database, name))

    def rows(self, name: str) -> list[dict]:
        return self.table(name).scan().to_arrow().to_pylist()


@cache
def _session():
    """One for all tests: each new one parses its service models again."""
    import boto3

    return boto3.Session()


@pytest.fixture
def lab(fake_org, local_aws_endpoint, monkeypatch, request):
    """A lake of its own for each test."""
    import boto3

    from lakehouse_local.home import aws_environment

    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws_environment(local_aws_endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
    unique = f"{os.getpid()}-{id(request):x}"
    import pyiceberg.catalog
    from pyiceberg.utils.config import Config

    from lakehouse_jobs.salesforce.retry import RetryPolicy

    # PyIceberg reads its environment once, at import: in a job that is late enough.
    monkeypatch.setattr(pyiceberg.catalog, "_ENV_CONFIG", Config())
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: 0.01)
    # By name it would be the function that the package exports.
    monkeypatch.setattr(import_module("lakehouse_jobs.raw.commit"), "PAUSE", 0.01)
    bucket = f"lake-{unique}"
    database = f"raw_{unique}".replace("-", "_")
    boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("glue").create_database(DatabaseInput={"Name": database})
    config = {
        "groups": {"sales": {"include": ["Account"]}},
        "defaults": {"lookback_minutes": 10, "margin_seconds": 60},
    }
    return Lab(
        org=fake_org, endpoint=local_aws_endpoint, bucket=bucket, database=database, config=config
    )


@pytest.fixture
def register(lab, monkeypatch):
    """Calls ``lakehouse register`` on the lab's lake, as if a stack had made it."""
    from click.testing import CliRunner

    from lakehouse_tools import stack as stacks
    from lakehouse_tools.cli import cli

    stack = replace(
        STACK,
        lake_bucket_name=lab.bucket,
        raw_database=lab.database,
        extract_job_name=f"{lab.bucket}-job",
    )
    monkeypatch.setattr(stacks, "read_stack", lambda _: stack)
    monkeypatch.setenv("LAKEHOUSE_LOCAL_PORT", str(urlsplit(lab.endpoint).port))
    config = json.dumps(lab.config).encode()
    lab.client("s3").put_object(Bucket=lab.bucket, Key="config.json", Body=config)
    lab.client("glue").create_job(
        Name=stack.extract_job_name,
        Role="arn:aws:iam::123456789012:role/job",
        Command={"Name": "glueetl", "ScriptLocation": "s3://none/none.py"},
        DefaultArguments={Argument.OBJECTS_CONFIG.flag: f"s3://{lab.bucket}/config.json"},
    )
    return lambda *arguments: CliRunner().invoke(cli, ["register", *arguments])


ACCOUNT = {
    "Id": "id",
    "IsDeleted": "boolean",
    "Name": "string",
    "Amount__c": "currency",
    "NumberOfEmployees": "int",
    "Birthday__c": "date",
    "Opens__c": "time",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
    "BillingStreet": ("textarea", {"compoundFieldName": "BillingAddress"}),
    "BillingAddress": "address",
    "Photo__c": "base64",
}


@pytest.fixture
def account_lab(lab):
    """A lab with one object and two records."""
    lab.org.add_object("Account", ACCOUNT)
    lab.org.row("Account", Name="One", Amount__c="23.0", NumberOfEmployees="5")
    lab.org.row("Account", Name="Two", Birthday__c="2024-04-16", Opens__c="10:30:00.000Z")
    return lab


@pytest.fixture
def two(account_lab):
    """The lab with a second object in its group."""
    account_lab.org.add_object("Lead", {"Id": "id", "SystemModstamp": "datetime"})
    account_lab.org.row("Lead")
    account_lab.config["groups"]["sales"]["include"] = ["Account", "Lead"]
    return account_lab
