"""GovCloud and China: no ARN and no address of another partition, whatever runs where."""

import json
import re
from pathlib import Path

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, LakeFormation, QueryAccess
from lakehouse_constructs._interfaces import service_principal
from tests.unit.constructs.everything import everything, files

REGIONS = ("us-gov-west-1", "cn-north-1")

# Names of services, which are the same in every partition (IAM User Guide, "Principal").
_SERVICE = re.compile(
    r'"(Service|iam:PassedToService|ec2:AuthorizedService)": "[a-z0-9.-]+\.amazonaws\.com(\.cn)?"'
)

# CDK's Secret writes this into the policy of its key, with one ending for all partitions. Where
# that is another, the two statements match nothing, and none is needed: IAM decides about the
# lake's key, and the roles' own statements name the partition's address.
_OF_CDK = re.compile(r'"kms:ViaService": "secretsmanager\.[a-z0-9-]+\.amazonaws\.com"')


def _stack(app: App, id: str, region: str) -> Stack:
    return Stack(app, id, env=Environment(account="123456789012", region=region))


def _of_a_partition(template: str) -> list[str]:
    """Each ARN and address that names a partition, with what stands around it."""
    text = _OF_CDK.sub("", _SERVICE.sub("", template))
    return re.findall(r".{0,60}(?:arn:aws[a-z-]*:|amazonaws\.com).{0,60}", text)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("lake_formation", list(LakeFormation))
def test_what_holds_data_names_no_partition(region: str, lake_formation: LakeFormation) -> None:
    stack = _stack(App(), "Test", region)
    lake = LakeBucket(stack, "Lake")
    catalog = IcebergCatalog(
        stack, "Catalog", lake=lake, prefix="lake", lake_formation=lake_formation
    )
    queries = QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="lake")
    role = iam.Role(stack, "Role", assumed_by=service_principal("glue.amazonaws.com"))
    catalog.grant_extraction(role)
    catalog.grant_build(role, session_role=role)
    queries.grant_query(role)
    lake.grant_read(role, prefix="reports/")

    assert _of_a_partition(json.dumps(Template.from_stack(stack).to_json())) == []


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> dict[str, str]:
    """Everything that runs, in a VPC: a template for each region, of one synthesis."""
    folder = files(tmp_path_factory.mktemp("files"))
    app = App()
    stacks = {region: _stack(app, f"Test-{region}", region) for region in REGIONS}
    for stack in stacks.values():
        everything(stack, folder, wheel_cache)
    assembly = app.synth()
    return {
        region: json.dumps(assembly.get_stack_by_name(stack.stack_name).template)
        for region, stack in stacks.items()
    }


@pytest.mark.parametrize("region", REGIONS)
def test_what_runs_names_no_partition(templates: dict[str, str], region: str) -> None:
    for kind in (
        "AWS::Glue::Job",
        "AWS::Glue::Connection",
        "AWS::CodeBuild::Project",
        "AWS::StepFunctions::StateMachine",
        "AWS::Scheduler::Schedule",
        "AWS::Athena::WorkGroup",
        "AWS::CloudWatch::Alarm",
    ):
        assert kind in templates[region]
    assert _of_a_partition(templates[region]) == []
