"""The key of the lake, and what its policy lets services do."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lakehouse_constructs._interfaces import as_key, service_principal


def new_key(scope: Construct, removal: RemovalPolicy) -> kms.IKey:
    """A key that rotates."""
    key = kms.Key(
        scope,
        "Key",
        description="Lakehouse data, secrets, logs and alerts",
        enable_key_rotation=True,
        removal_policy=removal,
    )
    return as_key(key)


def let_services_use(key: kms.IKey, scope: Construct) -> None:
    """What CDK grants nowhere. The policy of an imported key is its owner's."""
    log_groups = Stack.of(scope).format_arn(service="logs", resource="*")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="CloudWatchLogs",
            principals=[service_principal(f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}")],
            actions=[
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
        True,  # an imported key takes none
    )
    let_alarms_use(key)


def let_alarms_use(key: kms.IKey) -> None:
    """Let alarms of the account publish to topics on this key."""
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="CloudWatchAlarms",
            principals=[service_principal("cloudwatch.amazonaws.com")],
            actions=["kms:GenerateDataKey*", "kms:Decrypt"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        ),
        True,
    )
