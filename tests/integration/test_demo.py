"""The demo on a small org, looked at from outside: boto3 and PyIceberg alone."""

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "config" / "salesforce_objects.json"
CONFIGURED = [
    name for group in json.loads(CONFIG.read_text())["groups"].values() for name in group["include"]
]

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(1200)]


def stamp(moment: datetime) -> str:
    """A time as the org's journal writes it."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("+0000", "+00:00").replace("Z", "+00:00"))


def test_one_execution_was_killed_and_two_succeeded(demo: Any) -> None:
    statuses = [e["status"] for e in demo.lakehouse.executions()]
    assert statuses[-3:] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]


def test_the_process_of_the_first_load_was_killed_between_two_pages(demo: Any) -> None:
    lakehouse = demo.lakehouse
    killed = lakehouse.executions()[-1]["name"]
    runs = lakehouse.client("glue").get_job_runs(JobName=lakehouse.outputs["ExtractJobName"])
    (run,) = [r for r in runs["JobRuns"] if r["Arguments"]["--execution_name"] == killed]
    assert (run["JobRunState"], run["ErrorMessage"][-18:]) == ("FAILED", "killed by signal 9")
    pages = re.search(
        r"SIGKILL to the job's process, \d+, when (\d+) pages had come", demo.result.out
    )
    assert pages is not None
    assert 6 <= int(pages[1]) < 12
    (name,) = run["Arguments"]["--objects"].split(",")
    # The next execution took over the pages that it had stored, and read the others.
    outcome = lakehouse.outcomes(lakehouse.executions()[-2]["name"])[name]
    assert (outcome["resumed"], outcome["pages"]) == (True, 12)
    writers = Counter(r["_run_id"] for r in lakehouse.raw(name.lower(), "_run_id"))
    assert 0 < writers[killed] < outcome["rows"]
    assert f"{name}: resumed from page " in demo.result.out


def test_the_demo_found_nothing_lost_and_nothing_twice(demo: Any) -> None:
    told = json.loads((demo.lakehouse.home.instance / "demo.json").read_text())["journal"]
    assert (told["objects"], told["lost"], told["twice"], told["unknown"]) == (14, 0, 0, 0)
    assert told["reported"] == told["rows"] > 3000
    assert "0 lost, 0 twice" in demo.result.out


def test_each_glue_run_and_each_build_left_logs(demo: Any) -> None:
    lakehouse = demo.lakehouse
    runs = lakehouse.client("glue").get_job_runs(JobName=lakehouse.outputs["ExtractJobName"])
    ended = [r for r in runs["JobRuns"] if r["JobRunState"] == "SUCCEEDED"]
    assert len(ended) >= 4  # two groups, two executions
    build = lakehouse.client("codebuild")
    ids = build.list_builds_for_project(projectName=lakehouse.outputs["DbtProjectName"])["ids"]
    builds = build.batch_get_builds(ids=ids)["builds"]
    assert len([b for b in builds if b["buildStatus"] == "SUCCEEDED"]) >= 2
    logs = lakehouse.client("logs")
    (job_group,) = [
        g["logGroupName"]
        for g in logs.describe_log_groups(logGroupNamePrefix="/aws-glue/jobs/")["logGroups"]
        if g["logGroupName"].endswith("/output")
    ]
    for stream in [r["Id"] for r in ended]:
        events = logs.get_log_events(logGroupName=job_group, logStreamName=stream)["events"]
        assert any('"run_finished"' in e["message"] for e in events)
    for b in builds:
        where = b["logs"]
        events = logs.get_log_events(
            logGroupName=where["groupName"], logStreamName=where["streamName"]
        )["events"]
        assert any("dim_account" in e["message"] for e in events)


def test_raw_holds_each_version_the_org_reported_exactly_once(demo: Any) -> None:
    versions = demo.org.versions()
    for name in CONFIGURED:
        reported = versions[name]
        rows = demo.lakehouse.raw(name.lower(), "id", "systemmodstamp", "_is_deleted", "_change")
        held = Counter(
            (r["id"], stamp(r["systemmodstamp"]), r["_is_deleted"])
            for r in rows
            if r["_change"] == "read"
        )
        wanted = {(i, stamp(parsed(s)), d) for i, s, d in reported}
        assert set(held) == wanted, name
        assert max(held.values(), default=1) == 1, name


def test_every_row_carries_org_and_run(demo: Any) -> None:
    names = {e["name"] for e in demo.lakehouse.executions()}
    rows = demo.lakehouse.raw("account", "_org_id", "_run_id", "_source", "_batch")
    assert {r["_org_id"] for r in rows} == {demo.org.call("GET", "status")["org_id"]}
    assert {r["_run_id"] for r in rows} <= names
    assert {r["_source"] for r in rows} == {"salesforce"}
    assert {r["_batch"] for r in rows} >= {1, 2}


def test_each_live_account_has_exactly_one_current_row(demo: Any) -> None:
    lakehouse = demo.lakehouse
    latest: dict[str, tuple[tuple[Any, int], bool]] = {}
    for row in lakehouse.raw("account", "id", "systemmodstamp", "_is_deleted", "_batch"):
        order = (row["systemmodstamp"], row["_batch"])
        if row["id"] not in latest or latest[row["id"]][0] < order:
            latest[row["id"]] = (order, row["_is_deleted"])
    live = {i for i, (_, deleted) in latest.items() if not deleted}
    table = lakehouse.catalog().load_table((lakehouse.outputs["MartsDatabase"], "dim_account"))
    rows = table.scan().to_arrow().to_pylist()
    current = Counter(r["account_id"] for r in rows if r["is_current"])
    assert set(current) == live
    assert set(current.values()) == {1}
    assert {r["account_id"] for r in rows} == set(latest)
    assert len(rows) > len(latest)  # the second run brought new versions


def test_the_new_field_is_a_column_of_raw(demo: Any) -> None:
    changes = [
        c for o in demo.lakehouse.outcomes(second(demo)).values() for c in o["schema_changes"]
    ]
    assert any("__c" in c for c in changes), changes


def second(demo: Any) -> str:
    """Name of the demo's second execution."""
    return demo.lakehouse.executions()[-3]["name"]


