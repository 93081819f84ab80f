import json
import re

import pytest
from aws_cdk import App, CfnParameter, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, LakeFormation, Layer, SynthesisError
from lakehouse_constructs._interfaces import service_principal

LAYERS = ["intermediate", "marts", "raw", "staging"]


def _database(stack: Stack, name: str) -> glue.IDatabase:
    arn = f"arn:aws:glue:us-east-1:123456789012:database/{name}"
    return glue.Database.from_database_arn(stack, name, arn)


def _made(resources) -> list[str]:
    return sorted(d["DatabaseInput"]["Name"] for d in resources("AWS::Glue::Database"))


class TestDatabases:
    def test_prefix_custom_names_a_database_for_each_layer(
        self, stack: Stack, lake, resources
    ) -> None:
        catalog = IcebergCatalog(stack, "Catalog", lake=lake, prefix="crm")

        assert _made(resources) == [f"crm_{layer}" for layer in LAYERS]
        for database in resources("AWS::Glue::Database"):
            name = database["DatabaseInput"]["Name"]
            assert database["DatabaseInput"]["LocationUri"]["Fn::Join"][1][-1] == f"/{name}/"
        assert catalog.name(Layer.MARTS) == "crm_marts"
        assert sorted(catalog.names) == _made(resources)

    def test_prefix_default_makes_no_database(self, stack: Stack, lake, resources) -> None:
        catalog = IcebergCatalog(
            stack, "Catalog", lake=lake, databases={Layer.MARTS: _database(stack, "theirs")}
        )

        assert _made(resources) == []
        assert catalog.names == ["theirs"]
        with pytest.raises(SynthesisError, match=r"Test/Catalog: databases: got none .* raw; .*="):
            catalog.name(Layer.RAW)

    def test_prefix_known_at_deployment_only_is_taken(self, stack: Stack, lake, catalog) -> None:
        prefix = CfnParameter(stack, "Prefix").value_as_string

        assert IcebergCatalog(stack, "C2", lake=lake, prefix=prefix).name(Layer.RAW)

    @pytest.mark.parametrize("prefix", ["", "Lake", "lake-dev", "1lake", "a" * 65])
    def test_prefix_that_no_database_may_have(self, stack: Stack, lake, prefix: str) -> None:
        with pytest.raises(SynthesisError, match=f"Test/C: prefix: got '{prefix}'; allowed: a-z"):
            IcebergCatalog(stack, "C", lake=lake, prefix=prefix)

    def test_databases_default_is_to_make_them_all(self, stack: Stack, catalog, resources) -> None:
        assert _made(resources) == [f"lake_test_{layer}" for layer in LAYERS]

    def test_databases_custom_are_taken_and_the_missing_ones_made(
        self, stack: Stack, lake, resources
    ) -> None:
        catalog = IcebergCatalog(
            stack,
            "Catalog",
            lake=lake,
            prefix="crm",
            databases={Layer.RAW: _database(stack, "landing")},
            lake_formation=LakeFormation.CATALOG,
        )

        assert catalog.names == ["landing", "crm_staging", "crm_intermediate", "crm_marts"]
        assert set(catalog.databases) == set(Layer)
        catalog.grant_extraction(_role(stack, "Job"))
        assert _made(resources) == ["crm_intermediate", "crm_marts", "crm_staging"]
        assert "table/landing/*" in _allowed(resources, "Job")["glue:CreateTable"]

    def test_nothing_to_make_and_nothing_given(self, stack: Stack, lake) -> None:
        with pytest.raises(SynthesisError, match=r"prefix: got None; allowed: .*databases="):
            IcebergCatalog(stack, "C", lake=lake)

    def test_a_prefix_that_nothing_uses_is_refused(self, stack: Stack, lake) -> None:
        databases = {layer: _database(stack, layer) for layer in Layer}

        with pytest.raises(SynthesisError, match="prefix: got 'crm'; allowed: none"):
            IcebergCatalog(stack, "C", lake=lake, prefix="crm", databases=databases)

    def test_the_catalog_of_another_app_is_found_by_its_prefix(
        self, stack: Stack, lake, resources
    ) -> None:
        catalog = IcebergCatalog.from_prefix(stack, "Theirs", lake=lake, prefix="crm")

        assert sorted(catalog.names) == [f"crm_{layer}" for layer in LAYERS]
        catalog.grant_read(_role(stack, "Reader"))
        assert _made(resources) == []
        assert "table/crm_marts/*" in _allowed(resources, "Reader")["glue:GetTable"]

    def test_no_table_is_made_here(self, stack: Stack, catalog) -> None:
        Template.from_stack(stack).resource_count_is("AWS::Glue::Table", 0)

    def test_removal_policy_default_keeps_databases_with_their_tables(self, stack, catalog) -> None:
        for database in Template.from_stack(stack).find_resources("AWS::Glue::Database").values():
            # A rolled back deployment leaves none whose name is in the way of the next.
            assert database["DeletionPolicy"] == "RetainExceptOnCreate"
            assert database["UpdateReplacePolicy"] == "Retain"

    @pytest.mark.parametrize(
        ("context", "policy"),
        [({}, "RetainExceptOnCreate"), ({"lakehouse:allow-destroy": True}, "Delete")],
    )
    def test_removal_policy_custom_needs_a_second_yes(self, context, policy: str) -> None:
        stack = Stack(App(context=context), "Test")
        lake = LakeBucket(stack, "Lake")
        IcebergCatalog(
            stack, "Catalog", lake=lake, prefix="x", removal_policy=RemovalPolicy.DESTROY
        )

        for database in Template.from_stack(stack).find_resources("AWS::Glue::Database").values():
            assert database["DeletionPolicy"] == policy

    def test_lake_formation_default_is_off(self, catalog, resources) -> None:
        assert catalog.lake_formation == LakeFormation.OFF
        for database in resources("AWS::Glue::Database"):
            assert "CreateTableDefaultPermissions" not in database["DatabaseInput"]

    def test_lake_formation_custom_decides_about_new_tables(
        self, stack: Stack, lake, resources
    ) -> None:
        IcebergCatalog(
            stack, "Catalog", lake=lake, prefix="x", lake_formation=LakeFormation.CATALOG
        )

        for database in resources("AWS::Glue::Database"):
            assert database["DatabaseInput"]["CreateTableDefaultPermissions"] == []


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


