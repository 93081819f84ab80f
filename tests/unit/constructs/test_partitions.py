"""The data side in GovCloud and China: no ARN and no address of another partition."""

import json
import re

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, LakeFormation, QueryAccess
from lakehouse_constructs._interfaces import service_principal

# Names of services, which are the same in every partition (IAM User Guide, "Principal").
_SERVICE = re.compile(r'"(Service|iam:PassedToService)": "[a-z0-9.-]+\.amazonaws\.com(\.cn)?"')


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
@pytest.mark.parametrize("lake_formation", list(LakeFormation))
def test_no_template_names_a_partition(region: str, lake_formation: LakeFormation) -> None:
    stack = Stack(App(), "Test", env=Environment(account="123456789012", region=region))
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

    text = _SERVICE.sub("", json.dumps(Template.from_stack(stack).to_json()))

    assert "arn:aws:" not in text
    assert "amazonaws.com" not in text
