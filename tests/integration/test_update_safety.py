"""A deployment over a lake with data in it: what it may touch, what it leaves, what goes at last.

The deployed pipeline is used for its extraction alone: dbt's build is stopped, for nothing
here looks at a mart.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakehouse_local.home import aws_environment
from lakehouse_local.salesforce_org import lifecycle
from lakehouse_tools.deploy import cdk
from lakehouse_tools.review.stateful import STATEFUL
from tests.integration.conftest import COMMAND, ROOT

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]

BEFORE, ADDED = ["Account", "Lead"], "Project__c"
DEV, PROD = "LakehouseDev", "LakehouseProd"
PARTS = ("app.py", "cdk.json", "config", "stacks", "constructs", "glue_jobs", "dbt_project")
VPC = {
    "id": "vpc-0123abcd",
    "availability_zones": ["us-east-1a"],
    "private_subnets": ["subnet-0123abcd"],
}
# Another version of a package of the job, as `make lock` would write it.
CLICK = """\
click==8.3.1 \\
    --hash=sha256:12ff4785d337a1bb490bb7e9c2b1ee5da3112e94a8622f26a6c77f5d2fc6842a \\
    --hash=sha256:981153a64e25f12d547d3426c367a4857371575ee7ad18df2a6183ab0545b2a6
"""


@pytest.fixture(scope="module")
def lakehouse(fresh_lakehouse: Any) -> Iterator[Any]:
    """Deployed as it is committed, with an org of its own."""
    details = lifecycle.start(fresh_lakehouse.home, records=1000)
    fresh_lakehouse.fill_secret(
        instance_url=details.url,
        client_id=details.client_id,
        client_secret=details.client_secret,
    )
    yield fresh_lakehouse
    lifecycle.stop(fresh_lakehouse.home)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which a team has changed this and that, and agreed twice to lose dev."""
    project = tmp_path_factory.mktemp("changed")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
            shutil.copytree(source, project / part, ignore=ignored)
        else:
            shutil.copy2(source, project / part)

    def objects(config: dict[str, Any]) -> None:
        groups = config["groups"]
        groups["sales"]["include"].append(ADDED)
        groups["marketing"] = groups.pop("engagement")

    def dev(config: dict[str, Any]) -> None:
        config["removal_policy"] = "destroy"
        config["schedules"][0]["expression"] = "rate(2 hours)"
        config["vpc"] = VPC

    def prod(config: dict[str, Any]) -> None:
        config["schedules"][1]["groups"] = ["marketing"]

    edit(project / "config" / "salesforce_objects.json", objects)
    edit(project / "config" / "dev.json", dev)
    edit(project / "config" / "prod.json", prod)
    edit(project / "cdk.json", lambda c: c["context"].update({"lakehouse:allow-destroy": True}))
    lock = project / "constructs" / "lakehouse_constructs" / "locks" / "glue_wheels.lock"
    text, found = re.subn(
        r"^click==.*\n(?: +--hash=.*\n)+", CLICK, lock.read_text(encoding="utf-8"), flags=re.M
    )
    assert found == 1, "the lock no longer has click: upgrade another package"
    lock.write_text(text, encoding="utf-8")
    return project


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values, indent=2), encoding="utf-8")


def environment(lakehouse: Any, project: Path) -> dict[str, str]:
    """The packages of the checkout come before those that are installed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAKEHOUSE_"))}
    return kept | {
        "LAKEHOUSE_HOME": str(lakehouse.home.root),
        "LAKEHOUSE_LOCAL_PORT": str(lakehouse.home.port),
        "PYTHONPATH": os.pathsep.join(str(project / r) for r in ("constructs", "glue_jobs")),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def extract(lakehouse: Any, objects: list[str]) -> dict[str, dict[str, Any]]:
    """One execution up to the outcomes of these objects and the end of the job's runs."""
    client = lakehouse.client("stepfunctions")
    started = client.start_execution(
        stateMachineArn=lakehouse.stack()["StateMachineArn"], input=json.dumps({"objects": objects})
    )["executionArn"]
    name, deadline = started.rpartition(":")[2], time.monotonic() + 300
    s3, bucket = lakehouse.client("s3"), lakehouse.outputs["LakeBucketName"]
    wanted = {f"runs/{name}/{each}.json" for each in objects}
    try:
        while time.monotonic() < deadline:
            listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"runs/{name}/")
            landed = wanted <= {o["Key"] for o in listed.get("Contents", [])}
            if landed and not extracting(lakehouse):  # the run's report comes last
                return lakehouse.outcomes(name)
            status = client.describe_execution(executionArn=started)["status"]
            assert status in ("RUNNING", "SUCCEEDED"), status
            time.sleep(0.2)
    finally:
        if client.describe_execution(executionArn=started)["status"] == "RUNNING":
            client.stop_execution(executionArn=started)
    raise AssertionError(f"no outcome of {wanted}")


