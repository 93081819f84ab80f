import json
from typing import Any, cast

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template

from lakehouse_constructs import LakeBucket, SynthesisError
from lakehouse_jobs.contract.runs import EXPIRING_PREFIXES


def _lake_of(template: Template) -> Any:
    buckets = template.find_resources(
        "AWS::S3::Bucket", {"Properties": {"LoggingConfiguration": Match.any_value()}}
    )
    (bucket,) = buckets.values()
    return bucket


class TestDefaults:
    def test_expire_after_default_is_of_the_expiring_prefixes_alone(
        self, stack: Stack, lake: LakeBucket
    ) -> None:
        rules = _lake_of(Template.from_stack(stack))["Properties"]["LifecycleConfiguration"][
            "Rules"
        ]

        expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
        assert expiring == dict.fromkeys(EXPIRING_PREFIXES, 30)
        old, uploads = [rule for rule in rules if "Prefix" not in rule]
        # A rule without a prefix touches what is in use by nothing but its old versions.
        assert old == {
            "Id": "expire-old-versions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 14},
            "ExpiredObjectDeleteMarker": True,
        }
        assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
        assert "ExpirationInDays" not in uploads
        assert not [rule for rule in rules if "Transitions" in rule]

    def test_removal_policy_default_keeps_data_and_key(
        self, stack: Stack, lake: LakeBucket
    ) -> None:
        template = Template.from_stack(stack)

        assert _lake_of(template)["DeletionPolicy"] == "Retain"
        template.has_resource("AWS::KMS::Key", {"DeletionPolicy": "Retain"})
        template.resource_count_is("Custom::S3AutoDeleteObjects", 0)

    def test_access_logs_expire_after_default_is_90_days(
        self, stack: Stack, lake: LakeBucket
    ) -> None:
        text = json.dumps(Template.from_stack(stack).find_resources("AWS::S3::Bucket"))

        assert text.count('"ExpirationInDays": 90') == 1

    def test_keep_old_versions_for_default_is_14_days(self, stack: Stack, lake: LakeBucket) -> None:
        properties = _lake_of(Template.from_stack(stack))["Properties"]

        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert '"NoncurrentDays": 14' in json.dumps(properties)

    def test_bucket_default_is_a_new_one(self, stack: Stack, lake: LakeBucket) -> None:
        template = Template.from_stack(stack)

        template.resource_count_is("AWS::S3::Bucket", 2)  # with the access logs

    def test_key_default_is_a_new_one_that_rotates(self, stack: Stack, lake: LakeBucket) -> None:
        template = Template.from_stack(stack)

        template.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
        encryption = json.dumps(_lake_of(template)["Properties"]["BucketEncryption"])
        assert '"LakeKey' in encryption

    def test_the_bucket_is_private_encrypted_and_logged(
        self, stack: Stack, lake: LakeBucket
    ) -> None:
        properties = _lake_of(Template.from_stack(stack))["Properties"]

        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["BucketKeyEnabled"] is True
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert all(properties["PublicAccessBlockConfiguration"].values())

    def test_logs_are_delivered_by_policy_not_by_acl(self, stack: Stack, lake: LakeBucket) -> None:
        Template.from_stack(stack).has_resource_properties(
            "AWS::S3::BucketPolicy",
            {
                "PolicyDocument": {
                    "Statement": Match.array_with(
                        [
                            Match.object_like(
                                {
                                    "Action": "s3:PutObject",
                                    "Effect": "Allow",
                                    "Principal": {"Service": "logging.s3.amazonaws.com"},
                                }
                            )
                        ]
                    )
                }
            },
        )

    def test_logs_and_alarms_may_use_the_key(self, stack: Stack, lake: LakeBucket) -> None:
        (key,) = Template.from_stack(stack).find_resources("AWS::KMS::Key").values()
        by_sid = {s.get("Sid"): s for s in key["Properties"]["KeyPolicy"]["Statement"]}

        # With the region, as CloudWatch Logs asks for it in key policies.
        address = ["logs.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]
        assert by_sid["CloudWatchLogs"]["Principal"] == {"Service": {"Fn::Join": ["", address]}}
        assert "kms:EncryptionContext:aws:logs:arn" in json.dumps(by_sid["CloudWatchLogs"])
        assert by_sid["CloudWatchLogs"]["Action"] == [
            f"kms:{action}*"
            for action in ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "Describe")
        ]
        assert by_sid["CloudWatchAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert by_sid["CloudWatchAlarms"]["Action"] == ["kms:GenerateDataKey*", "kms:Decrypt"]


class TestCustom:
    def test_expire_after_custom(self, stack: Stack) -> None:
        LakeBucket(stack, "Lake", expire_after=Duration.days(3))

        text = json.dumps(Template.from_stack(stack).find_resources("AWS::S3::Bucket"))
        assert text.count('"ExpirationInDays": 3,') == len(EXPIRING_PREFIXES)

    def test_access_logs_expire_after_custom(self, stack: Stack) -> None:
        LakeBucket(stack, "Lake", access_logs_expire_after=Duration.days(5))

        text = json.dumps(Template.from_stack(stack).find_resources("AWS::S3::Bucket"))
        assert text.count('"ExpirationInDays": 5') == 1

    def test_keep_old_versions_for_custom(self, stack: Stack) -> None:
        LakeBucket(stack, "Lake", keep_old_versions_for=Duration.days(3))

        text = json.dumps(_lake_of(Template.from_stack(stack)))
        assert '"NoncurrentDays": 3' in text

    @pytest.mark.parametrize(
        ("prop", "days"),
        [
            ("expire_after", 0),
            ("expire_after", 0.5),
            ("access_logs_expire_after", 4000),
            ("keep_old_versions_for", 1.5),
        ],
    )
    def test_an_age_that_s3_does_not_know(self, stack: Stack, prop: str, days: float) -> None:
        age: Any = {prop: Duration.hours(days * 24)}

        with pytest.raises(SynthesisError, match=f"Test/Lake: {prop}: got .*; allowed: whole days"):
            LakeBucket(stack, "Lake", **age)

    def test_a_snapshot_is_no_removal_policy_of_a_bucket(self, stack: Stack) -> None:
        with pytest.raises(SynthesisError, match="removal_policy: got 'SNAPSHOT'; allowed: RETAIN"):
            LakeBucket(stack, "Lake", removal_policy=RemovalPolicy.SNAPSHOT)

    def test_key_custom_of_the_app_gets_what_services_need(self, stack: Stack) -> None:
        key = kms.Key(stack, "Ours")

        lake = LakeBucket(stack, "Lake", key=cast("kms.IKey", key))

        template = Template.from_stack(stack)
        template.resource_count_is("AWS::KMS::Key", 1)
        assert lake.key.key_arn == key.key_arn
        text = json.dumps(template.find_resources("AWS::KMS::Key"))
        assert "kms:EncryptionContext:aws:logs:arn" in text
        assert "cloudwatch.amazonaws.com" in text

    @pytest.mark.parametrize(
        "prop",
        [
            {"expire_after": Duration.days(1)},
            {"access_logs_expire_after": Duration.days(1)},
            {"keep_old_versions_for": Duration.days(0)},
            {"removal_policy": RemovalPolicy.DESTROY},
        ],
    )
    def test_a_prop_that_an_existing_bucket_would_ignore_is_refused(
        self, stack: Stack, prop: dict[str, Any]
    ) -> None:
        key = kms.Key.from_key_arn(stack, "K", "arn:aws:kms:us-east-1:123456789012:key/some")
        bucket = s3.Bucket.from_bucket_name(stack, "B", "ours")

        with pytest.raises(SynthesisError, match=f"Test/Lake: {next(iter(prop))}: got .*; allowed"):
            LakeBucket(stack, "Lake", bucket=bucket, key=key, **prop)

    def test_bucket_custom_is_taken_as_it_is(self, stack: Stack) -> None:
        key = kms.Key.from_key_arn(stack, "K", "arn:aws:kms:us-east-1:123456789012:key/some")
        bucket = s3.Bucket.from_bucket_name(stack, "B", "ours")

        lake = LakeBucket(stack, "Lake", bucket=bucket, key=key)

        assert lake.bucket.bucket_name == "ours"
        assert lake.access_logs is None
        assert Template.from_stack(stack).to_json().get("Resources", {}) == {}

    def test_the_key_of_an_existing_bucket_is_known_with_it(self, stack: Stack) -> None:
        key = kms.Key.from_key_arn(stack, "K", "arn:aws:kms:us-east-1:123456789012:key/some")
        bucket = s3.Bucket.from_bucket_attributes(
            stack, "B", bucket_name="ours", encryption_key=key
        )

        assert LakeBucket(stack, "Lake", bucket=bucket).key.key_arn == key.key_arn

    @pytest.mark.parametrize("named", [True, False])
    def test_the_key_of_a_bucket_of_the_app_gets_what_services_need(
        self, stack: Stack, named: bool
    ) -> None:
        key = cast("kms.IKey", kms.Key(stack, "Ours"))
        bucket = cast("s3.IBucket", s3.Bucket(stack, "B", encryption_key=key))

        LakeBucket(stack, "Lake", bucket=bucket, key=key if named else None)

        (made,) = Template.from_stack(stack).find_resources("AWS::KMS::Key").values()
        sids = {s.get("Sid") for s in made["Properties"]["KeyPolicy"]["Statement"]}
        assert {"CloudWatchLogs", "CloudWatchAlarms"} <= sids

    def test_an_existing_bucket_whose_key_nobody_names_is_refused(self, stack: Stack) -> None:
        bucket = s3.Bucket.from_bucket_name(stack, "B", "ours")

        with pytest.raises(SynthesisError, match="pass key="):
            LakeBucket(stack, "Lake", bucket=bucket)

    def test_removal_policy_custom_destroy_alone_is_answered_with_a_warning(
        self, stack: Stack
    ) -> None:
        LakeBucket(stack, "Lake", removal_policy=RemovalPolicy.DESTROY)

        assert _lake_of(Template.from_stack(stack))["DeletionPolicy"] == "Retain"
        Annotations.from_stack(stack).has_warning(
            "/Test/Lake", Match.string_like_regexp("lakehouse:allow-destroy=true")
        )

    def test_removal_policy_custom_destroy_with_the_second_yes_empties_the_bucket(self) -> None:
        stack = Stack(App(context={"lakehouse:allow-destroy": "true"}), "Test")
        LakeBucket(stack, "Lake", removal_policy=RemovalPolicy.DESTROY)

        template = Template.from_stack(stack)
        assert _lake_of(template)["DeletionPolicy"] == "Delete"
        template.resource_count_is("Custom::S3AutoDeleteObjects", 2)
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_keep_old_versions_for_custom_zero_is_not_versioned(stack: Stack) -> None:
    LakeBucket(stack, "Lake", keep_old_versions_for=Duration.days(0))

    properties = _lake_of(Template.from_stack(stack))["Properties"]
    assert "VersioningConfiguration" not in properties
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert not [rule for rule in rules if "NoncurrentVersionExpiration" in rule]


class TestFolders:
    def test_read_and_write_are_of_one_folder(self, stack: Stack, lake, resources) -> None:
        assert lake.grant_read(iam.User(stack, "Reader"), prefix="reports/").success
        assert lake.grant_write(iam.User(stack, "Writer"), prefix="runs/").success

        policies = resources("AWS::IAM::Policy")
        (reads,) = [json.dumps(p) for p in policies if "/reports/*" in json.dumps(p)]
        (writes,) = [json.dumps(p) for p in policies if "/runs/*" in json.dumps(p)]
        assert '"s3:GetObject"' in reads
        for action in ("s3:PutObject", "s3:DeleteObject", "kms:GenerateDataKey"):
            assert action in writes
            assert action not in reads
        assert '{"StringLike": {"s3:prefix": ["reports/*"]}}' in reads

    @pytest.mark.parametrize("prefix", ["", "/", "reports", "/reports/", "a//b/", "*/", "raw*/"])
    def test_what_is_no_folder(self, stack: Stack, lake, prefix: str) -> None:
        with pytest.raises(SynthesisError, match=r"Test/Lake: prefix: got .*; allowed: "):
            lake.grant_read(iam.User(stack, "Reader"), prefix=prefix)


def test_metrics_are_what_s3_counts_once_a_day(lake: LakeBucket) -> None:
    size, objects = lake.metric_size(), lake.metric_number_of_objects(label="files")

    for metric, name, storage in (
        (size, "BucketSizeBytes", "StandardStorage"),
        (objects, "NumberOfObjects", "AllStorageTypes"),
    ):
        assert (metric.namespace, metric.metric_name) == ("AWS/S3", name)
        assert metric.period.to_days() == 1
        assert metric.dimensions == {
            "BucketName": lake.bucket.bucket_name,
            "StorageType": storage,
        }
    assert objects.label == "files"
