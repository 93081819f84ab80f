"""cdk-nag's AwsSolutions finds nothing on the data side that has no reason beside it."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks

from lakehouse_constructs import IcebergCatalog, LakeBucket, LakeFormation, QueryAccess
from lakehouse_constructs._interfaces import service_principal


@pytest.mark.parametrize("lake_formation", list(LakeFormation))
def test_every_grant_brings_the_reasons_of_its_wildcards(
    tmp_path: Path, lake_formation: LakeFormation
) -> None:
    app = App(outdir=str(tmp_path))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stack = Stack(app, "Test")
    lake = LakeBucket(stack, "Lake")
    catalog = IcebergCatalog(
        stack, "Catalog", lake=lake, prefix="lake", lake_formation=lake_formation
    )
    queries = QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="lake")
    made = iam.Role(stack, "Made", assumed_by=service_principal("glue.amazonaws.com"))
    imported = iam.Role.from_role_arn(stack, "Theirs", "arn:aws:iam::123456789012:role/theirs")
    for role in (made, imported):
        catalog.grant_extraction(role)
        catalog.grant_build(role, session_role=role)
        queries.grant_query(role)
        lake.grant_write(role, prefix="runs/")

    app.synth()

    report = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))
    (nag,) = [r for r in report["pluginReports"] if r["pluginName"] == "AwsSolutions"]
    assert nag["violations"] == []
