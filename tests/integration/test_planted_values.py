"""A planted token and a planted person, looked for in everything that a run leaves behind.

The token may be nowhere but in the secret. What is personal may be in tables (raw to marts, and
the pages of a load on their way there), nowhere else.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.salesforce_org import lifecycle
from tests.integration.conftest import Org

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]

MARK = "Zyxplanted"
PERSON = {
    "LastName": f"{MARK}person",
    "Name": f"Ada {MARK}person",
    "Email": f"ada.{MARK}@mail.example".lower(),
    "Phone": "+49 555 0184 7731",
}
PERSONAL = (MARK, MARK.lower(), PERSON["Phone"])
# Tables' files, and pages on their way into them.
TABLES = re.compile(r"^(lakehouse_dev_\w+|loads)/")
OBJECTS = "Contact,Lead"


@dataclass(frozen=True, kw_only=True)
class Left:
    """A lakehouse after its runs, and what the commands said."""

    lakehouse: Any
    said: str
    secret: str
    org_id: str


@pytest.fixture(scope="module")
def left(fresh_lakehouse: Any) -> Iterator[Left]:
    """One run that lands the person, and one in which the org sends the secret back."""
    lakehouse = fresh_lakehouse
    details = lifecycle.start(lakehouse.home, records=300)
    org = Org(details.url, details.client_id, details.client_secret)
    lakehouse.fill_secret(**org.credentials)
    insert_person = {"object": "Contact", "operation": "insert", "records": [PERSON]}
    org.call("POST", "records", **insert_person, late_seconds=120)
    run = ("run", "--objects", OBJECTS, "--models", "+dim_contact", "--plain")
    landed = lakehouse.run(*run)
    assert landed.status == 0, landed.out + landed.err

    message = f"client_secret={org.client_secret} was sent"
    spoilt = {"status": 400, "times": 100, "code": "ODD", "message": message}
    org.call("POST", "moods", path=r"/(sobjects|query|jobs)", **spoilt)
    failed = lakehouse.run(*run)
    tried = lakehouse.run("connections", "--json", "--skip", "dbt")
    org.call("DELETE", "moods")
    assert failed.status == 1
    assert "ODD: client_secret=*** was sent" in failed.err
    said = [landed, failed, tried, lakehouse.run("status"), lakehouse.run("report")]
    yield Left(
        lakehouse=lakehouse,
        said="\n".join(r.out + r.err for r in said),
        secret=org.client_secret,
        org_id=org.call("GET", "status")["org_id"],
    )
    lifecycle.stop(lakehouse.home)


def everything(left: Left) -> Iterator[tuple[str, str]]:
    """(place, text) of all that is neither a table nor an object in a bucket."""
    lakehouse = left.lakehouse
    yield "commands", left.said
    clouds = lakehouse.client("cloudformation")
    yield "template", json.dumps(clouds.get_template(StackName="LakehouseDev")["TemplateBody"])
    logs = lakehouse.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for stream in logs.describe_log_streams(logGroupName=name)["logStreams"]:
            events = logs.get_log_events(
                logGroupName=name, logStreamName=stream["logStreamName"], startFromHead=True
            )
            text = "\n".join(e["message"] for e in events["events"])
            yield f"log {name} {stream['logStreamName']}", text
    states = lakehouse.client("stepfunctions")
    for each in lakehouse.executions():
        arn = {"executionArn": each["executionArn"]}
        pages = states.get_paginator("get_execution_history").paginate(**arn)
        history = [event for page in pages for event in page["events"]]
        yield f"history {each['name']}", json.dumps(history, default=str)
        yield f"execution {each['name']}", json.dumps(states.describe_execution(**arn), default=str)
    runs = lakehouse.client("glue").get_job_runs(JobName=lakehouse.outputs["ExtractJobName"])
    yield "Glue runs", json.dumps(runs, default=str)
    builds = lakehouse.client("codebuild")
    ids = builds.list_builds_for_project(projectName=lakehouse.outputs["DbtProjectName"])["ids"]
    yield "builds", json.dumps(builds.batch_get_builds(ids=ids), default=str)
    for folder in (lakehouse.home.logs, lakehouse.home.instance / "cdk.out"):
        for path in Path(folder).rglob("*"):
            if path.is_file():
                yield f"file {path.name}", path.read_bytes().decode("utf-8", "replace")


def objects(lakehouse: Any) -> Iterator[tuple[str, str]]:
    """(key, text) of the objects of all buckets; a table's are read as tables elsewhere."""
    s3 = lakehouse.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
        for entry in (e for page in pages for e in page.get("Contents", [])):
            body = s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
            yield entry["Key"], body.decode("utf-8", "replace")


def tables(lakehouse: Any) -> Iterator[tuple[str, str, str]]:
    """(database, table, its rows as text)."""
    catalog = lakehouse.catalog()
    for key in ("RawDatabase", "StagingDatabase", "IntermediateDatabase", "MartsDatabase"):
        for identifier in catalog.list_tables(lakehouse.outputs[key]):
            rows = catalog.load_table(identifier).scan().to_arrow().to_pylist()
            yield key, identifier[1], json.dumps(rows, default=str, ensure_ascii=False)


def token_in(text: str, left: Left) -> bool:
    """The client's secret, or any access token: ``<org>!…``."""
    return left.secret in text or f"{left.org_id[:15]}!" in text


def personal(text: str) -> bool:
    return any(value in text for value in PERSONAL)


def test_no_token_is_anywhere(left: Left) -> None:
    places = dict(everything(left))
    assert len([p for p in places if p.startswith("log ")]) > 3
    assert any(p.startswith("history ") for p in places)
    found = [p for p, text in places.items() if token_in(text, left)]
    found += [key for key, text in objects(left.lakehouse) if token_in(text, left)]
    found += [table for _, table, text in tables(left.lakehouse) if token_in(text, left)]
    assert found == []
    # The search finds what is there: the secret itself.
    secret = left.lakehouse.client("secretsmanager").get_secret_value(
        SecretId=left.lakehouse.outputs["SalesforceSecretArn"]
    )
    assert token_in(secret["SecretString"], left)


def test_a_person_is_in_tables_alone(left: Left) -> None:
    outside = [place for place, text in everything(left) if personal(text)]
    outside += [
        key for key, text in objects(left.lakehouse) if not TABLES.match(key) and personal(text)
    ]
    assert outside == []
    inside = {(layer, table) for layer, table, text in tables(left.lakehouse) if personal(text)}
    assert ("RawDatabase", "contact") in inside
    assert ("MartsDatabase", "dim_contact") in inside
    assert not {table for _, table in inside} & {"_runs", "_rejected"}
