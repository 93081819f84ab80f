"""What travels in the wheel, and that it works where nothing else of the project is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse_constructs import _shipped
from lakehouse_constructs._archive import content_hash
from tests.clean_environment import link_packages

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ["lakehouse_constructs", "lakehouse_jobs", "lakehouse_local", "lakehouse_tools"]

# An app in a folder of its own, which makes the parts that read shipped files.
APP = """
import json, sys
import aws_cdk
import lakehouse_constructs
from lakehouse_constructs import _shipped
from lakehouse_constructs._archive import content_hash
project = _shipped.dbt_project()
stack = aws_cdk.Stack(aws_cdk.App(), "Test")
lake = lakehouse_constructs.LakeBucket(stack, "Lake")
print(json.dumps({
    "package": lakehouse_constructs.__file__,
    "project": str(project),
    "buildspec": _shipped.buildspec(project),
    "locks": [
        str(_shipped.lock_file(f"{name}.lock")) for name in ("comparison", "dbt", "glue_wheels")
    ],
    "jobs": content_hash(_shipped.jobs_entries()),
    "dbt": content_hash(_shipped.dbt_project_entries()),
}))
"""


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_four_packages_and_nothing_beside_them(installed: Path) -> None:
    names = sorted(path.name for path in installed.iterdir())

    assert [name for name in names if not name.endswith(".dist-info")] == PACKAGES


def test_the_dbt_project_is_the_tracked_one(installed: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "dbt_project"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    shipped = {
        f"dbt_project/{name}" for name in _files(installed / "lakehouse_constructs/_dbt_project")
    }
    assert shipped == set(tracked)


def test_locks_and_scripts_travel_and_left_overs_do_not(installed: Path) -> None:
    files = _files(installed)

    assert {
        "lakehouse_constructs/locks/comparison.lock",
        "lakehouse_constructs/locks/dbt.lock",
        "lakehouse_constructs/locks/glue_wheels.lock",
        "lakehouse_jobs/entry/salesforce_extractor.py",
        "lakehouse_jobs/entry/dbt_build.py",
    } <= files
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]


def test_the_command_is_installed(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")

    assert "lakehouse = lakehouse_tools.cli:main" in entry_points.read_text()


@pytest.fixture
def cdk_alone(tmp_path: Path) -> Path:
    """A folder with aws-cdk-lib and what it requires, and no other package."""
    folder = tmp_path / "cdk"
    folder.mkdir()
    link_packages(folder, ["aws-cdk-lib", "constructs"])
    return folder


def test_the_constructs_need_aws_cdk_lib_alone_and_find_what_travels(
    installed: Path, cdk_alone: Path, tmp_path: Path
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "app.py").write_text(APP)

    result = subprocess.run(
        [sys.executable, "-S", "app.py"],  # -S: without this environment's packages
        cwd=app,
        env={
            "PATH": os.environ["PATH"],
            "JSII_NODE": os.environ["JSII_NODE"],
            "PYTHONPATH": f"{installed}{os.pathsep}{cdk_alone}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["package"].startswith(str(installed))
    assert said["project"] == str(installed / "lakehouse_constructs" / "_dbt_project")
    assert said["buildspec"].strip()
    # Wheel and checkout publish the same files.
    assert said["jobs"] == content_hash(_shipped.jobs_entries())
    assert said["dbt"] == content_hash(_shipped.dbt_project_entries())
