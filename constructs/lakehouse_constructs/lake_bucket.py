"""The bucket that holds the lakehouse, with its key and its access logs."""

from typing import Any, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs._checks import check_duration, check_folder, check_unused
from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._grants import grant
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._lake_key import let_services_use, new_key
from lakehouse_constructs._lake_storage import (
    access_logs,
    deliver_logs,
    is_positive,
    lifecycle,
    private,
)
from lakehouse_constructs._removal import confirmed
from lakehouse_constructs._statements import (
    READ_FILES,
    WRITE_FILES,
    on_key,
    on_listing,
    on_objects,
)

_UNUSED: Final = "none with bucket=, which keeps what it has"


class LakeBucket(Construct):
    """One bucket for every layer, encrypted with one key.

    It makes a bucket, a bucket of its access logs and a key, or takes what exists. Only
    reports, query results, unfinished loads and temporary files expire, and the old
    versions of what was overwritten or deleted.

    At rest it costs about US$ 1 a month for the key and 0.023 for each GB. (us-east-1)

    It never expires a file that a table uses and never moves one to a colder storage
    class: any file may be part of a live Iceberg table. It never lets anybody in: rights
    come with the ``grant_…`` methods and those of the catalog.

    :ivar bucket: the bucket, made here or given.
    :ivar key: the key, made here or given.
    :ivar access_logs: the bucket of the access logs; None where ``bucket`` was given.
    """

    @check_kinds
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
        """Make the bucket, or take what exists. Raises SynthesisError.

        :param bucket: an existing bucket. It keeps its own encryption, lifecycle and
            logging, and no other prop than ``key`` may go with it. Default: a new one.
        :param key: an existing key. With ``bucket`` it is the key that encrypts the bucket,
            and may be left out where the bucket was imported with it. A key that is made
            in the same app gets the statements it needs. The policy of an imported one must
            have them already: IAM of the account decides (the statement that KMS writes
            for the root); ``logs.<region>.amazonaws.com`` may ``kms:Encrypt*, Decrypt*,
            ReEncrypt*, GenerateDataKey*, Describe*`` for log groups of the account, or
            they fail to deploy; ``cloudwatch.amazonaws.com`` may ``kms:GenerateDataKey*,
            Decrypt`` from the account, or alarms publish nothing while they look healthy.
            Default: the key of ``bucket``, or a new one with rotation.
        :param expire_after: age at which objects under reports/, athena/, loads/ and tmp/
            are deleted: whole days, more than the longest load takes. Default: 30 days.
        :param access_logs_expire_after: age at which access logs are deleted: whole days.
            Default: 90 days.
        :param keep_old_versions_for: how long what was overwritten or deleted can be had
            back; whole days. Zero: the bucket is not versioned. The tables' files in use
            never expire. Default: 14 days.
        :param removal_policy: what happens to bucket and key when they leave the stack.
            DESTROY also empties the bucket, and needs the context flag
            ``lakehouse:allow-destroy=true``. Default: RETAIN.
        """
        super().__init__(scope, id, **kwargs)
        ages = {
            "expire_after": expire_after,
            "access_logs_expire_after": access_logs_expire_after,
            "keep_old_versions_for": keep_old_versions_for,
        }
        for prop, age in ages.items():
            if age is not None:
                low = 0 if prop == "keep_old_versions_for" else 1
                check_duration(self, prop, age, unit="days", low=low, high=3650)
        self.access_logs: s3.Bucket | None = None
        if bucket is not None:
            other = None if removal_policy == RemovalPolicy.RETAIN else removal_policy
            check_unused(self, _UNUSED, **ages, removal_policy=other)
            self.bucket: s3.IBucket = bucket
            self.key: kms.IKey = _key_of(self, bucket, key)
            return
        removal = confirmed(self, removal_policy)
        self.key = new_key(self, removal) if key is None else key
        let_services_use(self.key, self)
        self.access_logs = access_logs(
            self, _or_days(access_logs_expire_after, 90), removal=removal
        )
        self.bucket = created = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            versioned=is_positive(_or_days(keep_old_versions_for, 14)),
            lifecycle_rules=lifecycle(
                expire_after=_or_days(expire_after, 30),
                keep_old_versions_for=_or_days(keep_old_versions_for, 14),
            ),
            **private(removal),
        )
        deliver_logs(created, to=self.access_logs)

    @check_kinds
    def grant_read(self, grantee: iam.IGrantable, *, prefix: str) -> iam.Grant:
        """Let a role or user read one folder, for example ``reports/``.

        For tables use the catalog's ``grant_read``, which also opens their definitions.
        Raises SynthesisError.

        :param grantee: who reads.
        :param prefix: the folder, ending with a slash.
        """
        return self._grant(grantee, prefix, READ_FILES)

    @check_kinds
    def grant_write(self, grantee: iam.IGrantable, *, prefix: str) -> iam.Grant:
        """Let a role or user read, write and delete in one folder, for example ``runs/``.

        Raises SynthesisError.

        :param grantee: who writes.
        :param prefix: the folder, ending with a slash.
        """
        return self._grant(grantee, prefix, WRITE_FILES)

    def _grant(self, grantee: iam.IGrantable, prefix: str, actions: tuple[str, ...]) -> iam.Grant:
        check_folder(self, "prefix", prefix)
        statements = [
            on_objects(self.bucket, prefixes=[prefix], actions=actions),
            *on_listing(self.bucket, prefixes=[prefix]),
            on_key(self.key, services=["s3"], write=actions is WRITE_FILES),
        ]
        return grant(grantee, statements, scope=self)

    def metric_size(self, **options: Any) -> cloudwatch.Metric:
        """Bytes in the bucket in S3 Standard, old versions too, as S3 counts them once a day.

        :param options: of the metric, for example ``label``. Default: none.
        """
        return self._metric("BucketSizeBytes", "StandardStorage", options)

    def metric_number_of_objects(self, **options: Any) -> cloudwatch.Metric:
        """Objects in the bucket, old versions too, as S3 counts them once a day.

        :param options: of the metric, for example ``label``. Default: none.
        """
        return self._metric("NumberOfObjects", "AllStorageTypes", options)

    def _metric(self, name: str, storage: str, options: dict[str, Any]) -> cloudwatch.Metric:
        settings = {"period": Duration.days(1), "statistic": "Average", **options}
        return cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name=name,
            dimensions_map={"BucketName": self.bucket.bucket_name, "StorageType": storage},
            **settings,
        )


def _or_days(age: Duration | None, days: int) -> Duration:
    return Duration.days(days) if age is None else age


def _key_of(lake: LakeBucket, bucket: s3.IBucket, key: kms.IKey | None) -> kms.IKey:
    # A key of ours would be granted to every role and open no object of the bucket.
    known = key if key is not None else bucket.encryption_key
    if known is None:
        raise SynthesisError(
            f"{lake.node.path}: bucket: was given without the key that encrypts it: pass key=, "
            "or import the bucket with Bucket.from_bucket_attributes(encryption_key=…)"
        )
    let_services_use(known, lake)
    return known
