"""Resources that ministack refuses or strips, made, changed and removed by stacks."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.local_aws

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
Deploy = Callable[..., dict[str, str]]


@pytest.fixture
def stack(local_aws: Any) -> Iterator[str]:
    name = f"stack-{uuid.uuid4().hex[:8]}"
    yield name
    local_aws.client("cloudformation").delete_stack(StackName=name)


@pytest.fixture
def deploy(local_aws: Any, stack: str) -> Deploy:
    """Create or update the test's stack; its outputs. Raises where it failed."""
    client = local_aws.client("cloudformation")

    def once(resources: dict[str, Any], **outputs: Any) -> dict[str, str]:
        template = {"Resources": resources}
        if outputs:
            template["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
        exists = any(
            s["StackName"] == stack and s["StackStatus"] != "DELETE_COMPLETE"
            for s in client.list_stacks()["StackSummaries"]
        )
        change = client.update_stack if exists else client.create_stack
        change(StackName=stack, TemplateBody=json.dumps(template))
        waiter = client.get_waiter("stack_update_complete" if exists else "stack_create_complete")
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
        return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}

    return once


def remove(local_aws: Any, stack: str) -> None:
    client = local_aws.client("cloudformation")
    client.delete_stack(StackName=stack)
    client.get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def reasons(local_aws: Any, stack: str) -> list[str]:
    """Why the stack's resources are as they are, as its events say it."""
    events = local_aws.client("cloudformation").describe_stack_events(StackName=stack)
    return [event.get("ResourceStatusReason", "") for event in events["StackEvents"]]


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def test_the_reference_of_a_secret_is_its_arn(local_aws: Any, deploy: Deploy, stack: str) -> None:
    secret = {
        "Crm": resource(
            "AWS::SecretsManager::Secret",
            GenerateSecretString={"SecretStringTemplate": '{"a": 1}', "GenerateStringKey": "b"},
        )
    }
    # What CDK writes for secret_name: the ARN's name without its suffix.
    parts = {"Fn::Split": ["-", {"Fn::Select": [6, {"Fn::Split": [":", {"Ref": "Crm"}]}]}]}
    name = {"Fn::Join": ["-", [{"Fn::Select": [0, parts]}, {"Fn::Select": [1, parts]}]]}
    outputs = deploy(secret, Arn={"Ref": "Crm"}, Name=name)
    assert re.fullmatch(r"arn:aws:secretsmanager:.*:secret:Crm-\w{12}-\w{6}", outputs["Arn"])
    client = local_aws.client("secretsmanager")
    assert client.describe_secret(SecretId=outputs["Name"])["ARN"] == outputs["Arn"]
    assert json.loads(client.get_secret_value(SecretId=outputs["Arn"])["SecretString"])["a"] == 1

    client.put_secret_value(SecretId=outputs["Arn"], SecretString="filled")
    secret["Crm"]["Properties"]["Description"] = "changed"
    assert deploy(secret, Arn={"Ref": "Crm"}, Name=name) == outputs
    assert client.describe_secret(SecretId=outputs["Arn"])["Description"] == "changed"
    # No deployment overwrites what was filled in.
    assert client.get_secret_value(SecretId=outputs["Arn"])["SecretString"] == "filled"

    remove(local_aws, stack)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId=outputs["Arn"])


def test_a_security_configuration(local_aws: Any, deploy: Deploy, stack: str) -> None:
    def encryption(key: str) -> dict[str, Any]:
        return {"S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": key}]}

    kind = "AWS::Glue::SecurityConfiguration"
    one = resource(kind, Name=f"{stack}-one", EncryptionConfiguration=encryption(KEY))
    assert deploy({"S": one}, Name={"Ref": "S"}) == {"Name": f"{stack}-one"}
    glue = local_aws.client("glue")

    def described(name: str) -> dict[str, Any]:
        found = glue.get_security_configuration(Name=name)["SecurityConfiguration"]
        return found["EncryptionConfiguration"]

    assert described(f"{stack}-one")["S3Encryption"] == encryption(KEY)["S3Encryptions"]
    # It cannot be changed, only replaced under another name.
    two = resource(kind, Name=f"{stack}-two", EncryptionConfiguration=encryption(KEY + "6"))
    assert deploy({"S": two}, Name={"Ref": "S"}) == {"Name": f"{stack}-two"}
    assert described(f"{stack}-two")["S3Encryption"][0]["KmsKeyArn"] == KEY + "6"
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        described(f"{stack}-one")
    remove(local_aws, stack)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        described(f"{stack}-two")


def test_a_kind_that_is_not_known_is_refused(deploy: Deploy) -> None:
    # On AWS an optimizer would work; nothing here compacts, and so none is made.
    with pytest.raises(Exception, match=r"Unrecognized resource types: .*TableOptimizer"):
        deploy({"O": resource("AWS::Glue::TableOptimizer", Type="compaction")})


