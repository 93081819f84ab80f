"""Whether the VPC that config names is as Glue and CodeBuild need it.

What a run says otherwise: docs.aws.amazon.com/glue/latest/dg/glue-troubleshooting-errors.html.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.environment import Environment

_ALL: Final = "-1"  # protocols, as EC2 writes it
_LAST_PORT: Final = 65_535
_ANYWHERE: Final = "0.0.0.0/0"
_HTTPS: Final = 443


def vpc(environment: Environment, wanted: Mapping[str, Any], *, workers: int) -> str:
    """The way out of the VPC, and the address that Salesforce sees.

    ``wanted``: the section ``vpc`` of ``config/<env>.json``; ``workers``: of Glue at once, each
    with an address in the first subnet. Too few addresses are a Note.
    """
    client = environment.client("ec2")
    _names(client, wanted["id"])
    subnets = _subnets(client, wanted)
    tables = _tables(client, wanted["id"])
    _owner(environment, subnets)
    ways = [_way_out(subnet, _table(subnet["SubnetId"], tables)) for subnet in subnets]
    _groups(client, wanted)
    first = subnets[0]
    told = f"{wanted['id']}, {_and(s['SubnetId'] for s in subnets)}, {_out_by(client, ways[0])}"
    free = first["AvailableIpAddressCount"]
    if free < workers:
        raise Note(
            f"{told}; {first['SubnetId']} has {free} free addresses, and all groups with dbt's"
            f" sessions want {workers} at once",
            "put a larger subnet first in `vpc.private_subnets`: Glue's workers are all in that",
        )
    table = _table(first["SubnetId"], tables)
    if "NatGatewayId" not in ways[0] and not _endpoint(table):
        raise Note(
            f"{told}; {table['RouteTableId']} leads neither to a NAT gateway nor to an endpoint of"
            " S3, and Glue looks for one of them before it starts a worker",
            "add a gateway endpoint of S3 to the VPC, with this route table: it costs nothing",
        )
    return told


def _names(client: Any, vpc_id: str) -> None:
    """The VPC is there and resolves names: without, no worker finds AWS's services."""
    if not client.describe_vpcs(Filters=[_filter("vpc-id", [vpc_id])])["Vpcs"]:
        raise CheckFailedError(
            f"there is no {vpc_id} in this account and region",
            "correct `vpc.id`, or set AWS_PROFILE and AWS_REGION to those that are meant",
        )
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        key = attribute[0].upper() + attribute[1:]
        answer = client.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
        if not answer[key]["Value"]:
            raise CheckFailedError(
                f"{attribute} of {vpc_id} is off, and Glue asks for it", "switch it on in the VPC"
            )


