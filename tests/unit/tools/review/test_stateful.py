import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lakehouse_tools.review.assembly import Template
from lakehouse_tools.review.stateful import STATEFUL, losses


def template(**resources) -> Template:
    return Template({"Resources": resources})


def bucket(**more) -> dict:
    return {"Type": "AWS::S3::Bucket", "Properties": {}, **more}


def test_what_stays_is_no_loss() -> None:
    before = template(B=bucket(), R={"Type": "AWS::IAM::Role"})

    assert not list(losses(before, template(B=bucket(Properties={"Tags": []}))))


@pytest.mark.parametrize(("policy", "kept"), [({"DeletionPolicy": "Retain"}, True), ({}, False)])
def test_another_logical_id_removes_the_old_one(policy: dict, kept: bool) -> None:
    (loss,) = losses(template(B=bucket(**policy)), template(C=bucket()))

    assert (loss.logical_id, loss.what, loss.kept) == ("B", "removed", kept)


@pytest.mark.parametrize(
    ("kind", "before", "after", "why"),
    [
        ("AWS::S3::Bucket", {}, {"BucketName": "b"}, "BucketName: not set → b"),
        (
            "AWS::Glue::Database",
            {"DatabaseInput": {"Name": "raw"}},
            {"DatabaseInput": {"Name": "new"}},
            "DatabaseInput.Name: raw → new",
        ),
        (
            "AWS::DynamoDB::Table",
            {"KeySchema": [{"AttributeName": "a"}]},
            {"KeySchema": [{"AttributeName": "b"}]},
            "KeySchema",
        ),
        ("AWS::Logs::LogGroup", {"LogGroupName": "a"}, {"LogGroupName": "b"}, "LogGroupName"),
    ],
)
def test_another_identity_replaces(kind: str, before: dict, after: dict, why: str) -> None:
    (loss,) = losses(
        template(X={"Type": kind, "Properties": before}),
        template(X={"Type": kind, "Properties": after, "UpdateReplacePolicy": "Snapshot"}),
    )

    assert loss.what == "replaced"
    assert why in loss.why
    assert loss.kept  # as the new template's UpdateReplacePolicy says


@pytest.mark.parametrize("prop", ["KeySpec", "KeyUsage", "MultiRegion", "Origin"])
def test_what_kms_never_changes_fails_the_deployment_and_takes_nothing(prop: str) -> None:
    before, after = ({"Type": "AWS::KMS::Key", "Properties": {prop: v}} for v in ("a", "b"))

    (loss,) = losses(template(X=before), template(X=after))

    assert (loss.what, loss.why, loss.kept) == ("refused", f"{prop}: a → b", True)
    assert "the deployment fails" in loss.fate


@pytest.mark.parametrize("kind", STATEFUL)
def test_every_property_that_replaces_by_awss_own_schema_is_known(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = [
        path.removeprefix("/properties/").replace("/", ".")
        for which in ("createOnlyProperties", "conditionalCreateOnlyProperties")
        for path in schema.get(which, [])
    ]

    assert set(paths) <= set(STATEFUL[kind])


def test_another_type_under_one_id_replaces() -> None:
    (loss,) = losses(
        template(X=bucket()), template(X={"Type": "AWS::SNS::Topic", "Properties": {}})
    )

    assert "AWS::SNS::Topic" in loss.why


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ({"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}, ["DeletionPolicy"]),
        ({"DeletionPolicy": "Retain"}, ["UpdateReplacePolicy"]),
        ({}, ["DeletionPolicy", "UpdateReplacePolicy"]),
    ],
)
def test_a_policy_that_no_longer_keeps_what_is_there(policies: dict, told: list[str]) -> None:
    kept = bucket(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")

    (loss,) = losses(template(B=kept), template(B=bucket(**policies)))

    assert loss.what == "unprotected"
    assert loss.why == ", ".join(f"{policy}: Retain → Delete" for policy in told)
    assert not list(losses(template(B=bucket(**policies)), template(B=kept)))
