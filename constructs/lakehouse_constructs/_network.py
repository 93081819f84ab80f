"""Jobs, sessions and builds inside a VPC.

What the roles need there: docs.aws.amazon.com/glue/latest/dg/set-up-vpc-dns.html and
docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge_template
from lakehouse_constructs._checks import check_unused, refused
from lakehouse_constructs._statements import Conditions, Statement, allow, glue_arns

_DESCRIBE: Final = "EC2's Describe actions know no resource"
_INTERFACES: Final = "The ids of network interfaces are made up at run time"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where Glue's workers get their network interfaces."""

    vpc: ec2.IVpc
    subnets: Sequence[ec2.ISubnet]
    security_groups: Sequence[ec2.ISecurityGroup]
    connection: glue.Connection  # in the first of the subnets: Glue's have one each

    @property
    def connection_name(self) -> str:
        """As jobs and sessions name it."""
        return self.connection.connection_name


def network(
    scope: Construct,
    *,
    vpc: ec2.IVpc | None,
    vpc_subnets: ec2.SubnetSelection | None,
    security_groups: Sequence[ec2.ISecurityGroup] | None,
) -> Network | None:
    """A connection of type NETWORK; None without a VPC. Raises SynthesisError."""
    if vpc is None:
        check_unused(
            scope, "nothing without vpc", vpc_subnets=vpc_subnets, security_groups=security_groups
        )
        return None
    subnets = _selected(scope, vpc, vpc_subnets)
    groups = security_groups if security_groups else [_security_group(scope, vpc)]
    connection = glue.Connection(
        scope,
        "Connection",
        type=glue.ConnectionType.NETWORK,
        description="Places Glue's workers in the VPC",
        network=glue.ConnectionNetwork.subnet(subnets[0]),
        security_groups=groups,
    )
    acknowledge_template(
        connection, "W3010", "The zone is that of the subnet, which exists already"
    )
    return Network(vpc=vpc, subnets=subnets, security_groups=groups, connection=connection)


def on_network(scope: Construct, placed: Network | None) -> list[Statement]:
    """What a job or session does to reach the VPC; nothing without one."""
    if placed is None:
        return []
    return [
        allow(
            "glue:GetConnection",
            on=glue_arns(scope, "catalog", f"connection/{placed.connection_name}"),
        ),
        _describe(
            "Subnets",
            "SecurityGroups",
            "VpcEndpoints",
            "RouteTables",
            "VpcAttribute",
            "NetworkInterfaces",
        ),
        _create_interfaces(scope, placed),
        _on_interfaces(scope, "ec2:DeleteNetworkInterface"),
        _on_interfaces(
            scope,
            "ec2:CreateTags",
            when={"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
        ),
    ]


def on_build_network(scope: Construct, placed: Network | None) -> list[Statement]:
    """What CodeBuild does to place a build in the VPC; nothing without one."""
    if placed is None:
        return []
    subnets = [_ec2_arn(scope, "subnet", subnet.subnet_id) for subnet in placed.subnets]
    return [
        _describe("DhcpOptions", "NetworkInterfaces", "Subnets", "SecurityGroups", "Vpcs"),
        _create_interfaces(scope, placed),
        _on_interfaces(scope, "ec2:DeleteNetworkInterface"),
        _on_interfaces(
            scope,
            "ec2:CreateNetworkInterfacePermission",
            when={
                "StringEquals": {
                    "ec2:AuthorizedService": "codebuild.amazonaws.com",
                    "ec2:Subnet": subnets,
                }
            },
        ),
    ]


def _security_group(scope: Construct, vpc: ec2.IVpc) -> ec2.ISecurityGroup:
    group = ec2.SecurityGroup(
        scope,
        "SecurityGroup",
        vpc=vpc,
        description="Glue workers and dbt builds of the lakehouse",
        allow_all_outbound=True,  # Salesforce and AWS's endpoints have no fixed addresses
    )
    # Glue refuses a connection whose group does not let its own members in on every port.
    # The way in alone: every way out is open, and CDK warns of a rule for one.
    group.add_ingress_rule(
        cast("ec2.IPeer", group), ec2.Port.all_tcp(), "Glue workers among themselves"
    )
    return cast("ec2.ISecurityGroup", group)


def _selected(
    scope: Construct, vpc: ec2.IVpc, vpc_subnets: ec2.SubnetSelection | None
) -> Sequence[ec2.ISubnet]:
    # CDK's own default would take public ones where a VPC has no others.
    wanted = (
        ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        if vpc_subnets is None
        else vpc_subnets
    )
    allowed = (
        f"private subnets of {vpc.node.path}, with a way out (the default) or with endpoints "
        "of all that is used"
    )
    try:
        selected = vpc.select_subnets(
            availability_zones=wanted.availability_zones,
            one_per_az=wanted.one_per_az,
            subnet_filters=wanted.subnet_filters,
            subnet_group_name=wanted.subnet_group_name,
            subnets=wanted.subnets,
            subnet_type=wanted.subnet_type,
        )
    except RuntimeError as error:  # CDK knows no subnets of that type or group
        reason = str(error).partition("\n")[0]
        raise refused(scope, "vpc_subnets", vpc_subnets, f"{allowed} ({reason})") from error
    if selected.has_public:
        # The workers have no public addresses: from there they reach nothing.
        raise refused(scope, "vpc_subnets", "public subnets", allowed)
    if selected.subnets:
        return selected.subnets
    if selected.is_pending_lookup:
        # The CLI looks the VPC up and synthesizes again; until then its subnets are made up.
        return vpc.private_subnets
    raise refused(scope, "vpc_subnets", vpc_subnets, allowed)


def _describe(*what: str) -> Statement:
    return allow(*(f"ec2:Describe{name}" for name in what), on=["*"], wildcard=_DESCRIBE)


def _create_interfaces(scope: Construct, placed: Network) -> Statement:
    groups = [group.security_group_id for group in placed.security_groups]
    return allow(
        "ec2:CreateNetworkInterface",
        on=[
            _ec2_arn(scope, "network-interface", "*"),
            *(_ec2_arn(scope, "subnet", subnet.subnet_id) for subnet in placed.subnets),
            *(_ec2_arn(scope, "security-group", id) for id in groups),
        ],
        wildcard=_INTERFACES,
    )


def _on_interfaces(scope: Construct, action: str, *, when: Conditions | None = None) -> Statement:
    return allow(
        action, on=[_ec2_arn(scope, "network-interface", "*")], wildcard=_INTERFACES, when=when
    )


def _ec2_arn(scope: Construct, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(service="ec2", resource=resource, resource_name=name)
