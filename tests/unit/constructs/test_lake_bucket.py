import json

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template

from lakehouse_constructs import LakeBucket, SynthesisError
from lakehouse_jobs.contract.runs import EXPIRING_PREFIXES


def _lake_of(template: Template) -> dict:
    buckets = template.find_resources(
        "AWS::S3::Bucket", {"Properties": {"LoggingConfiguration": Match.any_value()}}
    )
    (bucket,) = buckets.values()
    return bucket


class TestDefaults:
    def test_only_the_expiring_prefixes_expire_and_nothing_moves_to_a_colder_class(
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

    def test_data_and_key_are_kept(self, stack: Stack, lake: LakeBucket) -> None:
        template = Template.from_stack(stack)

        assert _lake_of(template)["DeletionPolicy"] == "Retain"
        template.has_resource("AWS::KMS::Key", {"DeletionPolicy": "Retain"})
        template.resource_count_is("Custom::S3AutoDeleteObjects", 0)

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

        assert "logs." in json.dumps(by_sid["CloudWatchLogs"]["Principal"])
        assert "kms:EncryptionContext:aws:logs:arn" in json.dumps(by_sid["CloudWatchLogs"])
        assert by_sid["CloudWatchAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert by_sid["CloudWatchAlarms"]["Action"] == ["kms:GenerateDataKey*", "kms:Decrypt"]


class TestCustom:
    def test_ages(self, stack: Stack) -> None:
        LakeBucket(
            stack,
            "Lake",
            expire_after=Duration.days(3),
            access_logs_expire_after=Duration.days(5),
        )

        text = json.dumps(Template.from_stack(stack).find_resources("AWS::S3::Bucket"))
        assert text.count('"ExpirationInDays": 3') == len(EXPIRING_PREFIXES)
        assert text.count('"ExpirationInDays": 5') == 1

    def test_existing_bucket_and_key_are_taken_as_they_are(self, stack: Stack) -> None:
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

    def test_an_existing_bucket_whose_key_nobody_names_is_refused(self, stack: Stack) -> None:
        bucket = s3.Bucket.from_bucket_name(stack, "B", "ours")

        with pytest.raises(SynthesisError, match="pass key="):
            LakeBucket(stack, "Lake", bucket=bucket)

    def test_destroy_alone_is_answered_with_retain_and_a_warning(self, stack: Stack) -> None:
        LakeBucket(stack, "Lake", removal_policy=RemovalPolicy.DESTROY)

        assert _lake_of(Template.from_stack(stack))["DeletionPolicy"] == "Retain"
        Annotations.from_stack(stack).has_warning(
            "/Test/Lake", Match.string_like_regexp("lakehouse:allow-destroy=true")
        )

    def test_destroy_with_the_second_yes_also_empties_the_bucket(self) -> None:
        stack = Stack(App(context={"lakehouse:allow-destroy": "true"}), "Test")
        LakeBucket(stack, "Lake", removal_policy=RemovalPolicy.DESTROY)

        template = Template.from_stack(stack)
        assert _lake_of(template)["DeletionPolicy"] == "Delete"
        template.resource_count_is("Custom::S3AutoDeleteObjects", 2)
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_without_old_versions_the_bucket_is_not_versioned(stack: Stack) -> None:
    LakeBucket(stack, "Lake", keep_old_versions_for=Duration.days(0))

    properties = _lake_of(Template.from_stack(stack))["Properties"]
    assert "VersioningConfiguration" not in properties
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert not [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
