"""The deployed state machine, read by what others wrote for it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_glue as glue
from aws_cdk.assertions import Template
from jsonata import Jsonata
from ministack.services import stepfunctions

from app import use_bundled_node
from lakehouse_constructs import (
    DbtBuild,
    GlueJobExtraction,
    IcebergCatalog,
    JobGroup,
    LakeBucket,
    Pipeline,
    QueryAccess,
    SystemComparison,
)
from lakehouse_constructs._plan import plan_expression
from lakehouse_jobs.contract.objects import ObjectsConfig
from stacks.old_lake import OldLake

REPOSITORY = Path(__file__).resolve().parents[2]
NODE_MODULES = REPOSITORY / ".lakehouse" / "runtimes" / "node" / "node_modules"

# Evaluates {"expression", "inputs"} from standard input with the reference engine.
REFERENCE = """
const jsonata = require('jsonata');
const {expression, inputs} = JSON.parse(require('fs').readFileSync(0));
(async () => {
  const results = [];
  for (const input of inputs) {
    results.push(await jsonata(expression).evaluate(undefined, {states: {input}}));
  }
  console.log(JSON.stringify(results));
})();
"""
INPUTS: list[Any] = [
    {},
    {"objects": ["account", "LEAD"]},
    {"objects": ["Nope"]},
    {"groups": ["sales"], "mode": "full"},
    {"since": "2026-01-01"},
    {"since": "2026-01-01", "until": "2026-01-01T00:00:01Z", "mode": "refresh"},
    {"since": "2026-01-02", "until": "2026-01-01"},
    {"since": 5},
    {"until": "soon"},
    {"full_refresh": True},
    {"full_refresh": "yes"},
    {"groups": ["nope"]},
    {"objects": ["Account"], "groups": ["engagement"]},
    {"objects": []},
    {"objects": "Account"},
    {"objects": [["Account"]]},
    {"mode": None, "groups": None},
    {"mode": 1},
    {"other": {"a": [1]}},
    [],
    ["Account"],
    None,
]


@pytest.fixture
def node() -> list[str]:
    use_bundled_node()
    return [os.environ["JSII_NODE"]]


@pytest.fixture(
    params=["runs that leave no outcome", "runs that leave one", "an old system beside it"]
)
def own_job(request: pytest.FixtureRequest, wheel_cache: Path) -> dict[str, Any]:
    """The template of a pipeline around another team's job."""
    stack = Stack(App(), "Theirs")
    lake = LakeBucket(stack, "Lake")
    catalog = IcebergCatalog(stack, "Catalog", lake=lake, prefix="theirs")
    command = glue.CfnJob.JobCommandProperty(name="glueetl", script_location="s3://theirs/job.py")
    extraction = GlueJobExtraction(
        job=glue.CfnJob(stack, "Job", command=command, role="theirs"),
        groups=[JobGroup(name="erp", objects=("orders", "customers")), JobGroup(name="web")],
        writes_outcome=request.param != "runs that leave no outcome",
    )
    build = DbtBuild(
        stack,
        "DbtBuild",
        lake=lake,
        catalog=catalog,
        session_prefix="theirs",
        wheel_cache=wheel_cache,
    )
    comparison = None
    if request.param == "an old system beside it":
        config = REPOSITORY / "config" / "comparison.json"
        old = OldLake(database="old_lake", bucket="old-lake")
        old_database, old_bucket = old.imported(stack)
        comparison = SystemComparison(
            stack,
            "Comparison",
            dbt_build=build,
            queries=QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="theirs"),
            old_database=old_database,
            old_bucket=old_bucket,
            config=config,
            wheel_cache=wheel_cache,
        )
    Pipeline(
        stack,
        "Pipeline",
        lake=lake,
        extraction=extraction,
        dbt_build=build,
        name="theirs",
        comparison=comparison,
    )
    return dict(Template.from_stack(stack).to_json())


def _module(name: str) -> Path:
    path = NODE_MODULES / name
    if not path.is_dir():
        pytest.skip(f"{path} is not installed; `make test` installs it")
    return path


def _definition(template: dict[str, Any]) -> str:
    (machine,) = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    return "".join(
        part if isinstance(part, str) else _resolved(part)
        for part in machine["DefinitionString"]["Fn::Join"][1]
    )


def _resolved(reference: dict[str, Any]) -> str:
    return "aws" if reference == {"Ref": "AWS::Partition"} else "arn:aws:sns:us-east-1:1:name"


@pytest.fixture
def valid(node: list[str], tmp_path: Path) -> Callable[[dict[str, Any]], None]:
    """Refuse a definition that AWS's rules, the local engine or a reader would refuse."""

    def check(template: dict[str, Any]) -> None:
        program = _module("asl-validator") / "dist" / "bin" / "asl-validator.js"
        text = _definition(template)
        definition = tmp_path / "definition.asl.json"
        definition.write_text(text)
        result = subprocess.run(
            [*node, str(program), "--json-path", str(definition)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert stepfunctions._validate_definition_jsonata(text) is None
        _check_branches(json.loads(text))

    return check


def test_the_environments_definition_is_valid(template: dict[str, Any], valid) -> None:
    valid(template)


def test_a_definition_around_a_job_of_ones_own_is_valid(own_job: dict[str, Any], valid) -> None:
    valid(own_job)


def _check_branches(branch: dict[str, Any]) -> None:
    states = branch["States"]
    assert branch["StartAt"] in states
    for state in states.values():
        targets = [state.get("Next"), state.get("Default")]
        targets += [rule["Next"] for rule in (*state.get("Choices", ()), *state.get("Catch", ()))]
        assert {target for target in targets if target} <= set(states)
        if "ItemProcessor" in state:
            _check_branches(state["ItemProcessor"])


def test_the_reference_engine_plans_as_ours_does(node: list[str]) -> None:
    jsonata = _module("jsonata")
    objects = ObjectsConfig.from_file(REPOSITORY / "config" / "salesforce_objects.json")
    expression = plan_expression(objects)

    result = subprocess.run(
        [*node, "-e", REFERENCE],
        input=json.dumps({"expression": expression, "inputs": INPUTS}),
        cwd=jsonata.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    ours = [
        Jsonata.jsonata(expression).evaluate(None, {"states": {"input": input_}})
        for input_ in INPUTS
    ]
    assert json.loads(result.stdout) == ours
