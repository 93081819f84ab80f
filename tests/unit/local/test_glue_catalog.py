"""Commits to one table at once: each that is told it was taken is in the catalog."""

import subprocess
import sys

# In a process of its own, because the adapters change ministack's modules for good. Threads take
# turns as often as Python can, so that without a lock commits are lost in each of some runs.
COMMITS = """
import json, sys, threading
from ministack.services import glue
from lakehouse_local.local_aws import glue_catalog

glue_catalog.install(None)
sys.setswitchinterval(1e-7)

def call(name, **data):
    headers = {"x-amz-target": f"AWSGlue.{name}"}
    status, _, body = glue._handle_request_sync("POST", "/", headers, json.dumps(data).encode(), {})
    return status, json.loads(body or b"{}")

call("CreateDatabase", DatabaseInput={"Name": "lake"})
call("CreateTable", DatabaseName="lake", TableInput={"Name": "t", "Parameters": {"sum": "0"}})
taken = []

def commit():
    while len(taken) < 600:
        table = call("GetTable", DatabaseName="lake", Name="t")[1]["Table"]
        known = {"Name": "t", "Parameters": {"sum": str(int(table["Parameters"]["sum"]) + 1)}}
        given = {"TableInput": known, "VersionId": table["VersionId"]}
        if call("UpdateTable", DatabaseName="lake", **given)[0] == 200:
            taken.append(1)

threads = [threading.Thread(target=commit) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
table = call("GetTable", DatabaseName="lake", Name="t")[1]["Table"]
print(len(taken), table["Parameters"]["sum"])
"""


def test_no_commit_that_was_taken_is_lost() -> None:
    run = subprocess.run(
        [sys.executable, "-c", COMMITS], capture_output=True, text=True, check=True, timeout=300
    )
    taken, found = run.stdout.split()
    assert taken == found
