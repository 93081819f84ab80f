"""The first example deployed to the local AWS, where bucket, key and database exist already."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lakehouse_local import runtimes, server
from lakehouse_local.home import ACCOUNT, REGION, Home, aws_environment
from lakehouse_local.salesforce_org import lifecycle
from tests.examples.conftest import REPOSITORY, Cdk
from tests.free_port import free_port
from tests.local_catalog import local_catalog
from tests.until import until

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(300)]
BUCKET, DATABASE = "acme-data-lake", "crm_raw"
OBJECTS = ("Account", "Contact", "Opportunity")


@pytest.fixture
def home() -> Iterator[Home]:
    """The local AWS and the demo org on free ports, gone afterwards."""
    home = Home(root=REPOSITORY / ".lakehouse", port=free_port())
    try:
        runtimes.ensure(home, lambda _: None)
        server.start(home, lambda _: None, spark_pool=0)
        yield home
    finally:
        lifecycle.delete(home)
        server.stop(home)
        if home.instance.exists():
            shutil.rmtree(home.instance)


def test_three_objects_land_in_the_database_that_existed(
    home: Home, copied: Callable[[str], Path], run_cdk: Cdk
) -> None:
    key = _client(home, "kms").create_key()["KeyMetadata"]["Arn"]
    _client(home, "s3").create_bucket(Bucket=BUCKET)
    _client(home, "glue").create_database(DatabaseInput={"Name": DATABASE})
    names = ("lake_bucket", BUCKET), ("lake_key_arn", key), ("raw_database", DATABASE)
    context = [f"--context={name}={value}" for name, value in names]
    folder = copied("existing_lake")
    aws = aws_environment(home.endpoint)

    # From a folder without an app: the CLI would synthesize it first.
    empty = folder.parent / "empty"
    empty.mkdir()
    done = run_cdk(empty, "bootstrap", f"aws://{ACCOUNT}/{REGION}", **aws)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_cdk(folder, "deploy", "--require-approval", "never", *context, **aws)
    assert done.returncode == 0, done.stdout + done.stderr

    org = lifecycle.start(home, records=1_000)
    outputs = _outputs(home)
    credentials = {
        "instance_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
    }
    _client(home, "secretsmanager").put_secret_value(
        SecretId=outputs["SecretArn"], SecretString=json.dumps(credentials)
    )
    _run(home, outputs["JobName"])

    counts = lifecycle.status(home).records or {}
    catalog = local_catalog(home.endpoint)
    assert sorted(catalog.list_tables(DATABASE)) == [
        (DATABASE, name) for name in ("_runs", "account", "contact", "opportunity")
    ]
    for name in OBJECTS:
        table = catalog.load_table((DATABASE, name.lower()))
        assert table.location() == f"s3://{BUCKET}/{DATABASE}/{name.lower()}"
        assert table.scan().count() == counts[name] > 0, name
    # Beside its own job it made nothing that exists already.
    stack = _client(home, "cloudformation").list_stack_resources(StackName="CrmRaw")
    made = {resource["ResourceType"] for resource in stack["StackResourceSummaries"]}
    assert not made & {"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Glue::Database"}


def _client(home: Home, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=home.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 2}),
    )


def _outputs(home: Home) -> dict[str, str]:
    (stack,) = _client(home, "cloudformation").describe_stacks(StackName="CrmRaw")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _run(home: Home, job: str) -> None:
    """Start the job as the example's README says; it has to succeed."""
    glue = _client(home, "glue")
    arguments = {"--group": "crm", "--execution_name": "2026-07-01T0600"}
    run = glue.start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
    found = until(
        lambda: glue.get_job_run(JobName=job, RunId=run)["JobRun"],
        lambda found: found["JobRunState"] not in ("STARTING", "RUNNING", "WAITING"),
        seconds=120,
    )
    assert found["JobRunState"] == "SUCCEEDED", found
