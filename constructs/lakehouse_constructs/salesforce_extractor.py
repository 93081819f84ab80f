"""The Glue job that reads Salesforce into the raw layer."""

import json
from pathlib import Path
from typing import Any, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._assets import archive_asset, glue_wheels
from lakehouse_constructs._statements import (
    WRITE_FILES,
    Statement,
    allow,
    glue_metrics,
    located,
    on_assets,
    on_bucket,
    on_catalog,
    on_key,
    on_log_groups,
    on_objects,
    role,
)
from lakehouse_constructs._wheels import WheelSet, default_cache
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.arguments import Argument
from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.runs import LOADS_PREFIX, RUNS_PREFIX, TEMPORARY_PREFIX
from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY

GLUE_VERSION: Final = "5.1"  # 5.0's Iceberg 1.7.1 crashes on files that pyarrow wrote
_SCRIPT: Final = "salesforce_extractor.py"
_LOGS: Final = "/aws-glue/jobs/"


class SalesforceExtractor(Construct):
    """A Glue 5.1 job with its packages, its role and the secret with the org's credentials.

    One run extracts one group of objects; the pipeline starts it. Runs are not retried
    by Glue: each retry is a run that the state machine knows of.

    :ivar job: the job; ``job.ref`` is its name.
    :ivar secret: the credentials. It is made with a placeholder; whoever fills it
        replaces the whole value, and no later deployment touches it.
    :ivar role: the role of the job.
    :ivar objects: the checked content of ``objects_config``.
    :ivar security_configuration: encrypts the job's logs and bookmarks.
    :ivar log_groups: standard output and errors of the runs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        objects_config: Path,
        secret: secretsmanager.ISecret | None = None,
        max_concurrent_runs: int = 50,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the job. Raises ConfigError, ShippedFilesError, WheelSetError.

        :param lake: gets the raw tables; its key encrypts secret and logs.
        :param catalog: has the raw database.
        :param objects_config: the file that says which objects are extracted, in which
            groups; it is checked here and travels to the job as it is.
        :param secret: existing credentials. Where a key of your own encrypts them, say so
            when you import the secret (``Secret.from_secret_attributes``), so that the job
            may decrypt with it. Default: a new secret with a placeholder.
        :param max_concurrent_runs: runs at once, over all executions. Default: 50.
        :param log_retention: how long the runs' logs are kept. Default: three months.
        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: ``~/.cache/lakehouse-constructs/wheels``.
        """
        super().__init__(scope, id, **kwargs)
        self.objects = ObjectsConfig.from_file(objects_config)
        self._lake = lake
        self._raw = catalog.name(Layer.RAW)
        self.secret = secret if secret is not None else self._new_secret()
        script = assets.Asset(self, "Script", path=str(_shipped.jobs_script(_SCRIPT)))
        jobs = archive_asset(self, "Jobs", entries=_shipped.jobs_entries())
        objects = assets.Asset(self, "Objects", path=str(objects_config.resolve()))
        wheels = glue_wheels(
            self,
            "Wheels",
            wheels=WheelSet(
                lock=_shipped.lock_file("glue_wheels.lock"),
                cache=default_cache() if wheel_cache is None else wheel_cache,
            ),
        )
        self.security_configuration = self._security_configuration()
        self.role = self._role(
            on_assets(located(script), located(jobs), located(objects), (wheels.bucket, wheels.key))
        )
        self.log_groups = self._log_groups(log_retention)
        self.job = glue.CfnJob(
            self,
            "Job",
            description="Salesforce objects of one group into the raw layer",
            role=self.role.role_arn,
            glue_version=GLUE_VERSION,
            worker_type="G.1X",
            number_of_workers=2,
            timeout=60,  # minutes; the pipeline gives each group its own
            max_retries=0,
            security_configuration=self.security_configuration.security_configuration_name,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(
                max_concurrent_runs=max_concurrent_runs
            ),
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            default_arguments={
                Argument.LAKE_BUCKET.flag: lake.bucket.bucket_name,
                Argument.RAW_DATABASE.flag: self._raw,
                Argument.SALESFORCE_SECRET.flag: self.secret.secret_arn,
                Argument.OBJECTS_CONFIG.flag: objects.s3_object_url,
                "--extra-py-files": jobs.s3_object_url,
                "--additional-python-modules": wheels.url,
                "--python-modules-installer-option": "--no-index",
                "--job-bookmark-option": "job-bookmark-disable",
                "--TempDir": lake.bucket.s3_url_for_object(f"{TEMPORARY_PREFIX}glue/"),
            },
        )
        for group in self.log_groups:
            self.job.node.add_dependency(group)

    def _new_secret(self) -> secretsmanager.Secret:
        # CloudFormation generates the value once and leaves it alone for as long as this
        # description of it does not change: never change it.
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Salesforce credentials of the extraction",
            encryption_key=self._lake.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps(PLACEHOLDER),
                generate_string_key=UNFILLED_KEY,
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(
            secret,
            "SMG4",
            "Salesforce offers no rotation that Secrets Manager could run; rotate the app's "
            "secret or key in Salesforce, then put the new value here",
        )
        return secret

    def _security_configuration(self) -> glue.SecurityConfiguration:
        key = self._lake.key
        configuration = glue.SecurityConfiguration(
            self,
            "Security",
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
            s3_encryption=glue.S3Encryption.kms(key),
        )
        # It holds no data, and retained, its name would stop the next deployment.
        configuration.apply_removal_policy(RemovalPolicy.DESTROY)
        return configuration

    def _role(self, read_assets: Statement) -> iam.Role:
        lake = self._lake
        return role(
            self,
            "Role",
            service="glue",
            description="Extraction job: writes raw tables and run outcomes, reads one secret",
            statements=[
                read_assets,
                on_bucket(lake.bucket),
                on_objects(
                    lake.bucket,
                    prefixes=[f"{self._raw}/", RUNS_PREFIX, LOADS_PREFIX, TEMPORARY_PREFIX],
                    actions=WRITE_FILES,
                ),
                on_catalog(
                    self,
                    databases=[self._raw],
                    actions=["GetDatabase", "GetTable", "CreateTable", "UpdateTable"],
                ),
                *self._read_secret(),
                on_key(lake.key, services=["s3", "secretsmanager"]),
                on_log_groups(self, _LOGS, encrypted=True),
                glue_metrics(),
            ],
        )

    def _read_secret(self) -> list[Statement]:
        statements = [allow("secretsmanager:GetSecretValue", on=[self.secret.secret_arn])]
        key = self.secret.encryption_key
        if key is not None and key is not self._lake.key:
            statements.append(on_key(key, services=["secretsmanager"], write=False))
        return statements

    def _log_groups(self, retention: logs.RetentionDays) -> list[logs.LogGroup]:
        # With a security configuration Glue writes to groups of these names. Made by Glue
        # itself they would never expire.
        name = self.security_configuration.security_configuration_name
        base = f"{_LOGS}{name}-role/{self.role.role_name}"
        return [
            logs.LogGroup(
                self,
                f"{stream.capitalize()}Logs",
                log_group_name=f"{base}/{stream}",
                retention=retention,
                encryption_key=self._lake.key,
                removal_policy=RemovalPolicy.DESTROY,
            )
            for stream in ("output", "error")
        ]
