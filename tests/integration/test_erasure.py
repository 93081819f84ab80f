"""A person is erased from a whole lake, killed in the middle, and no byte of theirs is left.

Extracted twice, built incrementally, so that old versions lie in snapshots, delete files and
orphans of every layer; then erased, extracted again, and built anew from raw.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lakehouse_local.salesforce_org import lifecycle
from tests.bucket_bytes import holding
from tests.integration.conftest import COMMAND, ROOT, Org

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(1200)]

MARK = "Zyxgone"
OBJECTS = "Contact,Lead,Task"
MODELS = "dim_contact,stg_salesforce__contacts,stg_salesforce__tasks"
RUN = ("run", "--objects", OBJECTS, "--models", MODELS, "--plain")


@dataclass
class Lake:
    """A lakehouse with the person in it."""

    lakehouse: Any
    org: Org
    id: str

    def holding(self) -> list[str]:
        """Keys of all buckets' objects that say the person's name, packed or not."""
        s3 = self.lakehouse.client("s3")
        names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        return [key for name in names for key in holding(s3, name, MARK, MARK.lower())]

    def keys(self) -> dict[str, str]:
        """The lake's objects but query results, with their ETags."""
        s3 = self.lakehouse.client("s3")
        pages = s3.get_paginator("list_objects_v2")
        bucket = self.lakehouse.outputs["LakeBucketName"]
        return {
            entry["Key"]: entry["ETag"]
            for page in pages.paginate(Bucket=bucket)
            for entry in page.get("Contents", [])
            if not entry["Key"].startswith("athena/")
        }

    def erase(self, *more: str) -> Any:
        return self.lakehouse.run("erase", "Contact", self.id, *more)

    def contacts(self) -> list[dict[str, Any]]:
        catalog = self.lakehouse.catalog()
        table = catalog.load_table((self.lakehouse.outputs["MartsDatabase"], "dim_contact"))
        rows = table.scan().to_arrow().to_pylist()
        return sorted(rows, key=lambda row: (row["contact_id"], row["valid_from"]))


@pytest.fixture(scope="module")
def lake(fresh_lakehouse: Any) -> Iterator[Lake]:
    lakehouse = fresh_lakehouse
    details = lifecycle.start(lakehouse.home, records=300)
    org = Org(details.url, details.client_id, details.client_secret)
    lakehouse.fill_secret(**org.credentials)
    person = {"LastName": f"{MARK}one", "Name": f"Ada {MARK}one", "Email": f"{MARK}@mail.example"}
    (record,) = org.call(
        "POST",
        "records",
        object="Contact",
        operation="insert",
        records=[person],
        late_seconds=120,
    )["ids"]
    task = {"WhoId": record, "Subject": "Call"}
    org.call("POST", "records", object="Task", operation="insert", records=[task], late_seconds=120)
    assert lakehouse.run(*RUN).status == 0
    org.call("POST", "clock", advance_seconds=3600)
    change = {"Id": record, "LastName": f"{MARK}two"}
    org.call(
        "POST", "records", object="Contact", operation="update", records=[change], late_seconds=600
    )
    again = lakehouse.run(*RUN)
    assert again.status == 0, again.out + again.err
    yield Lake(lakehouse, org, record)
    lifecycle.stop(lakehouse.home)


def change(lake: Lake, operation: str) -> None:
    record = {"Id": lake.id}
    lake.org.call("POST", "records", object="Contact", operation=operation, records=[record])


def test_an_erasure_leaves_nothing_and_nothing_comes_back(lake: Lake) -> None:
    """One test, because each step stands on the one before."""
    before = lake.keys()
    layers = {key.split("/")[0].removeprefix("lakehouse_dev_") for key in lake.holding()}
    assert {"raw", "staging", "marts"} <= layers

    # What a later run would bring back is refused, and so is what the lake does not have.
    refused = lake.erase("--yes")
    assert refused.status == 2
    assert f"Salesforce still has Contact {lake.id}" in refused.last_error
    change(lake, "delete")
    refused = lake.erase("--yes")
    assert refused.status == 2
    assert "recycle bin still has" in refused.last_error
    change(lake, "purge")
    wrong = lake.lakehouse.run("erase", "Lead", lake.id, "--yes")
    assert wrong.status == 2
    assert f"{lake.id} is no Lead" in wrong.last_error
    unsure = lake.erase()
    assert unsure.status == 1
    dry = lake.erase("--dry-run")
    assert dry.status == 0, dry.err
    assert "Contact: 1 record, 2 versions in raw" in dry.out
    assert "stg_salesforce__tasks" in dry.out.split("stays, and names them")[1]
    assert MARK not in dry.out
    assert lake.keys() == before

    kill_at_the_build(lake)
    half = {key.split("/")[0].removeprefix("lakehouse_dev_") for key in lake.holding()}
    assert half <= {"staging", "marts"}

    done = lake.erase("--yes")
    assert done.status == 0, done.out + done.err
    assert "erased: no table holds a row of them, and no file from before is left" in done.out
    assert lake.holding() == []
    note = read_note(lake, done.out)
    assert (note["proved"], note["left"]) == (True, [])
    assert {p["table"] for p in note["places"]} >= {"contact", "dim_contact"}
    assert lake.id not in json.dumps(note)
    contacts = lake.contacts()
    assert contacts
    assert lake.id not in {row["contact_id"] for row in contacts}

    gone = lake.erase("--yes")
    assert gone.status == 2
    assert f"raw has no version of Contact {lake.id}" in gone.last_error

    # Neither an incremental run nor one that looks for what raw lacks brings it back.
    lake.org.call("POST", "clock", advance_seconds=3600)
    living = sorted({row["contact_id"] for row in contacts if row["is_current"]})
    moved = [{"Id": record, "MailingCity": "Moved"} for record in living[:5]]
    update = {"object": "Contact", "operation": "update", "records": moved}
    lake.org.call("POST", "records", **update, late_seconds=600)
    for mode in ("incremental", "reconcile"):
        result = lake.lakehouse.run(*RUN, "--mode", mode)
        assert result.status == 0, result.err
    assert lake.holding() == []
    assert lake.id not in {row["id"] for row in lake.lakehouse.raw("contact", "id")}
    incremental = lake.contacts()
    assert "Moved" in {row["mailing_city"] for row in incremental}
    anew = lake.lakehouse.run(*RUN, "--full-refresh")
    assert anew.status == 0, anew.err
    assert lake.contacts() == incremental
    assert lake.holding() == []


def kill_at_the_build(lake: Lake) -> None:
    """Raw is clean by then, and the build goes on by itself."""
    home = lake.lakehouse.home
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAKEHOUSE_"))}
    env = clean | {"LAKEHOUSE_HOME": str(home.root), "LAKEHOUSE_LOCAL_PORT": str(home.port)}
    with subprocess.Popen(
        [str(COMMAND), "erase", "Contact", lake.id, "--yes"],
        cwd=ROOT,
        env=env | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("build "):
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait(60) == -signal.SIGKILL, "".join(said)


def read_note(lake: Lake, out: str) -> dict[str, Any]:
    (line,) = [line for line in out.splitlines() if line.startswith("noted in s3://")]
    bucket, _, key = line.removeprefix("noted in s3://").partition("/")
    answer = lake.lakehouse.client("s3").get_object(Bucket=bucket, Key=key)
    return json.loads(answer["Body"].read())
