"""The environment in a VPC that config names: what runs there, and what that leaves alone."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint import lint_file

from lakehouse_tools.review.assembly import Template
from lakehouse_tools.review.stateful import losses
from tests.synth.conftest import Synthesize

VPC = {
    "id": "vpc-0123abcd",
    "availability_zones": ["eu-central-1a", "eu-central-1b"],
    "private_subnets": ["subnet-0123abcd", "subnet-4567abcd"],
}
THEIRS = ["sg-0123abcd"]
Files = Callable[..., Path]


@pytest.fixture(scope="module")
def in_vpc(
    tmp_path_factory: pytest.TempPathFactory, checkout: Path, synthesize: Synthesize
) -> Files:
    """An assembly: dev in the VPC, prod in it with security groups that are there already."""

    def run(**context: str) -> Path:
        folder = tmp_path_factory.mktemp("vpc")
        copy = Path(shutil.copytree(checkout, folder / "checkout"))
        for name, vpc in (("dev", VPC), ("prod", VPC | {"security_groups": THEIRS})):
            path = copy / "config" / f"{name}.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"vpc": vpc}))
        done = synthesize(folder / "out", checkout=copy, CDK_CONTEXT_JSON=json.dumps(context))
        # Findings of cdk-nag and of CDK's own rules would be told, and its warnings.
        assert (done.returncode, done.stderr) == (0, "")
        return folder / "out"

    return run


@pytest.fixture(scope="module")
def placed(in_vpc: Files) -> Path:
    return in_vpc()


def _resources(assembly: Path, stack: str) -> dict[str, Any]:
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    return template["Resources"]


def _of(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {k: r["Properties"] for k, r in resources.items() if r["Type"] == kind}


def test_all_that_runs_is_in_the_subnets(placed: Path) -> None:
    resources = _resources(placed, "LakehouseDev")

    connections = _of(resources, "AWS::Glue::Connection")
    where = [c["ConnectionInput"]["PhysicalConnectionRequirements"] for c in connections.values()]
    assert [(w["SubnetId"], w["AvailabilityZone"]) for w in where] == [
        ("subnet-0123abcd", "eu-central-1a")
    ] * 2
    (job,) = _of(resources, "AWS::Glue::Job").values()
    (build,) = _of(resources, "AWS::CodeBuild::Project").values()
    variables = {v["Name"]: v["Value"] for v in build["Environment"]["EnvironmentVariables"]}
    used = [*job["Connections"]["Connections"], variables["DBT_SESSION_CONNECTIONS"]]
    assert sorted(name["Ref"] for name in used) == sorted(connections)
    assert build["VpcConfig"]["VpcId"] == VPC["id"]
    assert build["VpcConfig"]["Subnets"] == VPC["private_subnets"]


def test_security_groups_of_its_own_let_their_members_in(placed: Path) -> None:
    resources = _resources(placed, "LakehouseDev")

    groups = _of(resources, "AWS::EC2::SecurityGroup")
    inbound = _of(resources, "AWS::EC2::SecurityGroupIngress").values()
    assert {g["VpcId"] for g in groups.values()} == {VPC["id"]}
    assert sorted(i["GroupId"]["Fn::GetAtt"][0] for i in inbound) == sorted(groups)
    for rule in inbound:
        assert rule["SourceSecurityGroupId"] == rule["GroupId"]
        assert (rule["FromPort"], rule["ToPort"]) == (0, 65535)


def test_security_groups_that_are_named_are_used_and_left_as_they_are(placed: Path) -> None:
    resources = _resources(placed, "LakehouseProd")

    assert [r for r in resources.values() if r["Type"].startswith("AWS::EC2::")] == []
    (build,) = _of(resources, "AWS::CodeBuild::Project").values()
    assert build["VpcConfig"]["SecurityGroupIds"] == THEIRS
    for connection in _of(resources, "AWS::Glue::Connection").values():
        where = connection["ConnectionInput"]["PhysicalConnectionRequirements"]
        assert where["SecurityGroupIdList"] == THEIRS


@pytest.mark.parametrize("stack", ["LakehouseDev", "LakehouseProd"])
def test_an_environment_that_gets_a_vpc_keeps_all_that_it_has(
    assembly: Path, placed: Path, stack: str
) -> None:
    """Nothing is removed or replaced: what changes are properties that are updated in place.

    Their "Update requires" in AWS CloudFormation's template reference is "No interruption".
    """
    before, after = _resources(assembly, stack), _resources(placed, stack)

    assert set(before) <= set(after)
    assert list(losses(Template({"Resources": before}), Template({"Resources": after}))) == []
    changed = {
        (before[name]["Type"], part)
        for name in before
        for part in {*before[name]["Properties"], *after[name]["Properties"]}
        if before[name]["Properties"].get(part) != after[name]["Properties"].get(part)
    }
    assert changed == {
        ("AWS::CodeBuild::Project", "Environment"),
        ("AWS::CodeBuild::Project", "VpcConfig"),
        ("AWS::Glue::Job", "Connections"),
        ("AWS::IAM::Role", "Policies"),
    }


@pytest.mark.parametrize("stack", ["LakehouseDev", "LakehouseProd"])
def test_cfn_lint_finds_nothing(placed: Path, stack: str) -> None:
    found = lint_file(placed / f"{stack}.template.json")

    # W3005: CDK writes DependsOn beside the reference that implies it. W3010: the zone is that
    # of a subnet, which is not asked for at synthesis.
    assert [str(match) for match in found if match.rule.id not in ("W3005", "W3010")] == []


def test_the_local_aws_gets_the_stack_without_the_vpc(assembly: Path, in_vpc: Files) -> None:
    local = in_vpc(**{"lakehouse:any-account": "true"})

    assert _resources(local, "LakehouseDev") == _resources(assembly, "LakehouseDev")
