"""What may stand in the mapping of ``cdk import``: never a resource that only could be it."""

import json

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.infrastructure.imports import (
    IDENTITIES,
    imports,
    mapping,
    read_physical,
)
from lakehouse_tools.comparison.infrastructure.system import read_old, system

BUCKET = {"Type": "AWS::S3::Bucket"}
SECRET = {"Type": "AWS::SecretsManager::Secret"}
GROUP = {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "queries"}}


def bucket(name):
    return {**BUCKET, "Properties": {"BucketName": name}}


def imported(old, new, physical=None):
    """The mapping, and why each old resource is in it or not."""
    old = old if hasattr(old, "resources") else system({"Resources": old})
    rows = imports(old, system({"Resources": new}), physical or {})
    return json.loads(mapping(rows)), {row.id: row.why for row in rows}


def listed(path, **called):
    """What ``list-stack-resources`` prints."""
    rows = [{"LogicalResourceId": k, "PhysicalResourceId": v} for k, v in called.items()]
    path.write_text(json.dumps({"StackResourceSummaries": rows}))
    return path


def test_the_only_one_of_its_type_and_what_is_named_alike():
    old = {"LogsBucket": BUCKET, "Data": bucket("acme-lake"), "Mine": SECRET, "Group": GROUP}
    new = {"AccessLogs": BUCKET, "Lake": BUCKET, "Secret": SECRET, "Group": GROUP}
    told, why = imported(old, new, {"Mine": {"arn:secret"}})
    assert told == {
        "Lake": {"BucketName": "acme-lake"},
        "Secret": {"Id": "arn:secret"},
        "Group": {"Name": "queries"},
    }
    assert "give --resources" in why["LogsBucket"]
    assert "or its deployment fails" in why["Group"]


def test_one_of_several_old_ones_is_not_guessed():
    old = {
        "ArtifactBucket": bucket("ci-artifacts"), "DataLakeBucket": bucket("lake"),
        "DbPassword": SECRET, "SalesforceSecret": SECRET,
    }  # fmt: skip
    new = {"LakeBucket": BUCKET, "SalesforceSecret": SECRET}
    physical = {"DbPassword": {"arn:db"}, "SalesforceSecret": {"arn:salesforce"}}
    told, why = imported(old, new, physical)
    assert told == {}
    assert "LakeBucket could be ArtifactBucket, DataLakeBucket" in why["DataLakeBucket"]
    assert "SalesforceSecret could be DbPassword, SalesforceSecret" in why["DbPassword"]


def test_one_of_several_new_ones_is_not_guessed():
    told, why = imported({"Data": bucket("lake")}, {"Lake": BUCKET, "Results": BUCKET})
    assert told == {}
    assert "it could be Lake, Results" in why["Data"]


def test_what_is_named_alike_leaves_the_other():
    old = {"Artifacts": bucket("ci"), "Data": bucket("lake")}
    told, _ = imported(old, {"Ci": bucket("ci"), "Lake": BUCKET})
    assert told == {"Ci": {"BucketName": "ci"}, "Lake": {"BucketName": "lake"}}


def test_what_the_new_has_under_another_name_or_not_at_all_is_not_imported():
    told, why = imported({"Data": bucket("lake"), "Mine": SECRET}, {"Lake": bucket("other")})
    assert told == {}
    assert "others (other): recreate it" in why["Data"]
    assert "has no AWS::SecretsManager::Secret" in why["Mine"]


@pytest.mark.parametrize("files", [("b", "c"), ("c",)])
def test_a_logical_id_of_two_stacks_names_neither(tmp_path, files):
    for name, type_ in (("b", "AWS::S3::Bucket"), ("c", "AWS::SQS::Queue")):
        resources = {"Resources": {"Data": {"Type": type_}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(resources))
    old = read_old([tmp_path / "b.json", tmp_path / "c.json"])
    physical = read_physical(listed(tmp_path / name, Data=f"of-{name}") for name in files)
    told, why = imported(old, {"Lake": BUCKET}, physical)
    assert told == {}
    assert "of its stack alone" in why["b.Data"]


def test_a_logical_id_that_two_files_call_differently_names_nothing(tmp_path):
    files = [listed(tmp_path / "b", Data="of-b"), listed(tmp_path / "c", Data="of-c")]
    assert imported({"Data": BUCKET}, {"Lake": BUCKET}, read_physical(files))[0] == {}
    again = read_physical([files[0], files[0]])
    told, _ = imported({"Data": BUCKET}, {"Lake": BUCKET}, again)
    assert told == {"Lake": {"BucketName": "of-b"}}


def test_a_resource_whose_creation_failed_has_no_physical_id(tmp_path):
    rows = [{"LogicalResourceId": "Failed"}, {"LogicalResourceId": "B", "PhysicalResourceId": "x"}]
    path = tmp_path / "resources.json"
    path.write_text(json.dumps({"StackResourceSummaries": rows}))
    assert read_physical([path]) == {"B": {"x"}}


def test_what_a_target_refers_to_has_to_be_imported_with_it():
    """CloudFormation refuses a change set whose template refers to what is not in it."""
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    lake = {**BUCKET, "Properties": {
        "Encryption": key, "Logs": {"Ref": "Logs"}, "Tag": {"Fn::Sub": "${AWS::Region}-${Key}"}
    }}  # fmt: skip
    new = {"Lake": lake, "Key": {"Type": "AWS::KMS::Key"}, "Logs": {"Type": "X::Y::Z"}}
    told, why = imported({"Data": bucket("lake")}, new)
    assert told == {"Lake": {"BucketName": "lake"}}
    assert why["Data"].endswith("it refers to Key, Logs: import these with it, or it is refused")

    old = {"Data": bucket("lake"), "Own": {"Type": "AWS::KMS::Key"}}
    _, why = imported(old, new, {"Own": {"1234"}})
    assert why["Data"].endswith("it refers to Logs: import these with it, or it is refused")
    assert "refers" not in why["Own"]


def test_another_file_than_of_resources_is_refused(tmp_path):
    path = tmp_path / "resources.json"
    path.write_text("{}")
    with pytest.raises(ComparisonFailedError, match="list-stack-resources"):
        read_physical([path])


def test_identifiers_are_those_of_the_registry():
    for type_, identity in IDENTITIES.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
        assert schema["primaryIdentifier"] == [f"/properties/{identity.key}"]