def extracting(lakehouse: Any) -> bool:
    runs = lakehouse.client("glue").get_job_runs(JobName=lakehouse.outputs["ExtractJobName"])
    return any(run["JobRunState"] in ("STARTING", "RUNNING") for run in runs["JobRuns"])


def standing(lakehouse: Any, stack: str = DEV) -> dict[str, str]:
    """Logical id -> physical id of what holds data or would be missed."""
    pages = lakehouse.client("cloudformation").get_paginator("list_stack_resources")
    listed = [r for p in pages.paginate(StackName=stack) for r in p["StackResourceSummaries"]]
    return {
        r["LogicalResourceId"]: r["PhysicalResourceId"]
        for r in listed
        if r["ResourceType"] in STATEFUL
    }


def pointers(lakehouse: Any) -> dict[str, tuple[str, str]]:
    """Each raw table's place and current metadata file."""
    tables = lakehouse.client("glue").get_tables(DatabaseName=lakehouse.outputs["RawDatabase"])
    return {
        t["Name"]: (t["StorageDescriptor"]["Location"], t["Parameters"]["metadata_location"])
        for t in tables["TableList"]
    }


def secret(lakehouse: Any) -> tuple[str, str]:
    found = lakehouse.client("secretsmanager").get_secret_value(
        SecretId=lakehouse.outputs["SalesforceSecretArn"]
    )
    return found["VersionId"], found["SecretString"]


