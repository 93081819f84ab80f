"""Each example synthesizes on the wheel, and what came of it passes every check."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint import lint_file
from packaging.requirements import Requirement

from tests.examples.conftest import EXAMPLES, HOME, REPOSITORY, Cdk

NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


@pytest.fixture(params=NAMES)
def example(
    request: pytest.FixtureRequest, copied: Callable[[str], Path], run_cdk: Cdk, cache_home: Path
) -> Path:
    """A copy of each example with its assembly in ``cdk.out``."""
    folder = copied(request.param)
    result = run_cdk(folder, "synth", "--quiet", HOME=str(cache_home))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WARNING" not in result.stdout + result.stderr
    return folder


def test_the_example_passes_cdk_nag_cfn_lint_and_asl_validator(
    example: Path, tmp_path: Path
) -> None:
    assembly = example / "cdk.out"
    report = json.loads((assembly / "validation-report.json").read_text())
    (nag,) = [r for r in report["pluginReports"] if r["pluginName"] == "AwsSolutions"]
    assert (nag["conclusion"], nag["violations"]) == ("success", [])
    (path,) = assembly.glob("*.template.json")
    # W3005: CDK writes DependsOn beside the reference that implies it.
    assert [str(m) for m in lint_file(path) if m.rule.id != "W3005"] == []
    template = json.loads(path.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            _check_definition(resource["Properties"]["DefinitionString"], tmp_path)


def test_nothing_stands_for_the_checkout(environment: Path) -> None:
    done = subprocess.run(
        [environment, "-c", "import lakehouse_constructs as c, sys; print(c.__file__, *sys.path)"],
        cwd=environment.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    where, *paths = done.stdout.split()
    assert Path(where).is_relative_to(environment.parents[1])
    checkout = str(EXAMPLES.parent)
    assert [path for path in paths if path.startswith(checkout)] == []


@pytest.mark.parametrize("name", NAMES)
def test_its_requirements_are_what_it_was_tried_with(name: str, environment: Path) -> None:
    lines = (EXAMPLES / name / "requirements.txt").read_text().split()
    code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    for requirement in map(Requirement, lines):
        done = subprocess.run(
            [environment, "-c", code, requirement.name], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() in requirement.specifier, requirement


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_names_files_that_are_there(name: str) -> None:
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")

    named = re.findall(r"`([a-z_]+\.(?:py|json|txt)|[a-z]+/)`", text)
    assert [path for path in named if not (EXAMPLES / name / path).exists()] == []


def _check_definition(text: Any, folder: Path) -> None:
    parts = text["Fn::Join"][1]
    definition = folder / "definition.asl.json"
    definition.write_text("".join(p if isinstance(p, str) else _resolved(p) for p in parts))
    program = HOME.node_modules / "asl-validator" / "dist" / "bin" / "asl-validator.js"
    if not program.is_file():
        pytest.skip(f"{program} is not installed; `make test` installs it")
    done = subprocess.run(
        [os.environ["JSII_NODE"], program, "--json-path", definition],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _resolved(reference: dict[str, Any]) -> str:
    return "aws" if reference == {"Ref": "AWS::Partition"} else "arn:aws:sns:us-east-1:1:name"


def test_dbt_puts_the_models_into_the_databases_of_their_layers(
    copied: Callable[[str], Path],
) -> None:
    dbt = HOME.build_bin / "dbt"
    if not dbt.is_file():
        pytest.skip(f"{dbt} is not installed; `make setup` installs it")
    folder = copied("own_glue_job") / "dbt"
    shutil.copy(REPOSITORY / "dbt_project" / "profiles.yml", folder)
    layers = ("raw", "staging", "intermediate", "marts")
    variables = {f"{layer.upper()}_DATABASE": f"erp_{layer}" for layer in layers}

    done = subprocess.run(
        [dbt, "--quiet", "ls", "--resource-type", "model", "--output", "json"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "DBT_SESSION_ROLE_ARN": "arn:aws:iam::123456789012:role/session",
            "LAKE_BUCKET": "lake",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    names = [json.loads(line)["unique_id"] for line in done.stdout.splitlines()]
    assert sorted(names) == ["model.erp.rpt_orders_by_day", "model.erp.stg_erp__orders"]
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    assert [nodes[name]["schema"] for name in sorted(names)] == ["erp_marts", "erp_staging"]
