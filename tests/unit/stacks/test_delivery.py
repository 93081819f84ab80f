import json
import re
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from lakehouse_jobs.contract.errors import ConfigError
from stacks.delivery_settings import load_delivery
from stacks.delivery_stack import DeliveryStack

CONFIG = {"repository": "acme/lake", "environments": ["dev", "prod"]}


@pytest.fixture
def load(tmp_path: Path):
    def run(**values):
        path = tmp_path / "delivery.json"
        path.write_text(json.dumps({**CONFIG, **values}))
        return load_delivery(path)

    return run


@pytest.fixture
def roles(load):
    def make(**values) -> dict[str, dict]:
        stack = DeliveryStack(App(), "LakehouseDelivery", settings=load(**values))
        found = Template.from_stack(stack).find_resources("AWS::IAM::Role")
        return {
            r["Properties"]["Description"].split(": ")[1]: r["Properties"] for r in found.values()
        }

    return make


def test_without_a_repository_there_is_nothing_to_deliver(load) -> None:
    assert load(repository=None) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"repository": "acme"}, "repository: got 'acme'; allowed: owner/name, or null"),
        ({"environments": ["test"]}, "environments: got 'test'; allowed: dev, prod"),
        ({"provider_arn": "github"}, "provider_arn: got 'github'; allowed: the ARN of an OIDC"),
        (
            {"gate": {"database": "raw", "bucket": "lake", "key": "alias/lake"}},
            "gate.key: got 'alias/lake'; allowed: the ARN of a KMS key, or null",
        ),
        (
            {"gate": {"database": "raw", "bucket": "lake"}, "environments": ["dev"]},
            "gate: got 'lake'; allowed: {}, as prod is not among the environments",
        ),
        ({"account": "12"}, "account: got '12'; allowed: twelve digits"),
        ({"repo": "x"}, "repo: got 'x'; allowed: one of the keys"),
    ],
)
def test_a_mistake_in_the_file_is_named(load, values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(**values)


def test_a_token_is_good_for_its_own_subject_only(roles) -> None:
    found = roles()

    assert set(found) == {"pull_request", "environment:dev", "environment:prod"}
    for subject, role in found.items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        issuer = "token.actions.githubusercontent.com"
        assert statement["Condition"] == {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"repo:acme/lake:{subject}",
            }
        }


def test_the_roles_may_assume_those_of_the_bootstrap_and_nothing_else(load) -> None:
    stack = DeliveryStack(App(), "LakehouseDelivery", settings=load())

    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy")

    kinds = {}
    for name, policy in policies.items():
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRole"
        kinds[name.partition("Role")[0]] = sorted(
            set(re.findall(r"cdk-hnb659fds-([a-z-]+)-role-", json.dumps(statement["Resource"])))
        )
    assert kinds == {
        "Review": ["lookup"],
        "Dev": ["deploy", "file-publishing", "lookup"],
        "Prod": ["deploy", "file-publishing", "lookup"],
    }


def test_only_where_the_gate_is_asked_prod_reads_the_runs_of_the_comparison_and_no_more(
    load,
) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
    gate = {"database": "lakehouse_prod_raw", "bucket": "the-lake", "key": key}
    stack = DeliveryStack(App(), "LakehouseDelivery", settings=load(gate=gate))

    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy")

    more = {
        name.partition("Role")[0]: policy["Properties"]["PolicyDocument"]["Statement"][1:]
        for name, policy in policies.items()
    }
    assert (more.pop("Dev"), more.pop("Review")) == ([], [])
    (statements,) = more.values()
    allowed = {}
    for statement in statements:
        found = statement["Action"]
        for action in [found] if isinstance(found, str) else found:
            allowed[action] = json.dumps(statement["Resource"])
    assert set(allowed) == {
        "cloudformation:DescribeStacks",
        "glue:GetDatabase",
        "glue:GetTable",
        "s3:GetObject",
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "kms:Decrypt",
    }
    assert "stack/LakehouseProd/*" in allowed["cloudformation:DescribeStacks"]
    assert "table/lakehouse_prod_raw/_comparison_runs" in allowed["glue:GetTable"]
    assert "the-lake/lakehouse_prod_raw/_comparison_runs/*" in allowed["s3:GetObject"]
    assert json.loads(allowed["kms:Decrypt"]) == key
    listing = next(s for s in statements if s["Action"] == "s3:ListBucket")
    assert listing["Condition"] == {
        "StringLike": {"s3:prefix": ["lakehouse_prod_raw/_comparison_runs/*"]}
    }


def test_a_provider_that_is_there_is_used(load, roles) -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"

    found = roles(provider_arn=arn)

    (statement,) = found["pull_request"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": arn}
    stack = DeliveryStack(App(), "Other", settings=load(provider_arn=arn))
    Template.from_stack(stack).resource_count_is("AWS::IAM::OIDCProvider", 0)
