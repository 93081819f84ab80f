"""The settings of the lake's two buckets: private, logged, expiring where nothing lives on."""

from typing import Any, Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs._interfaces import service_principal
from lakehouse_jobs.contract.runs import EXPIRING_PREFIXES

_UPLOADS_ABORTED_AFTER: Final = Duration.days(7)


def is_positive(age: Duration) -> bool:
    """Whether it is more than no time, as far as can be told."""
    return age.is_unresolved() or age.to_days() > 0


def private(removal: RemovalPolicy) -> dict[str, Any]:
    """What both buckets have in common."""
    return {
        "enforce_ssl": True,
        "block_public_access": s3.BlockPublicAccess.BLOCK_ALL,
        "object_ownership": s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        "removal_policy": removal,
        "auto_delete_objects": removal == RemovalPolicy.DESTROY,
    }


def access_logs(scope: Construct, age: Duration, *, removal: RemovalPolicy) -> s3.Bucket:
    """The bucket of the access logs, which S3 itself encrypts."""
    return s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=age)],
        **private(removal),
    )


def lifecycle(*, expire_after: Duration, keep_old_versions_for: Duration) -> list[s3.LifecycleRule]:
    """No rule touches a table's live file: those that expire objects have a prefix."""
    uploads = s3.LifecycleRule(
        id="abort-unfinished-uploads",
        abort_incomplete_multipart_upload_after=_UPLOADS_ABORTED_AFTER,
    )
    expiring = [
        s3.LifecycleRule(id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=expire_after)
        for prefix in EXPIRING_PREFIXES
    ]
    if not is_positive(keep_old_versions_for):
        return [uploads, *expiring]
    old_versions = s3.LifecycleRule(
        id="expire-old-versions",
        noncurrent_version_expiration=keep_old_versions_for,
        expired_object_delete_marker=True,
    )
    return [old_versions, uploads, *expiring]


def deliver_logs(bucket: s3.Bucket, *, to: s3.Bucket) -> None:
    """Log each request on a bucket to another one."""
    # Written out: what server_access_logs_bucket does depends on a feature flag of the
    # app, and without the flag it takes ACLs, which these buckets refuse.
    cfn_bucket = bucket.node.default_child
    assert isinstance(cfn_bucket, s3.CfnBucket)  # noqa: S101 - for the type checker
    cfn_bucket.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=to.bucket_name
    )
    to.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AccessLogs",
            principals=[service_principal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[to.arn_for_objects("*")],
            conditions={
                "ArnLike": {"aws:SourceArn": bucket.bucket_arn},
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            },
        )
    )
