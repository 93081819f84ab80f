"""GitHub's workflows: built from `make` words, and no code of a pull request may write."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse_local.home import Home
from lakehouse_tools.deploy.cdk import node_folder

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NODE_MODULES = Home(root=ROOT / ".lakehouse").node_modules


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


@pytest.mark.parametrize(
    ("variables", "status", "told"),
    [
        ({"PROD": "arn", "REGION": "eu-central-1"}, 1, "::error::PROD_ROLE_ARN is set and DEV_R"),
        ({"DEV": "arn", "PROD": "arn"}, 1, "::error::AWS_REGION is not set"),
        ({}, 0, "::notice::DEV_ROLE_ARN is not set: nothing will be deployed"),
        ({"DEV": "arn", "REGION": "eu-central-1"}, 0, "::notice::PROD_ROLE_ARN is not set: dev al"),
        ({"DEV": "arn", "PROD": "arn", "REGION": "eu-central-1"}, 0, ""),
    ],
)
def test_what_will_be_deployed_is_told_before_anything_runs(
    variables: dict[str, str], status: int, told: str
) -> None:
    """A job without its variable is skipped, and what needs it: GitHub says nothing of that."""
    deploy = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8"))
    step = deploy["jobs"]["test"]["steps"][0]
    unset = dict.fromkeys(step["env"], "")  # a variable that GitHub does not know is empty

    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env=unset | variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert set(variables) <= set(step["env"])
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(told)
    assert bool(done.stdout) == bool(told)


def test_the_delivery_to_production_can_ask_the_gate() -> None:
    """Before it deploys, with the role that may read the runs; its failure ends the job."""
    deploy = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8"))
    steps = deploy["jobs"]["prod"]["steps"]
    order = [step.get("run") or step["uses"].partition("@")[0] for step in steps]

    assert order[-3:] == [
        "aws-actions/configure-aws-credentials",
        "make gate ENV=prod",
        "make deploy STACK=LakehouseProd",
    ]
    gate, deployment = steps[-2:]
    assert gate["if"] == "vars.PROD_GATE != '' && vars.PROD_GATE != 'false'"
    # Without an own condition a step is left out once one before it has failed.
    assert not {"if", "continue-on-error"} & deployment.keys()
    assert "continue-on-error" not in gate


def actionlint(folder: Path) -> tuple[int, str]:
    """Exit status and findings for the workflows of a checkout."""
    program = NODE_MODULES / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
    if not program.is_file():
        pytest.skip(f"{program} is not installed; `make test` installs it")
    node = node_folder()
    assert node is not None
    done = subprocess.run(
        [str(node / "node"), str(program), ".github/workflows/*.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_actionlint_accepts_them() -> None:
    status, findings = actionlint(ROOT)

    assert status == 0, findings
    assert f"{len(WORKFLOWS)} workflow" in findings  # it has seen them


def test_actionlint_tells_of_a_mistake(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    broken = (ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8")
    (folder / "deploy.yml").write_text(broken.replace("vars.DEV_ROLE_ARN", "var.DEV_ROLE_ARN"))

    status, findings = actionlint(tmp_path)

    assert status != 0
    assert 'undefined variable "var"' in findings


def test_actions_are_pinned_and_keep_no_token(workflow: dict[str, Any]) -> None:
    """A tag can be moved to other code, which would then run with the deployment's role."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "uses" not in step:
                continue
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step
            if "checkout" in step["uses"]:
                assert step["with"]["persist-credentials"] is False
