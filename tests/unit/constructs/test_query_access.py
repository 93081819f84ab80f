import json

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lakehouse_constructs import Layer, QueryAccess


@pytest.fixture
def queries(stack: Stack, lake, catalog) -> QueryAccess:
    return QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="lake-test")


def test_defaults(queries, resources) -> None:
    (group,) = resources("AWS::Athena::WorkGroup")
    settings = group["WorkGroupConfiguration"]

    assert group["Name"] == "lake-test"
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == 100 * 1024**3
    result = settings["ResultConfiguration"]
    assert result["OutputLocation"]["Fn::Join"][1][-1] == "/athena/"
    assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"


def test_the_scan_limit_is_a_property(stack: Stack, lake, catalog, resources) -> None:
    QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="x", scan_limit_gib=1)

    (group,) = resources("AWS::Athena::WorkGroup")
    assert group["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == 1024**3


@pytest.mark.parametrize(
    ("layers", "seen", "unseen"),
    [((), "lake_test_marts", "lake_test_raw"), ((Layer.RAW,), "lake_test_raw", "lake_test_marts")],
)
def test_a_user_reads_the_granted_layers_only(
    stack: Stack, queries, resources, layers, seen: str, unseen: str
) -> None:
    analyst = iam.User(stack, "Analyst")

    if layers:
        queries.grant_query(analyst, layers=layers)
    else:
        queries.grant_query(analyst)

    (policy,) = resources("AWS::IAM::Policy")
    listed = [s for s in policy["PolicyDocument"]["Statement"] if "s3:ListBucket" in s["Action"]]
    assert [(s["Action"], s["Condition"]) for s in listed] == [
        ("s3:ListBucket", {"StringLike": {"s3:prefix": [f"{seen}/*", "athena/*"]}})
    ]
    text = json.dumps(policy)
    assert f"table/{seen}/*" in text
    assert f"/{seen}/*" in text
    assert unseen not in text
    assert "s3:DeleteObject" not in text
    assert "glue:UpdateTable" not in text
