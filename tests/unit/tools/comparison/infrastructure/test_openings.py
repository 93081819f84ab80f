"""What is open in one resource: how far a policy reaches, who gets in, under which condition."""

import pytest

from lakehouse_tools.comparison.infrastructure.openings import Kind, openings
from lakehouse_tools.comparison.infrastructure.system import system


def role(*statements, **properties):
    document = {"Statement": list(statements)}
    policies = [{"PolicyName": "p", "PolicyDocument": document}]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **properties}}


def kinds(resource):
    one = system({"Resources": {"X": resource}})
    return [o.kind for o in openings(one)]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (role({"Effect": "Allow", "Action": "*", "Resource": "arn:x"}), [Kind.ACTIONS]),
        (role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:x"}), [Kind.ACTIONS]),
        (role({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}), [Kind.RESOURCES]),
        (role({"Effect": "Deny", "Action": "*", "Resource": "*"}), []),
        (role({"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"}), []),
        (
            role({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                  "Condition": {"StringEquals": {"aws:ResourceAccount": "1"}}}),
            [],
        ),
        ({"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}, [Kind.PUBLIC]),
        (
            {"Type": "AWS::EC2::SecurityGroup",
             "Properties": {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0", "FromPort": 22}]}},
            [Kind.NETWORK],
        ),
        (
            {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [
                {"CidrIp": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}, {"CidrIpv6": "::/0"}]}},
            [Kind.NETWORK],
        ),
        ({"Type": "AWS::Logs::LogGroup"}, [Kind.FOREVER]),
        ({"Type": "AWS::Redshift::Cluster", "Properties": {"Encrypted": False}}, [Kind.PLAIN]),
        ({"Type": "AWS::Redshift::Cluster", "Properties": {"Encrypted": True}}, []),
    ],
)  # fmt: skip
def test_what_is_open(resource, expected):
    assert kinds(resource) == expected


@pytest.mark.parametrize(
    ("resource", "every"),
    [
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:glue:*:*:*", True),
        ({"Fn::Sub": "arn:${AWS::Partition}:logs:eu-west-1:${AWS::AccountId}:*"}, True),
        ("arn:*", True),
        ("arn:aws:s3:::lake/*", False),
        ("arn:aws:glue:*:*:table/lake/*", False),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Lake}"}, False),
    ],
)
def test_every_resource_of_a_service_is_every_resource(resource, every):
    one = role({"Effect": "Allow", "Action": "x:Get", "Resource": resource})
    assert kinds(one) == [Kind.RESOURCES] * every


def test_many_conditions_are_looked_at_two_by_two():
    falls = {f"V{i}": {"Fn::If": [f"C{i}", "a", "b"]} for i in range(40)}
    both = {"Fn::If": ["C3", {"Fn::If": ["C7", "x", "NONE"]}, "x"]}
    one = {"Type": "AWS::Lambda::Url", "Properties": {**falls, "AuthType": both}}
    assert kinds(one) == [Kind.PUBLIC]