def test_an_extraction_of_some_tables_writes_no_others(stack: Stack, catalog, resources) -> None:
    catalog.grant_extraction(_role(stack, "Job"), tables=["_comparison_runs"])

    allowed = _allowed(resources, "Job")
    for action in ("glue:UpdateTable", "s3:PutObject"):
        assert "lake_test_raw/_comparison_runs" in allowed[action]
        assert "lake_test_raw/*" not in allowed[action]


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


def test_a_session_may_make_the_database_default_and_no_other(
    stack: Stack, catalog, resources
) -> None:
    """Spark makes it at its start where an account has none, and ends where it may not."""
    catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

    assert "glue:CreateDatabase" not in _allowed(resources, "Build")
    on = _allowed(resources, "Session")["glue:CreateDatabase"]
    assert re.findall(r":(catalog|database/[^\"]*)", on) == ["catalog", "database/default"]


def test_lake_formation_leaves_the_database_default_to_its_administrator(
    stack: Stack, lake, resources
) -> None:
    catalog = IcebergCatalog(
        stack, "Catalog", lake=lake, prefix="x", lake_formation=LakeFormation.CATALOG
    )

    catalog.grant_build(_role(stack, "Build"), session_role=_role(stack, "Session"))

    assert "glue:CreateDatabase" not in _allowed(resources, "Session")
    described = [
        grant["Resource"]["Database"]["Name"]
        for grant in resources("AWS::LakeFormation::PrincipalPermissions")
        if "Database" in grant["Resource"]
    ]
    assert "default" in described


def test_who_has_no_policy_is_told(stack: Stack, catalog) -> None:
    granted = catalog.grant_extraction(iam.ArnPrincipal("arn:aws:iam::123456789012:role/theirs"))

    assert not granted.success


class TestReaders:
    def test_the_marts_and_nothing_else_unless_asked_for(
        self, stack: Stack, catalog, resources
    ) -> None:
        assert catalog.grant_read(_role(stack, "Reader")).success

        allowed = _allowed(resources, "Reader")
        assert set(allowed) == {
            *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
            *("glue:GetPartitions", "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"),
            "kms:Decrypt",
        }
        assert "lake_test_marts/*" in allowed["s3:GetObject"]
        assert "table/lake_test_marts/*" in allowed["glue:GetTable"]
        for layer in ("raw", "staging", "intermediate"):
            assert f"lake_test_{layer}" not in "".join(allowed.values())

    def test_raw_by_name(self, stack: Stack, catalog, resources) -> None:
        catalog.grant_read(_role(stack, "Reader"), layer=Layer.RAW)

        assert "lake_test_raw/*" in _allowed(resources, "Reader")["s3:GetObject"]

    def test_named_tables_alone(self, stack: Stack, catalog, resources) -> None:
        catalog.grant_read(_role(stack, "Reader"), tables=["dim_account", "dim_date"])

        allowed = _allowed(resources, "Reader")
        for table in ("dim_account", "dim_date"):
            assert f"table/lake_test_marts/{table}" in allowed["glue:GetTable"]
            assert f"/lake_test_marts/{table}/*" in allowed["s3:GetObject"]
        assert "lake_test_marts/*" not in "".join(allowed.values())

    def test_columns_need_lake_formation_with_the_bucket_registered(
        self, stack: Stack, lake, catalog
    ) -> None:
        half = IcebergCatalog(
            stack, "Half", lake=lake, prefix="half", lake_formation=LakeFormation.CATALOG
        )
        for refusing, state in ((catalog, "off"), (half, "catalog")):
            with pytest.raises(SynthesisError, match=f"columns: .*lake_formation={state}: .*FILES"):
                refusing.grant_read(_role(stack, f"R{state}"), tables=["t"], columns=["name"])

    def test_columns_are_of_one_table(self, stack: Stack, catalog) -> None:
        for tables in ((), ("a", "b")):
            with pytest.raises(SynthesisError, match=r"Catalog: tables: got .*: one table"):
                catalog.grant_read(_role(stack, f"R{len(tables)}"), tables=tables, columns=["c"])

    @pytest.mark.parametrize("name", ["", "Dim_Account", "dim*", "raw/account"])
    def test_a_name_that_no_table_has(self, stack: Stack, catalog, name: str) -> None:
        with pytest.raises(
            SynthesisError, match=r"tables: got .*; allowed: names in a-z, 0-9 and _"
        ):
            catalog.grant_read(_role(stack, "R"), tables=[name])
