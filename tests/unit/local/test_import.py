"""The mapping of `lakehouse compare infrastructure`, given to the CDK CLI over the local AWS."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.home import ACCOUNT, REGION
from lakehouse_tools.comparison.infrastructure.imports import IDENTITIES, imports, mapping
from lakehouse_tools.comparison.infrastructure.system import system
from lakehouse_tools.deploy import cdk, synthesis
from lakehouse_tools.environment import Environment

pytestmark = pytest.mark.local_aws

Cdk = Callable[..., subprocess.CompletedProcess[str]]


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "DeletionPolicy": "Retain", "Properties": properties}


KEY = {"Fn::GetAtt": ["Key", "Arn"]}
ENCRYPTED = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
RULES = [{"ServerSideEncryptionByDefault": ENCRYPTED}]
NEW = {
    "Lake": resource(
        "AWS::S3::Bucket",
        BucketName="imported-lake",
        BucketEncryption={"ServerSideEncryptionConfiguration": RULES},
    ),
    "Key": resource("AWS::KMS::Key", KeyPolicy={"Statement": []}),
    "Secret": resource("AWS::SecretsManager::Secret", KmsKeyId=KEY),
    "Group": resource("AWS::Athena::WorkGroup", Name="imported"),
    "Raw": resource(
        "AWS::Glue::Database",
        CatalogId={"Ref": "AWS::AccountId"},
        DatabaseInput={"Name": "imported_raw"},
    ),
    "Alerts": resource("AWS::SNS::Topic"),
    "Queue": resource("AWS::SQS::Queue"),
    "State": resource(
        "AWS::DynamoDB::Table",
        TableName="imported",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    ),
    "Added": resource("AWS::Logs::LogGroup", LogGroupName="added-after-the-import"),
}


@pytest.fixture
def run(local_aws: Any, tmp_path: Path) -> Cdk:
    """The CDK CLI with an assembly of one stack."""
    environment = Environment("local", local_aws.home)

    def run(command: str, stack: str, resources: dict[str, Any], *more: str) -> Any:
        assembly = tmp_path / stack
        assembly.mkdir(exist_ok=True)
        (assembly / f"{stack}.json").write_text(json.dumps({"Resources": resources}))
        artifact = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{ACCOUNT}/{REGION}",
            "properties": {"templateFile": f"{stack}.json"},
        }
        manifest = {"version": "36.0.0", "artifacts": {stack: artifact}}
        (assembly / "manifest.json").write_text(json.dumps(manifest))
        return subprocess.run(
            [*cdk.command(local_aws.home.node_modules), command, stack, "--app", str(assembly),
             "--no-notices", *more],
            cwd=tmp_path,
            env=synthesis.child_environment(environment, local_aws.home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )  # fmt: skip

    return run


def made(local_aws: Any) -> dict[str, str]:
    """Resources of no stack, by the logical id that the old template gives them."""
    s3, client = local_aws.client("s3"), local_aws.client
    s3.create_bucket(Bucket="imported-lake")
    s3.put_object(Bucket="imported-lake", Key="a", Body=b"of the old system")
    client("athena").create_work_group(Name="imported")
    client("glue").create_database(DatabaseInput={"Name": "imported_raw"})
    table = {key: NEW["State"]["Properties"][key] for key in ("KeySchema", "AttributeDefinitions")}
    client("dynamodb").create_table(TableName="imported", BillingMode="PAY_PER_REQUEST", **table)
    secret = client("secretsmanager").create_secret(Name="imported", SecretString="kept")
    return {
        "Lake": "imported-lake",
        "Key": client("kms").create_key()["KeyMetadata"]["KeyId"],
        "Secret": secret["ARN"],
        "Group": "imported",
        "Raw": "imported_raw",
        "Alerts": client("sns").create_topic(Name="imported")["TopicArn"],
        "Queue": client("sqs").create_queue(QueueName="imported")["QueueUrl"],
        "State": "imported",
    }


def test_every_type_of_the_mapping_is_taken_over(local_aws: Any, run: Cdk, tmp_path: Path) -> None:
    called = made(local_aws)
    old = {name: {"Type": NEW[name]["Type"]} for name in called}
    assert {one["Type"] for one in old.values()} == set(IDENTITIES)
    old["Lake"] = NEW["Lake"]  # the new template names it so too, and the others of a name
    old |= {name: NEW[name] for name in ("Group", "Raw", "State")}
    found = imports(
        system({"Resources": old}),
        system({"Resources": NEW}),
        {name: {value} for name, value in called.items()},
    )
    (tmp_path / "import.json").write_text(mapping(found))

    done = run("import", "Taken", NEW, "--resource-mapping", str(tmp_path / "import.json"))
    assert done.returncode == 0, done.stdout
    assert "Added: skipping" in done.stdout
    cloudformation = local_aws.client("cloudformation")

    def held() -> dict[str, str]:
        rows = cloudformation.list_stack_resources(StackName="Taken")["StackResourceSummaries"]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}

    assert held() == called
    done = run("deploy", "Taken", NEW, "--require-approval", "never")
    assert done.returncode == 0, done.stdout
    assert held() == {**called, "Added": "added-after-the-import"}
    body = local_aws.client("s3").get_object(Bucket="imported-lake", Key="a")["Body"]
    assert body.read() == b"of the old system"
    secret = local_aws.client("secretsmanager").get_secret_value(SecretId=called["Secret"])
    assert secret["SecretString"] == "kept"


def test_what_refers_to_more_than_is_imported_is_refused(
    local_aws: Any, run: Cdk, tmp_path: Path
) -> None:
    local_aws.client("s3").create_bucket(Bucket="imported-alone")
    lake = resource(
        "AWS::S3::Bucket", BucketName="imported-alone", Tags=[{"Key": "k", "Value": KEY}]
    )
    new = {"Lake": lake, "Key": NEW["Key"]}
    file = tmp_path / "import.json"
    file.write_text(json.dumps({"Lake": {"BucketName": "imported-alone"}}))
    done = run("import", "Alone", new, "--resource-mapping", str(file))
    assert done.returncode == 1
    assert "Unresolved resource dependencies [Key] in the Resources block" in done.stdout


def test_what_is_not_there_fails_the_change_set(local_aws: Any) -> None:
    group = {"LogicalResourceId": "Group", "ResourceType": "AWS::Athena::WorkGroup"}
    cloudformation = local_aws.client("cloudformation")
    cloudformation.create_change_set(
        StackName="Nowhere",
        ChangeSetName="one",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps({"Resources": {"Group": NEW["Group"]}}),
        ResourcesToImport=[{**group, "ResourceIdentifier": {"Name": "nowhere"}}],
    )
    found = cloudformation.describe_change_set(StackName="Nowhere", ChangeSetName="one")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert (
        "'AWS::Athena::WorkGroup' with identifier 'nowhere' was not found" in found["StatusReason"]
    )