@pytest.fixture(scope="module")
def told(lakehouse: Any, changed: Path) -> dict[str, Any]:
    """Load, then deploy the changes: what stood before and after, and what was said."""
    first = extract(lakehouse, BEFORE)
    job = {"JobName": lakehouse.outputs["ExtractJobName"]}
    glue = lakehouse.client("glue")

    def look() -> dict[str, Any]:
        return {
            "stateful": standing(lakehouse),
            "tables": pointers(lakehouse),
            "secret": secret(lakehouse),
            "outputs": lakehouse.stack(),
            "modules": glue.get_job(**job)["Job"]["DefaultArguments"][
                "--additional-python-modules"
            ],
        }

    before = look()
    # With the two yeses bucket, key and databases are no longer retained: agreed to by name, too.
    lost = [each for each in before["stateful"] if each.startswith(("Catalog", "Lake"))]
    agreed = [word for each in lost for word in ("--allow", each)]
    done = subprocess.run(
        [str(COMMAND), *("deploy", "--env", "local", "--yes", "--json", "--skip", "dbt"), *agreed],
        cwd=changed,
        env=environment(lakehouse, changed),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {
        "first": first,
        "before": before,
        "after": look(),
        "deployed": json.loads(done.stdout),
    }


def test_nothing_stateful_is_replaced_and_no_raw_table_touched(told: dict[str, Any]) -> None:
    before, after = told["before"], told["after"]
    assert before["stateful"]
    assert {k: after["stateful"].get(k) for k in before["stateful"]} == before["stateful"]
    assert {"account", "lead"} <= set(before["tables"])
    assert after["tables"] == before["tables"]
    assert after["secret"] == before["secret"]
    assert after["outputs"] == before["outputs"]


def test_what_was_changed_has_changed(lakehouse: Any, told: dict[str, Any]) -> None:
    assert told["deployed"]["passed"]
    assert "rate(2 hours)" in told["deployed"]["review"]
    assert told["after"]["modules"] != told["before"]["modules"]
    schedules = lakehouse.client("scheduler").list_schedules()["Schedules"]
    group = {s["GroupName"] for s in schedules}.pop()
    found = [
        lakehouse.client("scheduler").get_schedule(Name=s["Name"], GroupName=group)
        for s in schedules
    ]
    assert "rate(2 hours)" in {s["ScheduleExpression"] for s in found}
    names = {check["name"] for check in told["deployed"]["checks"]}
    assert {"account", "bootstrap", "deployment", "outputs", "S3", "login", ADDED} <= names


def test_the_local_aws_takes_the_stack_without_the_accounts_vpc(
    lakehouse: Any, told: dict[str, Any]
) -> None:
    job = lakehouse.client("glue").get_job(JobName=told["after"]["outputs"]["ExtractJobName"])
    assert not job["Job"].get("Connections", {}).get("Connections")
    assert "VPC" not in {check["name"] for check in told["deployed"]["checks"]}


def test_the_next_run_loads_what_is_new_and_goes_on_with_the_rest(
    lakehouse: Any, told: dict[str, Any]
) -> None:
    """Lead is in the group that has another name now."""
    lifecycle.change(lakehouse.home)
    found = extract(lakehouse, [*BEFORE, ADDED])
    assert found[ADDED]["status"] == "landed"
    assert found[ADDED]["watermark_before"] is None
    assert found[ADDED]["rows"] > 0
    for name in BEFORE:
        assert found[name]["status"] in ("landed", "unchanged")
        assert found[name]["watermark_before"] == told["first"][name]["watermark_after"]
        assert found[name]["rows"] < told["first"][name]["rows"]


def run_cdk(lakehouse: Any, *arguments: str) -> None:
    """The real CLI on the assembly that was deployed."""
    home = lakehouse.home
    done = subprocess.run(
        [*cdk.command(home.node_modules), *arguments, "--app", str(home.instance / "cdk.out")],
        cwd=home.instance,
        env=cdk.child_environment(
            aws_environment(home.endpoint),
            cache=home.instance / "cdk",
            drop_aws=True,
            environ=os.environ,
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def databases(lakehouse: Any) -> set[str]:
    return {d["Name"] for d in lakehouse.client("glue").get_databases()["DatabaseList"]}


@pytest.mark.usefixtures("told")
def test_dev_goes_with_two_yeses_and_prods_data_stays(lakehouse: Any) -> None:
    """Prod has one of them, the flag, and keeps what it has."""
    s3, stacks = lakehouse.client("s3"), lakehouse.client("cloudformation")
    run_cdk(lakehouse, "deploy", PROD, "--require-approval", "never")
    outputs = stacks.describe_stacks(StackName=PROD)["Stacks"][0]["Outputs"]
    prod = {o["OutputKey"]: o["OutputValue"] for o in outputs}
    s3.put_object(Bucket=prod["LakeBucketName"], Key="raw/kept", Body=b"kept")
    kept = standing(lakehouse, PROD)
    dev = lakehouse.outputs
    assert {dev["RawDatabase"], prod["RawDatabase"]} <= databases(lakehouse)

    stacks.update_termination_protection(StackName=PROD, EnableTerminationProtection=False)
    run_cdk(lakehouse, "destroy", PROD, DEV, "--force")

    for stack in (DEV, PROD):
        with pytest.raises(ClientError, match="does not exist"):
            stacks.describe_stacks(StackName=stack)
    buckets = {b["Name"] for b in s3.list_buckets()["Buckets"]}
    assert dev["LakeBucketName"] not in buckets
    assert not {v for k, v in dev.items() if k.endswith("Database")} & databases(lakehouse)
    body = s3.get_object(Bucket=prod["LakeBucketName"], Key="raw/kept")["Body"].read()
    assert body == b"kept"
    assert {v for k, v in prod.items() if k.endswith("Database")} <= databases(lakehouse)
    assert {name for name in kept.values() if name.startswith("lakehouseprod-lake")} <= buckets
    secrets = lakehouse.client("secretsmanager")
    assert secrets.describe_secret(SecretId=prod["SalesforceSecretArn"])["Name"]
