import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, SalesforceExtractor
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY


@pytest.fixture
def job(extractor, resources) -> dict:
    (properties,) = resources("AWS::Glue::Job")
    return properties


@pytest.fixture
def allowed(extractor, statements) -> list[dict]:
    return statements("Extraction job")


class TestDefaults:
    def test_the_job_is_glue_5_1_and_never_retries_by_itself(self, job) -> None:
        assert job["GlueVersion"] == "5.1"
        assert job["Command"]["Name"] == "glueetl"
        assert job["MaxRetries"] == 0
        assert job["Timeout"] > 0
        assert job["ExecutionProperty"]["MaxConcurrentRuns"] == 50

    def test_the_arguments_are_those_the_job_reads(self, job) -> None:
        arguments = job["DefaultArguments"]

        assert arguments["--raw_database"] == "lake_test_raw"
        assert set(arguments) == {
            "--lake_bucket",
            "--raw_database",
            "--salesforce_secret_arn",
            "--objects_config",
            "--extra-py-files",
            "--additional-python-modules",
            "--python-modules-installer-option",
            "--job-bookmark-option",
            "--TempDir",
        }
        assert arguments["--python-modules-installer-option"] == "--no-index"

    def test_the_wheels_have_the_name_that_glue_goes_by(self, job) -> None:
        assert json.dumps(job["DefaultArguments"]["--additional-python-modules"]).endswith(
            '.gluewheels.zip"}'
        )

    def test_the_secret_is_generated_not_written_into_the_template(
        self, stack: Stack, extractor, resources
    ) -> None:
        (secret,) = resources("AWS::SecretsManager::Secret")

        assert "SecretString" not in secret
        generated = secret["GenerateSecretString"]
        assert generated["GenerateStringKey"] == UNFILLED_KEY
        assert json.loads(generated["SecretStringTemplate"]) == PLACEHOLDER
        Template.from_stack(stack).has_resource(
            "AWS::SecretsManager::Secret", {"DeletionPolicy": "Retain"}
        )

    def test_the_job_writes_raw_and_its_own_prefixes_and_nothing_else(self, allowed) -> None:
        (files,) = [s for s in allowed if "s3:PutObject" in s["Action"]]

        written = [resource["Fn::Join"][1][-1] for resource in files["Resource"]]
        assert written == ["/lake_test_raw/*", "/runs/*", "/loads/*", "/tmp/*"]

    def test_the_job_can_neither_drop_nor_list_tables(self, allowed) -> None:
        actions = {a for s in allowed for a in _listed(s["Action"]) if a.startswith("glue:")}

        assert actions == {
            "glue:GetDatabase",
            "glue:GetTable",
            "glue:CreateTable",
            "glue:UpdateTable",
        }

    def test_the_only_star_is_for_metrics_of_glue(self, allowed) -> None:
        (star,) = [s for s in allowed if s["Resource"] == "*"]

        assert star["Action"] == "cloudwatch:PutMetricData"
        assert star["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}

    def test_assets_are_readable_one_by_one(self, allowed) -> None:
        (assets,) = [s for s in allowed if "cdk-hnb659fds" in json.dumps(s)]

        assert assets["Action"] == "s3:GetObject"
        assert len(assets["Resource"]) == 4
        assert "*" not in json.dumps(assets["Resource"])

    def test_logging_may_be_encrypted(self, allowed) -> None:
        (log,) = [s for s in allowed if "logs:PutLogEvents" in s["Action"]]

        assert "logs:AssociateKmsKey" in log["Action"]

    def test_log_groups_exist_before_glue_would_make_them(
        self, stack: Stack, extractor, resources
    ) -> None:
        groups = resources("AWS::Logs::LogGroup")

        assert [g["LogGroupName"]["Fn::Join"][1][-1] for g in groups] == ["/error", "/output"]
        assert {g["RetentionInDays"] for g in groups} == {90}
        assert all("KmsKeyId" in g for g in groups)
        (job,) = Template.from_stack(stack).find_resources("AWS::Glue::Job").values()
        assert len(job["DependsOn"]) == 2

    def test_logs_and_bookmarks_are_encrypted(self, extractor, resources) -> None:
        (configuration,) = resources("AWS::Glue::SecurityConfiguration")

        assert configuration["EncryptionConfiguration"].keys() == {
            "CloudWatchEncryption",
            "JobBookmarksEncryption",
            "S3Encryptions",
        }

    def test_the_security_configuration_leaves_with_the_stack(
        self, stack: Stack, extractor
    ) -> None:
        # Retained, its name would stop the next deployment.
        found = Template.from_stack(stack).find_resources("AWS::Glue::SecurityConfiguration")
        assert [r["DeletionPolicy"] for r in found.values()] == ["Delete"]


class TestCustom:
    def test_props(
        self, stack: Stack, lake, catalog, objects_config: Path, wheel_cache: Path, resources
    ) -> None:
        secret = secretsmanager.Secret.from_secret_name_v2(stack, "Existing", "crm")
        extractor = SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=catalog,
            objects_config=objects_config,
            secret=secret,
            max_concurrent_runs=3,
            log_retention=logs.RetentionDays.ONE_WEEK,
            wheel_cache=wheel_cache,
        )

        assert extractor.secret is secret
        assert resources("AWS::SecretsManager::Secret") == []
        assert resources("AWS::Glue::Job")[0]["ExecutionProperty"] == {"MaxConcurrentRuns": 3}
        assert {g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")} == {7}

    @pytest.mark.parametrize("of_its_own", [True, False])
    def test_a_secret_under_a_key_of_its_own_can_be_decrypted(
        self,
        stack: Stack,
        lake,
        catalog,
        objects_config: Path,
        wheel_cache: Path,
        statements,
        of_its_own: bool,
    ) -> None:
        arn = "arn:aws:kms:us-east-1:123456789012:key/theirs"
        key = kms.Key.from_key_arn(stack, "Theirs", arn) if of_its_own else None
        secret = secretsmanager.Secret.from_secret_attributes(
            stack,
            "Existing",
            encryption_key=key,
            secret_complete_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:crm-AbCdEf",
        )
        SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=catalog,
            objects_config=objects_config,
            secret=secret,
            wheel_cache=wheel_cache,
        )

        found = [s for s in statements("Extraction job") if s["Resource"] == arn]
        assert [s["Action"] for s in found] == (["kms:Decrypt"] if of_its_own else [])
        for statement in found:
            assert '"secretsmanager."' in json.dumps(statement["Condition"])

    def test_a_broken_objects_file_stops_the_synthesis(
        self, stack: Stack, lake, catalog, tmp_path: Path, wheel_cache: Path
    ) -> None:
        path = tmp_path / "objects.json"
        path.write_text('{"groups": {"sales": {"includes": ["Account"]}}}')

        with pytest.raises(ConfigError, match=r"objects\.json"):
            SalesforceExtractor(
                stack,
                "Extractor",
                lake=lake,
                catalog=catalog,
                objects_config=path,
                wheel_cache=wheel_cache,
            )


def test_two_syntheses_publish_the_same_files(objects_config: Path, wheel_cache: Path) -> None:
    def job() -> dict:
        stack = Stack(App(), "Test")
        lake = LakeBucket(stack, "Lake")
        SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=IcebergCatalog(stack, "Catalog", lake=lake, prefix="p"),
            objects_config=objects_config,
            wheel_cache=wheel_cache,
        )
        return Template.from_stack(stack).find_resources("AWS::Glue::Job")

    assert job() == job()


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