def _subnets(client: Any, wanted: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The subnets in the order of the file, each in this VPC and in the zone that the file says."""
    ids = wanted["private_subnets"]
    answer = client.describe_subnets(Filters=[_filter("subnet-id", ids)])
    found = {subnet["SubnetId"]: subnet for subnet in answer["Subnets"]}
    for subnet_id, zone in zip(ids, wanted["availability_zones"], strict=True):
        subnet = found.get(subnet_id)
        if subnet is None or subnet["VpcId"] != wanted["id"]:
            raise CheckFailedError(
                f"{subnet_id} is no subnet of {wanted['id']}", "correct `vpc.private_subnets`"
            )
        if subnet["AvailabilityZone"] != zone:
            raise CheckFailedError(
                f"{subnet_id} is in {subnet['AvailabilityZone']}, and the file says {zone}",
                "correct `vpc.availability_zones`: one for each subnet, in their order",
            )
    return [found[subnet_id] for subnet_id in ids]


def _owner(environment: Environment, subnets: Iterable[Mapping[str, Any]]) -> None:
    """The subnets are this account's own: the builds' rights name them as such."""
    account = environment.client("sts").get_caller_identity()["Account"]
    for subnet in subnets:
        if subnet["OwnerId"] != account:
            raise CheckFailedError(
                f"{subnet['SubnetId']} is shared by account {subnet['OwnerId']}, and CodeBuild may"
                f" use subnets of {account} alone",
                "name subnets of this account in `vpc.private_subnets`",
            )


def _tables(client: Any, vpc_id: str) -> list[Mapping[str, Any]]:
    pages = client.get_paginator("describe_route_tables").paginate(
        Filters=[_filter("vpc-id", [vpc_id])]
    )
    return [table for page in pages for table in page["RouteTables"]]


def _way_out(subnet: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The default route of a subnet."""
    name = subnet["SubnetId"]
    for route in table["Routes"]:
        if route.get("DestinationCidrBlock") != _ANYWHERE:
            continue
        if route.get("State") == "blackhole":
            raise CheckFailedError(
                f"the default route of {name} in {table['RouteTableId']} leads nowhere (blackhole)",
                "route it to a NAT gateway that is there",
            )
        if route.get("GatewayId", "").startswith("igw-"):
            raise CheckFailedError(
                f"{name} is a public subnet: its default route in {table['RouteTableId']} is"
                f" {route['GatewayId']}, and Glue's workers have no public addresses",
                "name private subnets, whose default route is a NAT gateway",
            )
        return route
    raise CheckFailedError(
        f"{name} has no way out: {table['RouteTableId']} has no route to {_ANYWHERE}",
        "route it to a NAT gateway. Where Salesforce and AWS's services are reached by endpoints,"
        " go on with --skip vpc",
    )


def _table(subnet_id: str, tables: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The subnet's own route table, else the VPC's main one."""
    linked = [(a, table) for table in tables for a in table["Associations"]]
    own = [table for a, table in linked if a.get("SubnetId") == subnet_id]
    return own[0] if own else next(table for a, table in linked if a.get("Main"))


def _endpoint(table: Mapping[str, Any]) -> bool:
    """Whether a route leads to a gateway endpoint, as S3 and DynamoDB have them."""
    return any(route.get("GatewayId", "").startswith("vpce-") for route in table["Routes"])


def _out_by(client: Any, route: Mapping[str, Any]) -> str:
    nat = route.get("NatGatewayId")
    if nat is None:
        return "a way out of the VPC's own"
    answer = client.describe_nat_gateways(Filters=[_filter("nat-gateway-id", [nat])])
    addresses = [
        address["PublicIp"]
        for gateway in answer["NatGateways"]
        for address in gateway["NatGatewayAddresses"]
        if address.get("PublicIp")
    ]
    return f"out by {nat}" + (f": Salesforce sees {_and(addresses)}" if addresses else "")


def _groups(client: Any, wanted: Mapping[str, Any]) -> None:
    """The named security groups are there, and one is open as Glue asks; none is fine."""
    ids = wanted.get("security_groups", [])
    if not ids:
        return
    found = client.describe_security_groups(Filters=[_filter("group-id", ids)])["SecurityGroups"]
    absent = set(ids) - {group["GroupId"] for group in found if group["VpcId"] == wanted["id"]}
    if absent:
        raise CheckFailedError(
            f"{_and(sorted(absent))}: no security group of {wanted['id']}",
            "correct `vpc.security_groups`, or leave it out: new ones are made",
        )
    for way, rules in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
        if not any(_open(rule, ids) for group in found for rule in group[rules]):
            raise CheckFailedError(
                f"none of {_and(ids)} lets its own members {way} on all TCP ports, and Glue"
                " refuses to start without",
                "add such a rule, with the group itself as the other side; or leave"
                " `vpc.security_groups` out: new ones are made",
            )
    if not any(_outside(rule) for group in found for rule in group["IpPermissionsEgress"]):
        raise CheckFailedError(
            f"none of {_and(ids)} lets anything out to port 443 of addresses, and so neither"
            " to Salesforce nor to AWS's services",
            f"add a rule out to port 443 of {_ANYWHERE}, or of the ranges that Salesforce has"
            " for you; or leave `vpc.security_groups` out: new ones are made",
        )


def _open(rule: Mapping[str, Any], groups: list[str]) -> bool:
    """Whether a rule is about all TCP ports, of one of the groups or of addresses."""
    ports = rule["IpProtocol"] == _ALL or (
        rule["IpProtocol"] == "tcp" and rule["FromPort"] <= 1 and rule["ToPort"] == _LAST_PORT
    )
    others = [pair.get("GroupId") for pair in rule.get("UserIdGroupPairs", [])]
    return ports and bool(rule.get("IpRanges") or set(others) & set(groups))


def _outside(rule: Mapping[str, Any]) -> bool:
    """Whether a rule is about HTTPS of addresses, not of other groups alone."""
    ports = rule["IpProtocol"] == _ALL or (
        rule["IpProtocol"] == "tcp" and rule["FromPort"] <= _HTTPS <= rule["ToPort"]
    )
    return ports and bool(rule.get("IpRanges") or rule.get("PrefixListIds"))


def _filter(name: str, values: list[str]) -> Mapping[str, Any]:
    # By a filter what is not there is no error of AWS's.
    return {"Name": name, "Values": values}


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)
