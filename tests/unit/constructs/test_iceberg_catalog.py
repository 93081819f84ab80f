from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, Layer

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
        bucket = s3.Bucket.from_bucket_name(stack, "B", "ours")
        IcebergCatalog(
            stack, "Catalog", bucket=bucket, prefix="x", removal_policy=RemovalPolicy.DESTROY
        )

        for database in Template.from_stack(stack).find_resources("AWS::Glue::Database").values():
            assert database["DeletionPolicy"] == policy


def test_no_table_is_made_here(stack: Stack, catalog) -> None:
    Template.from_stack(stack).resource_count_is("AWS::Glue::Table", 0)
