"""The bucket that holds the lakehouse, with its key and its access logs."""

from typing import Any, Final

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._interfaces import as_key, service_principal
from lakehouse_constructs._removal import confirmed
from lakehouse_jobs.contract.runs import EXPIRING_PREFIXES

_UPLOADS_ABORTED_AFTER: Final = Duration.days(7)


class LakeBucket(Construct):
    """One bucket for every layer, encrypted with one key.

    Only reports, query results, unfinished loads and temporary files expire; nothing
    else does, and nothing moves to a colder storage class: any file may be part of a
    live Iceberg table. The bucket is not versioned: Iceberg keeps its own snapshots,
    and a second history would keep every file that compaction removes.

    :ivar bucket: the bucket, made here or given.
    :ivar key: the key, made here or given.
    :ivar access_logs: the bucket of the access logs; None where ``bucket`` was given.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: s3.IBucket | None = None,
        key: kms.IKey | None = None,
        expire_after: Duration | None = None,
        access_logs_expire_after: Duration | None = None,
        keep_old_versions_for: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
        **kwargs: Any,
    ) -> None:
        """Make the bucket, or take what exists. Raises SynthesisError for a bucket without key.

        :param bucket: an existing bucket. Default: a new one. A given one keeps its own
            encryption, lifecycle and logging.
        :param key: an existing key; its policy must let CloudWatch Logs, CloudWatch and
            S3's callers use it. With ``bucket`` it is the key that encrypts the bucket, and
            may be left out where the bucket was imported with it. Default: the key of
            ``bucket``, or a new one with rotation.
        :param expire_after: age at which objects under reports/, athena/, loads/ and tmp/
            are deleted. It must exceed the longest load. Default: 30 days.
        :param access_logs_expire_after: age at which access logs are deleted.
            Default: 90 days.
        :param keep_old_versions_for: how long what was overwritten or deleted can be had
            back; whole days. Zero: the bucket is not versioned. The tables' files in use
            never expire. Default: 14 days.
        :param removal_policy: what happens to bucket and key when they leave the stack.
            DESTROY also empties the bucket, and needs the context flag
            ``lakehouse:allow-destroy=true``. Default: RETAIN.
        """
        super().__init__(scope, id, **kwargs)
        removal = confirmed(self, removal_policy)
        self.access_logs: s3.Bucket | None = None
        if bucket is not None:
            self.bucket: s3.IBucket = bucket
            self.key: kms.IKey = _key_of(bucket, key)
            return
        self.key = key if key is not None else _new_key(self, removal)
        logs_age = (
            Duration.days(90) if access_logs_expire_after is None else access_logs_expire_after
        )
        age = Duration.days(30) if expire_after is None else expire_after
        old = Duration.days(14) if keep_old_versions_for is None else keep_old_versions_for
        versioned = old.to_days() > 0
        self.access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=logs_age)],
            removal_policy=removal,
            auto_delete_objects=removal == RemovalPolicy.DESTROY,
        )
        self.bucket = created = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            lifecycle_rules=[
                *(
                    [
                        s3.LifecycleRule(
                            id="expire-old-versions",
                            noncurrent_version_expiration=old,
                            expired_object_delete_marker=True,
                        )
                    ]
                    if versioned
                    else []
                ),
                s3.LifecycleRule(
                    id="abort-unfinished-uploads",
                    abort_incomplete_multipart_upload_after=_UPLOADS_ABORTED_AFTER,
                ),
                *(
                    s3.LifecycleRule(
                        id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=age
                    )
                    for prefix in EXPIRING_PREFIXES
                ),
            ],
            removal_policy=removal,
            auto_delete_objects=removal == RemovalPolicy.DESTROY,
        )
        _deliver_logs(created, to=self.access_logs)


def _key_of(bucket: s3.IBucket, key: kms.IKey | None) -> kms.IKey:
    # A key of ours would be granted to every role and open no object of the bucket.
    known = key if key is not None else bucket.encryption_key
    if known is None:
        raise SynthesisError(
            "LakeBucket: bucket= was given without the key that encrypts it: pass key=, "
            "or import the bucket with Bucket.from_bucket_attributes(encryption_key=…)"
        )
    return known


def _deliver_logs(bucket: s3.Bucket, *, to: s3.Bucket) -> None:
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


def _new_key(scope: Construct, removal: RemovalPolicy) -> kms.IKey:
    key = kms.Key(
        scope,
        "Key",
        description="Lakehouse data, secrets, logs and alerts",
        enable_key_rotation=True,
        removal_policy=removal,
    )
    # CDK grants neither of these, and without them the log groups fail to deploy and
    # the alarms publish nothing while they look healthy.
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
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": Stack.of(scope).format_arn(
                        service="logs", resource="*"
                    )
                }
            },
        )
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="CloudWatchAlarms",
            principals=[service_principal("cloudwatch.amazonaws.com")],
            actions=["kms:GenerateDataKey*", "kms:Decrypt"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    return as_key(key)
