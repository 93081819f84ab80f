"""The VPC in which everything runs, as config names it and as constructs take it."""

import re
from dataclasses import dataclass
from typing import Final

from aws_cdk import Annotations, Stack
from aws_cdk import aws_ec2 as ec2

from lakehouse_jobs.contract.checked import Section
from stacks.values import matching

_ID: Final = r"-[0-9a-f]{8,17}"
_VPC: Final = re.compile("vpc" + _ID)
_SUBNET: Final = re.compile("subnet" + _ID)
_GROUP: Final = re.compile("sg" + _ID)
_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])[a-z]")
# Of a project, docs.aws.amazon.com/codebuild/latest/APIReference/API_VpcConfig.html.
_MOST_SUBNETS: Final = 16
_MOST_GROUPS: Final = 5


@dataclass(frozen=True, kw_only=True)
class VpcSettings:
    """An existing VPC, of the account and region of the stack."""

    id: str
    availability_zones: tuple[str, ...]  # of the subnets, in their order
    private_subnets: tuple[str, ...]  # ids; Glue's workers are all in the first
    security_groups: tuple[str, ...] = ()  # ids; none: the constructs make their own


def vpc(section: Section | None, *, region: str | None) -> VpcSettings | None:
    """What ``vpc`` says; None without one. Raises ConfigError.

    :param region: that of the stack; None: not known before the deployment.
    """
    return None if section is None else section.read(lambda s: _vpc(s, region))


def _vpc(section: Section, region: str | None) -> VpcSettings:
    vpc_id = matching(section, "id", _VPC, "the id of a VPC, such as vpc-0a1b2c3d4e5f67890")
    subnets = _ids(section, "private_subnets", _SUBNET, "subnet-", most=_MOST_SUBNETS)
    if not subnets:
        raise section.error("private_subnets", [], "one subnet at least, with a way out by NAT")
    return VpcSettings(
        id=vpc_id,
        availability_zones=_zones(section, subnets, region),
        private_subnets=subnets,
        security_groups=_ids(section, "security_groups", _GROUP, "sg-", most=_MOST_GROUPS),
    )


def _ids(
    section: Section, name: str, pattern: re.Pattern[str], prefix: str, *, most: int
) -> tuple[str, ...]:
    ids = section.texts(name)
    for one in ids:
        if not pattern.fullmatch(one):
            raise section.error(name, one, f"ids such as {prefix}0a1b2c3d4e5f67890")
    if len(ids) > most:
        raise section.error(name, f"{len(ids)} ids", f"{most} at most, as CodeBuild takes")
    return ids


def _zones(section: Section, subnets: tuple[str, ...], region: str | None) -> tuple[str, ...]:
    name = "availability_zones"
    zones = section.texts(name)
    for zone in zones:
        found = _ZONE.fullmatch(zone)
        if found is None:
            raise section.error(name, zone, "names of zones, such as eu-central-1a")
        if region is not None and found[1] != region:
            raise section.error(name, zone, f"zones of the stack's region, {region}")
    if len(zones) != len(subnets):
        allowed = f"one for each of the {len(subnets)} private_subnets, in their order"
        raise section.error(name, list(zones), allowed)
    return zones


def imported_vpc(
    stack: Stack, settings: VpcSettings | None
) -> tuple[ec2.IVpc | None, list[ec2.ISecurityGroup] | None]:
    """References to VPC and security groups, as ``vpc=`` and ``security_groups=`` take them.

    Nothing is made, and nothing looked up: a synthesis needs no account.
    """
    if settings is None:
        return None, None
    found = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=settings.id,
        availability_zones=list(settings.availability_zones),
        private_subnet_ids=list(settings.private_subnets),
    )
    for subnet in found.private_subnets:
        Annotations.of(subnet).acknowledge_warning(
            "@aws-cdk/aws-ec2:noSubnetRouteTableId", "Nothing here adds a route"
        )
    groups = [
        ec2.SecurityGroup.from_security_group_id(stack, f"Group {id}", id, mutable=False)
        for id in settings.security_groups
    ]
    return found, groups or None