def test_a_bucket_s_properties(local_aws: Any, deploy: Deploy) -> None:
    logs = resource("AWS::S3::Bucket")
    lake = resource(
        "AWS::S3::Bucket",
        BucketEncryption={
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": True,
                    "ServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": KEY,
                    },
                }
            ]
        },
        LifecycleConfiguration={
            "Rules": [
                {"Id": "tmp", "Prefix": "tmp/", "ExpirationInDays": 30, "Status": "Enabled"},
                {
                    "Id": "uploads",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    "Status": "Enabled",
                },
            ]
        },
        LoggingConfiguration={"DestinationBucketName": {"Ref": "Logs"}},
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )
    outputs = deploy({"Logs": logs, "Lake": lake}, Lake={"Ref": "Lake"}, Logs={"Ref": "Logs"})
    s3, bucket = local_aws.client("s3"), outputs["Lake"]
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": KEY,
    }
    assert rule["BucketKeyEnabled"] is True
    rules = {r["ID"]: r for r in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules["tmp"]["Expiration"] == {"Days": 30}
    assert rules["tmp"]["Filter"] == {"Prefix": "tmp/"}
    assert rules["uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    logging = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert logging["TargetBucket"] == outputs["Logs"]
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]

    # The key of the bucket is the key of what is put into it, named or not.
    for asked in ({}, {"ServerSideEncryption": "aws:kms"}):
        s3.put_object(Bucket=bucket, Key="x", Body=b"", **asked)
        assert s3.head_object(Bucket=bucket, Key="x")["SSEKMSKeyId"] == KEY

    s3.delete_object(Bucket=bucket, Key="x")
    del lake["Properties"]["LifecycleConfiguration"]
    deploy({"Logs": logs, "Lake": lake}, Lake={"Ref": "Lake"}, Logs={"Ref": "Logs"})
    with pytest.raises(Exception, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_a_lifecycle_rule_that_is_not_known_fails(
    local_aws: Any, deploy: Deploy, stack: str
) -> None:
    rule = {"Status": "Enabled", "Transitions": [{"StorageClass": "GLACIER"}]}
    bucket = resource("AWS::S3::Bucket", LifecycleConfiguration={"Rules": [rule]})
    with pytest.raises(Exception, match="ROLLBACK"):
        deploy({"B": bucket})
    wanted = "Transitions is not known to the local AWS"
    assert any(wanted in reason for reason in reasons(local_aws, stack))


def test_an_iceberg_table_by_template_is_refused(local_aws: Any) -> None:
    glue = local_aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "by_template"})
    with pytest.raises(glue.exceptions.InvalidInputException, match="OpenTableFormatInput"):
        glue.create_table(
            DatabaseName="by_template",
            TableInput={"Name": "t"},
            OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE"}},
        )


def machine(states: dict[str, Any], **properties: Any) -> dict[str, Any]:
    definition = {"StartAt": next(iter(states)), "QueryLanguage": "JSONata", "States": states}
    return resource(
        "AWS::StepFunctions::StateMachine",
        DefinitionString=json.dumps(definition),
        RoleArn="arn:aws:iam::123456789012:role/machine",
        **properties,
    )


def test_a_state_machine_s_logging_and_tracing(local_aws: Any, deploy: Deploy) -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/x:*"
    logging = {
        "Level": "ALL",
        "IncludeExecutionData": True,
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
    }
    states = {"A": {"Type": "Succeed"}}
    made = machine(states, LoggingConfiguration=logging, TracingConfiguration={"Enabled": True})
    client = local_aws.client("stepfunctions")
    arn = deploy({"M": made}, Arn={"Ref": "M"})["Arn"]
    found = client.describe_state_machine(stateMachineArn=arn)
    assert found["tracingConfiguration"] == {"enabled": True}
    assert found["loggingConfiguration"]["level"] == "ALL"
    destination = found["loggingConfiguration"]["destinations"][0]
    assert destination["cloudWatchLogsLogGroup"]["logGroupArn"] == group
    assert deploy({"M": machine(states)}, Arn={"Ref": "M"})["Arn"] == arn
    found = client.describe_state_machine(stateMachineArn=arn)
    assert found["tracingConfiguration"] == {"enabled": False}
    assert found["loggingConfiguration"]["level"] == "OFF"


def test_a_bad_definition_fails_the_stack(local_aws: Any, deploy: Deploy, stack: str) -> None:
    with pytest.raises(Exception, match="ROLLBACK"):
        deploy({"M": machine({"A": {"Type": "Pass", "Next": "Nowhere"}})})
    wanted = "Missing 'Next' target: Nowhere"
    assert any(wanted in reason for reason in reasons(local_aws, stack))


def test_a_topic_s_key(local_aws: Any, deploy: Deploy) -> None:
    topic = resource("AWS::SNS::Topic", KmsMasterKeyId=KEY)
    arn = deploy({"T": topic}, Arn={"Ref": "T"})["Arn"]
    attributes = local_aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["KmsMasterKeyId"] == KEY


def test_a_bucket_is_emptied_before_it_goes(local_aws: Any, deploy: Deploy, stack: str) -> None:
    """What CDK's function does, of which nothing runs here."""
    bucket = resource("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
    emptied = resource(
        "Custom::S3AutoDeleteObjects",
        ServiceToken="arn:aws:lambda:us-east-1:123456789012:function:none",
        BucketName={"Ref": "Bucket"},
    )
    made = deploy({"Bucket": bucket, "Emptied": emptied}, Name={"Ref": "Bucket"})
    s3 = local_aws.client("s3")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=made["Name"], Key="a/b", Body=body)
    deploy({"Bucket": bucket}, Name={"Ref": "Bucket"})
    assert "Versions" not in s3.list_object_versions(Bucket=made["Name"])
