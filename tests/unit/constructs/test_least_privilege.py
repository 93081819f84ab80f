"""What no role of the library ever has, whatever is put together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from tests.unit.constructs.everything import everything, files

# Actions that know no resource (Service Authorization Reference).
WITHOUT_RESOURCE: Final = {
    # The names of all catalogs and workgroups, which BI tools list first.
    "athena:ListDataCatalogs",
    "athena:ListWorkGroups",
    "cloudwatch:PutMetricData",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "glue:ListSessions",
    # CDK's, for the log and the traces of a state machine.
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# People write these: databases and a workgroup stand in queries. Glue and Step Functions want
# log groups of certain names; CDK makes up those that CloudFormation asks for.
NAMED: Final = {
    "AWS::Athena::WorkGroup",
    "AWS::Glue::Database",
    "AWS::Glue::SecurityConfiguration",
    "AWS::Logs::LogGroup",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}
NAMES: Final = {
    "AliasName",
    "BucketName",
    "ConnectionName",
    "GroupName",
    "LogGroupName",
    "Name",
    "QueueName",
    "RoleName",
    "StateMachineName",
    "TopicName",
}


@pytest.fixture(scope="module")
def resources(
    tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path
) -> dict[str, dict[str, Any]]:
    stack = Stack(App(), "Test")
    everything(stack, files(tmp_path_factory.mktemp("files")), wheel_cache)
    return Template.from_stack(stack).to_json()["Resources"]


@pytest.fixture(scope="module")
def statements(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each statement of each role, in its own policies and in those attached to it."""
    documents = [
        policy["PolicyDocument"]
        for one in resources.values()
        for policy in (one["Properties"], *one["Properties"].get("Policies", ()))
        if one["Type"] in ("AWS::IAM::Policy", "AWS::IAM::Role") and "PolicyDocument" in policy
    ]
    assert len(documents) > 8
    return [statement for document in documents for statement in document["Statement"]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _with(statements: list[dict[str, Any]], service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for statement in statements:
        for action in _listed(statement["Action"]):
            if action.startswith(f"{service}:"):
                yield action, statement.get("Condition", {})


def test_no_role_has_a_managed_policy(resources: dict[str, dict[str, Any]]) -> None:
    kinds = {one["Type"] for one in resources.values()}

    assert "AWS::IAM::ManagedPolicy" not in kinds
    for name, one in resources.items():
        assert "ManagedPolicyArns" not in one.get("Properties", {}), name


def test_each_action_is_written_out(statements: list[dict[str, Any]]) -> None:
    actions = {action for each in statements for action in _listed(each["Action"])}

    assert {action for action in actions if "*" in action} == set()
    assert [each for each in statements if "NotAction" in each or "NotResource" in each] == []


def test_a_star_stands_where_an_action_knows_no_resource(
    statements: list[dict[str, Any]],
) -> None:
    everywhere = {
        action
        for each in statements
        if "*" in _listed(each["Resource"])
        for action in _listed(each["Action"])
    }

    assert everywhere == WITHOUT_RESOURCE


def test_a_role_is_passed_to_glue_and_nothing_else_of_iam_is_done(
    statements: list[dict[str, Any]],
) -> None:
    to_glue = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}

    assert list(_with(statements, "iam")) == [("iam:PassRole", to_glue)]


def test_a_key_is_used_through_a_service(statements: list[dict[str, Any]]) -> None:
    used = list(_with(statements, "kms"))

    assert {action for action, _ in used} == {"kms:Decrypt", "kms:GenerateDataKey"}
    for action, condition in used:
        assert list(condition.get("StringEquals", ())) == ["kms:ViaService"], action


def test_metrics_are_put_into_the_namespace_of_glue(statements: list[dict[str, Any]]) -> None:
    for _, condition in _with(statements, "cloudwatch"):
        assert condition == {"StringEquals": {"cloudwatch:namespace": "Glue"}}


def test_what_can_be_replaced_has_no_name(resources: dict[str, dict[str, Any]]) -> None:
    """A resource of a fixed name cannot be replaced: its successor finds the name taken."""
    named = {
        (one["Type"], name, prop)
        for name, one in resources.items()
        if one["Type"] not in NAMED
        for part in _parts(one.get("Properties", {}))
        for prop, value in part.items()
        if prop in NAMES and isinstance(value, str)
    }

    assert named == set()


def _parts(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties, and those in which Glue keeps a name (``ConnectionInput`` …)."""
    yield properties
    yield from (value for prop, value in properties.items() if prop.endswith("Input"))
