"""What the synthesized environments do not show: cdk-nag on the constructs' other shapes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks

from lakehouse_constructs import (
    DbtBuild,
    ExtractionSchedule,
    ExtractionSchedules,
    IcebergCatalog,
    LakeBucket,
    Pipeline,
    SalesforceExtractor,
)

# Of the account or team that brings them, not of a construct of this library.
THEIRS = {"AwsSolutions-VPC7"}
THEIR_ACCOUNT = iam.AccountPrincipal("123456789012")


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[Callable[[Stack], None]], set[str]]:
    def found(fill: Callable[[Stack], None]) -> set[str]:
        app = App(outdir=str(tmp_path / "cdk.out"), analytics_reporting=False)
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        fill(Stack(app, "Theirs"))
        try:
            app.synth()
        except RuntimeError as error:
            if "ValidationFailed" not in str(error):
                raise
        report = json.loads((tmp_path / "cdk.out" / "validation-report.json").read_text())
        return {
            violation["ruleName"]
            for plugin in report["pluginReports"]
            for violation in plugin["violations"]
        } - THEIRS

    return found


@pytest.mark.parametrize("shape", ["vpc", "roles", "roles in a vpc"])
def test_every_finding_is_acknowledged(
    findings, shape: str, objects_config: Path, dbt_project: Path, wheel_cache: Path
) -> None:
    def fill(stack: Stack) -> None:
        lake = LakeBucket(stack, "Lake")
        catalog = IcebergCatalog(stack, "Catalog", lake=lake, prefix="theirs")
        common: dict[str, Any] = {"lake": lake, "catalog": catalog, "wheel_cache": wheel_cache}
        if "vpc" in shape:
            common["vpc"] = ec2.Vpc(stack, "Vpc", create_internet_gateway=False, nat_gateways=1)
        roles: dict[str, iam.Role] = {}
        if "roles" in shape:
            roles = {
                name: iam.Role(stack, name, assumed_by=iam.ServicePrincipal(service))
                for name, service in (
                    ("Job", "glue.amazonaws.com"),
                    ("Build", "codebuild.amazonaws.com"),
                    ("Session", "glue.amazonaws.com"),
                    ("Machine", "states.amazonaws.com"),
                    ("Scheduler", "scheduler.amazonaws.com"),
                )
            }
        extractor = SalesforceExtractor(
            stack, "Extractor", objects_config=objects_config, role=roles.get("Job"), **common
        )
        build = DbtBuild(
            stack,
            "DbtBuild",
            dbt_project=dbt_project,
            role=roles.get("Build"),
            session_role=roles.get("Session"),
            **common,
        )
        pipeline = Pipeline(
            stack,
            "Pipeline",
            lake=lake,
            extraction=extractor,
            dbt_build=build,
            name="theirs",
            role=roles.get("Machine"),
        )
        pipeline.grant_start_execution(iam.Role(stack, "Starter", assumed_by=THEIR_ACCOUNT))
        ExtractionSchedules(
            stack,
            "Schedules",
            state_machine=pipeline.state_machine,
            schedules=[ExtractionSchedule(name="Hourly", expression="rate(1 hour)")],
            role=roles.get("Scheduler"),
        )

    assert findings(fill) == set()
