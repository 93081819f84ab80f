"""The check of the VPC, against moto's EC2."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.deploy import network
from lakehouse_tools.environment import Environment
from tests.unit.tools.conftest import client

ANYWHERE = "0.0.0.0/0"
ZONES = ["us-east-1a", "us-east-1b"]


@pytest.fixture
def ec2() -> Iterator[Any]:
    with mock_aws():
        yield client("ec2")


@pytest.fixture
def look(account: Environment, ec2: Any) -> Any:
    """The check of a VPC that is as it should be, until a test changes it."""
    account._clients["ec2"] = ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/28", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate(ZONES)
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address["AllocationId"])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    nat_id = nat["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat_id)
    wanted = {"id": vpc, "availability_zones": ZONES, "private_subnets": subnets}

    def run(*, workers: int = 8, **changed: Any) -> str:
        return network.vpc(account, wanted | changed, workers=workers)

    run.there = SimpleNamespace(  # type: ignore[attr-defined]
        vpc=vpc, subnets=subnets, table=table, gateway=gateway, nat=nat_id, ip=address["PublicIp"]
    )
    return run


def _group(ec2: Any, vpc: str, *, first: int = 0, last: int = 65535) -> str:
    """A security group that lets its own members in on these TCP ports."""
    name = f"{first} to {last}"
    group = ec2.create_security_group(GroupName=name, Description="g", VpcId=vpc)["GroupId"]
    own = [{"GroupId": group}]
    rule = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "UserIdGroupPairs": own}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def test_the_address_that_salesforce_has_to_let_in_is_told(look: Any) -> None:
    there = look.there

    assert look() == (
        f"{there.vpc}, {' and '.join(there.subnets)}, out by {there.nat}: Salesforce sees"
        f" {there.ip}"
    )


def test_named_security_groups_that_are_open_as_glue_asks(look: Any, ec2: Any) -> None:
    narrow = _group(ec2, look.there.vpc, last=443)

    assert look(security_groups=[narrow, _group(ec2, look.there.vpc)])


def test_too_few_addresses_are_worth_saying(look: Any) -> None:
    with pytest.raises(Note, match=r"10 free addresses, .* want 11 at once") as caught:
        look(workers=11)
    assert "larger subnet first" in str(caught.value.remedy)


def test_what_is_not_there_is_named(look: Any, ec2: Any) -> None:
    elsewhere = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    for changed, told in (
        ({"id": "vpc-0000abcd"}, "there is no vpc-0000abcd"),
        ({"private_subnets": ["subnet-0000abcd", look.there.subnets[1]]}, "subnet-0000abcd is no"),
        ({"security_groups": ["sg-0000abcd"]}, "sg-0000abcd: no security group of"),
        ({"security_groups": [_group(ec2, elsewhere)]}, "no security group of"),
        ({"availability_zones": ZONES[::-1]}, "is in us-east-1a, and the file says us-east-1b"),
    ):
        with pytest.raises(CheckFailedError, match=told) as caught:
            look(**changed)
        assert "correct `vpc." in str(caught.value.remedy)


def test_a_security_group_that_keeps_workers_apart(look: Any, ec2: Any) -> None:
    for ports in ({"last": 443}, {"first": 443}):
        narrow = _group(ec2, look.there.vpc, **ports)
        with pytest.raises(CheckFailedError, match=f"none of {narrow} lets its own members in on"):
            look(security_groups=[narrow])

    shut = _group(ec2, look.there.vpc)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ec2.revoke_security_group_egress(GroupId=shut, IpPermissions=everything)
    with pytest.raises(CheckFailedError, match="lets its own members out on all TCP ports"):
        look(security_groups=[shut])


def test_a_security_group_that_lets_nothing_out_but_to_its_members(look: Any, ec2: Any) -> None:
    inward = _group(ec2, look.there.vpc)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ec2.revoke_security_group_egress(GroupId=inward, IpPermissions=everything)
    own = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": inward}]}
    ec2.authorize_security_group_egress(GroupId=inward, IpPermissions=[own])
    with pytest.raises(CheckFailedError, match=f"none of {inward} lets anything out to port 443"):
        look(security_groups=[inward])

    for port, enough in ((80, False), (443, True)):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        rule["IpRanges"] = [{"CidrIp": "13.108.0.0/14"}]
        ec2.authorize_security_group_egress(GroupId=inward, IpPermissions=[rule])
        if enough:
            assert look(security_groups=[inward])
        else:
            with pytest.raises(CheckFailedError, match="port 443"):
                look(security_groups=[inward])


def test_a_subnet_that_another_account_shares(look: Any, ec2: Any, account: Environment) -> None:
    other = SimpleNamespace(get_caller_identity=lambda: {"Account": "999999999999"})
    account._clients["sts"] = other

    with pytest.raises(
        CheckFailedError, match=r"is shared by account 123456789012, .* 999999999999"
    ):
        look()


def test_a_way_out_that_glue_does_not_know(look: Any, ec2: Any) -> None:
    there = look.there
    route = {"RouteTableId": there.table, "DestinationCidrBlock": ANYWHERE}
    ec2.delete_route(**route)
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_route(**route, TransitGatewayId=transit)
    with pytest.raises(
        Note, match=rf"a way out .*; {there.table} leads neither to a NAT"
    ) as caught:
        look()
    assert "gateway endpoint of S3" in str(caught.value.remedy)

    ec2.create_vpc_endpoint(
        VpcId=there.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[there.table]
    )
    assert "a way out of the VPC's own" in look()


def test_a_subnet_without_a_way_out(look: Any, ec2: Any) -> None:
    ec2.delete_route(RouteTableId=look.there.table, DestinationCidrBlock=ANYWHERE)

    with pytest.raises(CheckFailedError, match=r"has no way out: rtb-.* has no route") as caught:
        look()
    assert "--skip vpc" in str(caught.value.remedy)


def test_a_way_out_by_a_gateway_that_is_gone(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto leaves a route as it is when its gateway goes.
    gone = {"DestinationCidrBlock": ANYWHERE, "NatGatewayId": look.there.nat, "State": "blackhole"}
    table = {"RouteTableId": "rtb-1", "Associations": [{"Main": True}], "Routes": [gone]}
    monkeypatch.setattr(network, "_tables", lambda *_: [table])

    with pytest.raises(CheckFailedError, match=r"in rtb-1 leads nowhere \(blackhole\)"):
        look()


def test_a_public_subnet_by_the_main_route_table(look: Any, ec2: Any) -> None:
    there = look.there
    subnet = ec2.create_subnet(VpcId=there.vpc, CidrBlock="10.0.9.0/28", AvailabilityZone=ZONES[0])[
        "Subnet"
    ]["SubnetId"]
    of_vpc = {"Name": "vpc-id", "Values": [there.vpc]}
    (main,) = (
        table["RouteTableId"]
        for table in ec2.describe_route_tables(Filters=[of_vpc])["RouteTables"]
        if table["RouteTableId"] != there.table
    )
    ec2.create_route(RouteTableId=main, DestinationCidrBlock=ANYWHERE, GatewayId=there.gateway)

    with pytest.raises(CheckFailedError, match=f"{subnet} is a public subnet: .* {there.gateway}"):
        look(private_subnets=[there.subnets[0], subnet], availability_zones=[ZONES[0]] * 2)


def test_a_vpc_that_resolves_no_names(look: Any, ec2: Any) -> None:
    ec2.modify_vpc_attribute(VpcId=look.there.vpc, EnableDnsHostnames={"Value": False})

    with pytest.raises(CheckFailedError, match=r"enableDnsHostnames of vpc-.* is off"):
        look()