def test_what_ran_is_what_was_synthesized(demo: Any) -> None:
    """The job's script, its packages and the build's sources are the assembly's assets."""
    lakehouse = demo.lakehouse
    assembly = lakehouse.home.instance / "cdk.out"
    job = lakehouse.client("glue").get_job(JobName=lakehouse.outputs["ExtractJobName"])["Job"]
    arguments = job["DefaultArguments"]
    used = [
        job["Command"]["ScriptLocation"],
        arguments["--extra-py-files"],
        arguments["--additional-python-modules"],
        arguments["--objects_config"],
    ]
    project = lakehouse.client("codebuild").batch_get_projects(
        names=[lakehouse.outputs["DbtProjectName"]]
    )["projects"][0]
    sources = [project["source"], *project["secondarySources"]]
    used += ["s3://" + s["location"].removeprefix("arn:aws:s3:::") for s in sources]
    assets = assets_by_key(assembly)
    for address in used:
        bucket, key = address.removeprefix("s3://").split("/", 1)
        body = lakehouse.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        assert content(body, Path(key).suffix) == local_content(assets[key]), key


def assets_by_key(assembly: Path) -> dict[str, Path]:
    """Files and folders of the assembly by the key they are published under."""
    manifest = json.loads((assembly / "LakehouseDev.assets.json").read_text())
    return {
        destination["objectKey"]: assembly / one["source"]["path"]
        for one in manifest["files"].values()
        for destination in one["destinations"].values()
    }


def content(body: bytes, suffix: str) -> dict[str, str]:
    """Hashes of the files in a published object."""
    if suffix != ".zip" or not zipfile.is_zipfile(io.BytesIO(body)):
        return {"": hashlib.sha256(body).hexdigest()}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {
            i.filename: hashlib.sha256(archive.read(i)).hexdigest()
            for i in archive.infolist()
            if not i.is_dir()
        }


def local_content(path: Path) -> dict[str, str]:
    """Hashes of the files of an asset in the assembly."""
    if path.is_file():
        return content(path.read_bytes(), path.suffix)
    return {
        p.relative_to(path).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in path.rglob("*")
        if p.is_file()
    }


def test_the_demo_told_its_story(demo: Any) -> None:
    for words in ("dim_account", "lakehouse query", "lakehouse down", "Seconds by phase"):
        assert words.lower() in demo.result.out.lower()
    assert demo.result.err == ""


def test_status_and_query_answer_afterwards(demo: Any) -> None:
    lakehouse = demo.lakehouse
    status = lakehouse.run("status")
    assert (status.status, "Account" in status.out) == (0, True), status.err
    answer = lakehouse.run(
        "query", "select count(*) as n from dim_account where is_current", "--format", "json"
    )
    assert answer.status == 0, answer.err
    table = lakehouse.catalog().load_table((lakehouse.outputs["MartsDatabase"], "dim_account"))
    current = table.scan(row_filter="is_current = true").to_arrow().num_rows
    assert int(json.loads(answer.out)[0]["n"]) == current


def test_a_query_that_athena_would_refuse_is_refused(demo: Any) -> None:
    answer = demo.lakehouse.run("query", "select account_id::varchar from dim_account")
    assert answer.status == 1
    assert "::" in answer.last_error or "mismatched input" in answer.last_error
    assert "Traceback" not in answer.err
