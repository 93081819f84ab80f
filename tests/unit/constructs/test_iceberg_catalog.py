import json

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, Layer
from lakehouse_constructs._interfaces import service_principal

LAYERS = ["intermediate", "marts", "raw", "staging"]


def test_a_database_for_each_layer_at_its_own_place(stack: Stack, catalog, resources) -> None:
    databases = {
        d["DatabaseInput"]["Name"]: d["DatabaseInput"]["LocationUri"]
        for d in resources("AWS::Glue::Database")
    }

    assert sorted(databases) == [f"lake_test_{layer}" for layer in LAYERS]
    for name, location in databases.items():
        assert location["Fn::Join"][1][-1] == f"/{name}/"
    assert catalog.name(Layer.MARTS) == "lake_test_marts"
    assert sorted(catalog.names) == sorted(databases)


def test_databases_are_kept_with_their_tables(stack: Stack, catalog) -> None:
    for database in Template.from_stack(stack).find_resources("AWS::Glue::Database").values():
        assert database["DeletionPolicy"] == "Retain"


def test_destroy_needs_a_second_yes() -> None:
    for context, policy in (({}, "Retain"), ({"lakehouse:allow-destroy": True}, "Delete")):
        stack = Stack(App(context=context), "Test")
        lake = LakeBucket(stack, "Lake")
        IcebergCatalog(
            stack, "Catalog", lake=lake, prefix="x", removal_policy=RemovalPolicy.DESTROY
        )

        for database in Template.from_stack(stack).find_resources("AWS::Glue::Database").values():
            assert database["DeletionPolicy"] == policy


def test_no_table_is_made_here(stack: Stack, catalog) -> None:
    Template.from_stack(stack).resource_count_is("AWS::Glue::Table", 0)


def _allowed(resources, role: str) -> dict[str, str]:
    """Action -> the resources that a role may do it on, as text."""
    found = {}
    for policy in resources("AWS::IAM::Policy"):
        if any(r["Ref"].startswith(role) for r in policy["Roles"]):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    found[action] = found.get(action, "") + json.dumps(statement["Resource"])
    return found


def _role(stack: Stack, id: str) -> iam.Role:
    return iam.Role(stack, id, assumed_by=service_principal("glue.amazonaws.com"))


def test_an_extraction_writes_raw_and_nothing_else(stack: Stack, catalog, resources) -> None:
    assert catalog.grant_extraction(_role(stack, "Job")).success

    allowed = _allowed(resources, "Job")
    assert set(allowed) == {
        *("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable"),
        *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
        *("s3:GetBucketLocation", "s3:ListBucket", "kms:Decrypt", "kms:GenerateDataKey"),
    }
    for action in ("glue:UpdateTable", "s3:PutObject"):
        assert "lake_test_raw/*" in allowed[action]
    for layer in ("staging", "intermediate", "marts"):
        assert f"lake_test_{layer}" not in "".join(allowed.values())


def test_a_build_looks_up_and_its_sessions_read_raw_and_write_the_rest(
    stack: Stack, catalog, resources
) -> None:
    catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

    build, session = _allowed(resources, "Build"), _allowed(resources, "Session")
    assert set(build) == {
        "glue:GetDatabases",
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetTables",
    }
    assert "database/*" in build["glue:GetDatabases"]
    for layer in ("staging", "intermediate", "marts"):
        for action in ("s3:PutObject", "s3:DeleteObject", "glue:CreateTable", "glue:DeleteTable"):
            assert f"lake_test_{layer}/*" in session[action]
    assert "lake_test_raw/*" in session["s3:GetObject"]
    for action in ("s3:PutObject", "s3:DeleteObject", "glue:CreateTable", "glue:UpdateTable"):
        assert "lake_test_raw" not in session[action]
    assert "database/default" in session["glue:GetUserDefinedFunctions"]


def test_who_has_no_policy_is_told(stack: Stack, catalog) -> None:
    granted = catalog.grant_extraction(iam.ArnPrincipal("arn:aws:iam::123456789012:role/theirs"))

    assert not granted.success
