"""GitHub's workflows: built from `make` words, and no code of a pull request may write."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


def test_each_make_word_exists(workflow: dict[str, Any]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    words = {
        word
        for job in workflow["jobs"].values()
        for step in job["steps"]
        for word in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))
    }

    assert words
    for word in words:
        assert re.search(rf"^{word}:", makefile, re.MULTILINE), word


def test_nobody_writes_who_runs_the_code_of_a_change(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        writes = {k for k, v in job.get("permissions", {}).items() if v == "write"} - {"id-token"}
        runs_code = any("checkout" in step.get("uses", "") for step in job["steps"])
        assert not (writes and runs_code), name


def test_every_job_ends(workflow: dict[str, Any]) -> None:
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name


def test_nothing_that_a_stranger_writes_is_pasted_into_a_script(workflow: dict[str, Any]) -> None:
    """Titles, branch names and the like go through `env`: in a script they would be code."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step


def test_production_waits_for_development() -> None:
    deploy = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8"))

    assert deploy["jobs"]["dev"]["needs"] == "test"
    assert deploy["jobs"]["prod"]["needs"] == "dev"
    assert deploy["jobs"]["prod"]["environment"] == "prod"
