"""Stacks to put constructs into, and the JSONata engine that reads their expressions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonata
import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from lakehouse_constructs import DbtBuild, IcebergCatalog, LakeBucket, SalesforceExtractor

Resources = Callable[[str], list[dict[str, Any]]]

OBJECTS = {
    "groups": {
        "sales": {"include": ["Account", "Opportunity"], "workers": 4, "timeout_minutes": 120},
        "history": {"include": ["*History"], "exclude": ["Case*"]},
    }
}


@pytest.fixture
def stack() -> Stack:
    return Stack(App(), "Test")


@pytest.fixture
def lake(stack: Stack) -> LakeBucket:
    return LakeBucket(stack, "Lake")


@pytest.fixture
def catalog(stack: Stack, lake: LakeBucket) -> IcebergCatalog:
    return IcebergCatalog(stack, "Catalog", lake=lake, prefix="lake_test")


@pytest.fixture
def objects_config(tmp_path: Path) -> Path:
    path = tmp_path / "salesforce_objects.json"
    path.write_text(json.dumps(OBJECTS))
    return path


@pytest.fixture
def extractor(
    stack: Stack,
    lake: LakeBucket,
    catalog: IcebergCatalog,
    objects_config: Path,
    wheel_cache: Path,
) -> SalesforceExtractor:
    return SalesforceExtractor(
        stack,
        "Extractor",
        lake=lake,
        catalog=catalog,
        objects_config=objects_config,
        wheel_cache=wheel_cache,
    )


@pytest.fixture
def dbt_project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: test\n")
    (folder / "buildspec.yml").write_text("version: 0.2\n# one comment\n")
    return folder


@pytest.fixture
def dbt_build(
    stack: Stack, lake: LakeBucket, catalog: IcebergCatalog, dbt_project: Path, wheel_cache: Path
) -> DbtBuild:
    return DbtBuild(
        stack,
        "DbtBuild",
        lake=lake,
        catalog=catalog,
        session_prefix="lake-test-dbt",
        dbt_project=dbt_project,
        wheel_cache=wheel_cache,
    )


@pytest.fixture
def template_of() -> Callable[[Stack], Template]:
    """The template of a stack."""
    return Template.from_stack


@pytest.fixture
def resources(stack: Stack) -> Resources:
    """The properties of all resources of a type, in the order of their logical ids."""

    def of_type(name: str) -> list[dict[str, Any]]:
        found = Template.from_stack(stack).find_resources(name)
        return [found[key].get("Properties", {}) for key in sorted(found)]

    return of_type


@pytest.fixture
def statements(stack: Stack, resources: Resources) -> Callable[[str], list[dict[str, Any]]]:
    """The statements of the one role whose description begins with some words.

    Those in its own policy and in those attached to it.
    """

    def of_role(description: str) -> list[dict[str, Any]]:
        roles = {
            name: role["Properties"]
            for name, role in Template.from_stack(stack).find_resources("AWS::IAM::Role").items()
            if str(role["Properties"].get("Description", "")).startswith(description)
        }
        ((name, role),) = roles.items()
        attached = [p for p in resources("AWS::IAM::Policy") if {"Ref": name} in p.get("Roles", ())]
        return [s for p in (*role["Policies"], *attached) for s in p["PolicyDocument"]["Statement"]]

    return of_role


@pytest.fixture
def evaluate() -> Callable[..., Any]:
    """Evaluate an expression as Step Functions does."""

    def evaluated(
        expression: str,
        *,
        input: Any = None,
        result: Any = None,
        error_output: Any = None,
        variables: dict[str, Any] | None = None,
    ) -> Any:
        states: dict[str, Any] = {
            "input": input,
            "context": {"Execution": {"Name": "run-1", "Id": "arn:execution:run-1"}},
        }
        if result is not None:
            states["result"] = result
        if error_output is not None:
            states["errorOutput"] = error_output
        parsed = jsonata.Jsonata.jsonata(expression)
        parsed.register_lambda("parse", json.loads)
        return parsed.evaluate(None, {**(variables or {}), "states": states})

    return evaluated
