"""Plain `dbt build`, as an analyst runs it, with nothing but what `lakehouse dbt env` prints."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_jobs.contract.runs import RUNS_PREFIX
from tests.integration.conftest import COMMAND, ROOT

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]

LAYERS = ("staging", "intermediate", "marts")
# Not all marts are built here: tests between these and others are left out, as in the pipeline.
MODELS = ("dim_account", "stg_salesforce__accounts", "opportunity_stages")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project: dbt leaves its files there."""
    ignore = shutil.ignore_patterns("target", "logs", "dbt_packages")
    return Path(shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=ignore))


@pytest.fixture
def own(lakehouse: Any) -> Iterator[dict[str, str]]:
    """Databases of the test's own, empty, by the variable that names each."""
    glue, bucket = lakehouse.client("glue"), lakehouse.outputs["LakeBucketName"]
    names = {f"{layer.upper()}_DATABASE": f"by_hand_{layer}" for layer in LAYERS}
    for name in names.values():
        place = f"s3://{bucket}/{name}/"
        glue.create_database(DatabaseInput={"Name": name, "LocationUri": place})
    yield names
    for name in names.values():
        glue.delete_database(Name=name)


def by_hand(lakehouse: Any, project: Path, *arguments: str, **databases: str) -> list[Any]:
    """dbt in a shell that has taken the printed lines; its results."""
    # The shell of somebody who works with an account.
    theirs = {"AWS_PROFILE": "nobody", "AWS_SESSION_TOKEN": "real", "DBT_SESSION_CONNECTIONS": "x"}
    exports = "".join(f"export {name}={value}; " for name, value in databases.items())
    script = f'eval "$("$1" dbt env --project .)"; {exports} shift; dbt "$@"'
    done = subprocess.run(
        ["bash", "-ec", script, "bash", str(COMMAND), *arguments],
        cwd=project,
        env=theirs
        | {
            "HOME": str(project.parent),
            "PATH": os.environ["PATH"],
            "LAKEHOUSE_HOME": str(lakehouse.home.root),
            "LAKEHOUSE_LOCAL_PORT": str(lakehouse.home.port),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # raw has all tables
    assert "built anew" not in done.stdout
    return json.loads((project / "target" / "run_results.json").read_text())["results"]


def rows(lakehouse: Any, database: str, table: str) -> list[dict[str, Any]]:
    found = lakehouse.catalog().load_table((database, table)).scan().to_arrow().to_pylist()
    return sorted(found, key=str)


def notes(lakehouse: Any) -> dict[str, Any]:
    """What builds of the pipeline tell each other, and what executions left: key -> when."""
    s3, bucket = lakehouse.client("s3"), lakehouse.outputs["LakeBucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=RUNS_PREFIX)
    return {o["Key"]: o["LastModified"] for page in pages for o in page["Contents"]}


def test_a_build_by_hand_gives_the_rows_of_the_pipeline(
    lakehouse: Any, project: Path, own: dict[str, str]
) -> None:
    results = by_hand(lakehouse, project, "build", "--select", *MODELS, **own)

    ran = {result["unique_id"].split(".")[2] for result in results}
    assert ran > {*MODELS, "unbroken_history_dim_account"}
    assert "known_references_dim_account" not in ran  # it reads dim_user, too
    for layer, table in zip(("MARTS", "STAGING", "INTERMEDIATE"), MODELS, strict=True):
        built = rows(lakehouse, own[f"{layer}_DATABASE"], table)
        theirs = lakehouse.outputs[f"{layer.capitalize()}Database"]
        assert built == rows(lakehouse, theirs, table) != []


def test_it_goes_on_from_what_the_pipeline_built_and_leaves_no_trace(
    lakehouse: Any, project: Path
) -> None:
    before = notes(lakehouse)
    table = (lakehouse.outputs["MartsDatabase"], "dim_account")
    state = lakehouse.catalog().load_table(table).current_snapshot()

    by_hand(lakehouse, project, "build", "--select", *MODELS)

    assert lakehouse.catalog().load_table(table).current_snapshot() == state  # nothing was new
    assert notes(lakehouse) == before
    sessions = lakehouse.client("glue").list_sessions()["Sessions"]
    ours = {s["Status"] for s in sessions if "-by-hand__" in s["Id"]}
    assert ours <= {"STOPPING", "STOPPED"}, ours
