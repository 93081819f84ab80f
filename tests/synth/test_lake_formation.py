"""The environment where Lake Formation decides: what its template and its checks say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from cfnlint import lint_file

from lakehouse_constructs import LakeFormation
from lakehouse_constructs._interfaces import service_principal
from stacks.lakehouse_stack import LakehouseStack
from stacks.settings import load

REPOSITORY = Path(__file__).resolve().parents[2]
ON = (LakeFormation.CATALOG, LakeFormation.CATALOG_AND_FILES)
# Off is what config/ says, and what every other test here synthesizes.


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> Path:
    """An assembly with a stack for each way of having it on, and readers of the marts."""
    target = tmp_path_factory.mktemp("lake_formation")
    context = json.loads((REPOSITORY / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(analytics_reporting=False, context=context, outdir=str(target))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    settings = load("dev", folder=REPOSITORY / "config")
    for mode in ON:
        stack = LakehouseStack(
            app,
            _name(mode),
            settings=replace(settings, lake_formation=mode),
            wheel_cache=wheel_cache,
        )
        columns = ("name", "industry") if mode is LakeFormation.CATALOG_AND_FILES else ()
        stack.catalog.grant_read(_reader(stack), tables=("dim_account",), columns=columns)
        stack.queries.grant_query(_reader(stack, "Analyst"))
    app.synth()
    return target


def _name(mode: LakeFormation) -> str:
    return "".join(word.capitalize() for word in mode.split("-"))


def _reader(stack: Stack, id: str = "Reader") -> iam.Role:
    return iam.Role(stack, id, assumed_by=service_principal("ec2.amazonaws.com"))


def _template(assembly: Path, mode: LakeFormation) -> dict[str, Any]:
    return json.loads((assembly / f"{_name(mode)}.template.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mode", ON)
def test_cfn_lint_finds_nothing(switched_on: Path, mode: LakeFormation) -> None:
    found = lint_file(switched_on / f"{_name(mode)}.template.json")

    # W3005: CDK writes DependsOn beside the reference that implies it.
    assert [str(match) for match in found if match.rule.id != "W3005"] == []


def test_neither_cdk_nag_nor_cdk_itself_finds_anything(switched_on: Path) -> None:
    report = json.loads((switched_on / "validation-report.json").read_text(encoding="utf-8"))

    assert "AwsSolutions" in {each["pluginName"] for each in report["pluginReports"]}
    assert [each for each in report["pluginReports"] if each["violations"]] == []


@pytest.mark.parametrize("mode", ON)
def test_each_role_has_its_grants_and_nobody_has_raw_by_the_way(
    switched_on: Path, mode: LakeFormation
) -> None:
    grants: dict[str, set[str]] = {}
    for resource in _template(switched_on, mode)["Resources"].values():
        if resource["Type"] == "AWS::LakeFormation::PrincipalPermissions":
            principal = resource["Properties"]["Principal"]["DataLakePrincipalIdentifier"]
            named = grants.setdefault(principal["Fn::GetAtt"][0][:-8], set())
            named.add(json.dumps(resource["Properties"]["Resource"]))

    assert set(grants) == {
        *("ExtractorRole", "DbtBuildRole", "DbtBuildSessionRole"),
        *("Reader", "Analyst"),
    }
    for reader in ("Reader", "Analyst"):
        assert not [target for target in grants[reader] if "lakehouse_dev_raw" in target]


@pytest.mark.parametrize("mode", ON)
def test_the_state_machine_is_that_of_the_environment(
    switched_on: Path, mode: LakeFormation, assembly: Path
) -> None:
    dev = json.loads((assembly / "LakehouseDev.template.json").read_text(encoding="utf-8"))

    # asl-validator has read that one.
    assert _definition(_template(switched_on, mode)) == _definition(dev)


def _definition(template: dict[str, Any]) -> str:
    (machine,) = (
        resource["Properties"]["DefinitionString"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    )
    return json.dumps(machine)
