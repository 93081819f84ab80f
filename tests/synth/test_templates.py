"""What is deployed to either environment."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cfnlint import lint_file

OUTPUTS = {
    "LakeBucketName",
    "StateMachineArn",
    "SalesforceSecretArn",
    "ExtractJobName",
    "DbtProjectName",
    "RawDatabase",
    "StagingDatabase",
    "IntermediateDatabase",
    "MartsDatabase",
    "AthenaWorkGroupName",
    "AlertTopicArn",
    "DeadLetterQueueUrl",
}
# Held by people or by tables: they outlive the stack.
KEPT = {"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Glue::Database"}


def test_the_outputs_are_those_of_the_contract(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == OUTPUTS


def test_each_part_is_there_once(template: dict[str, Any]) -> None:
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())

    for kind in (
        "AWS::Glue::Job",
        "AWS::CodeBuild::Project",
        "AWS::StepFunctions::StateMachine",
        "AWS::Athena::WorkGroup",
        "AWS::SNS::Topic",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
    ):
        assert kinds[kind] == 1, kind
    assert kinds["AWS::Glue::Database"] == 4
    assert kinds["AWS::Glue::Table"] == 0  # jobs and dbt own the tables
    assert kinds["AWS::Lambda::Function"] == 0


def test_what_holds_data_is_kept(template: dict[str, Any]) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] in KEPT:
            assert resource["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate"), name


def test_schedules_wait_for_the_secret(template: dict[str, Any]) -> None:
    states = [
        resource["Properties"]["State"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Scheduler::Schedule"
    ]

    assert states
    assert set(states) == {"DISABLED"}


def test_no_arn_names_a_partition_account_or_region(template: dict[str, Any]) -> None:
    text = json.dumps(template["Resources"])

    assert "arn:aws:" not in text
    assert "us-east-1" not in text


def test_the_template_is_far_from_cloudformations_limit(template: dict[str, Any]) -> None:
    assert len(json.dumps(template)) < 200_000  # of 1,000,000 bytes


def test_the_two_environments_share_no_name(assembly: Path) -> None:
    def names(stack: str) -> set[str]:
        template = json.loads((assembly / f"{stack}.template.json").read_text())
        return {
            json.dumps(value)
            for resource in template["Resources"].values()
            for key, value in resource.get("Properties", {}).items()
            if key in ("Name", "LogGroupName") and isinstance(value, str)
        } | {
            resource["Properties"]["DatabaseInput"]["Name"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Glue::Database"
        }

    assert names("LakehouseDev")
    assert not names("LakehouseDev") & names("LakehouseProd")


def test_production_is_protected_from_deletion(assembly: Path) -> None:
    manifest = json.loads((assembly / "manifest.json").read_text())["artifacts"]

    assert manifest["LakehouseProd"]["properties"]["terminationProtection"] is True


@pytest.mark.parametrize("stack", ["LakehouseDev", "LakehouseProd"])
def test_cfn_lint_finds_nothing(assembly: Path, stack: str) -> None:
    found = lint_file(assembly / f"{stack}.template.json")

    # W3005: CDK writes DependsOn beside the reference that implies it.
    assert [str(match) for match in found if match.rule.id != "W3005"] == []


def test_cdk_nag_finds_nothing(assembly: Path) -> None:
    report = json.loads((assembly / "validation-report.json").read_text())

    (nag,) = [r for r in report["pluginReports"] if r["pluginName"] == "AwsSolutions"]
    assert nag["conclusion"] == "success"
    assert nag["violations"] == []
