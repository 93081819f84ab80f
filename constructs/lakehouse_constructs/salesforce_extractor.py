"""The Glue job that reads Salesforce into the raw layer."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._assets import archive_asset, glue_wheels
from lakehouse_constructs._checks import check_duration, check_unused, check_whole, check_word
from lakehouse_constructs._grants import grant
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._log_group import new_log_group
from lakehouse_constructs._network import Network, network, on_network
from lakehouse_constructs._roles import role_for
from lakehouse_constructs._statements import (
    WRITE_FILES,
    Statement,
    allow,
    glue_arn,
    glue_metrics,
    located,
    on_assets,
    on_bucket,
    on_key,
    on_log_groups,
    on_objects,
)
from lakehouse_constructs._wheels import WheelSet, default_cache
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.arguments import Argument
from lakehouse_jobs.contract.objects import WORKER_TYPES, ObjectsConfig
from lakehouse_jobs.contract.runs import LOADS_PREFIX, RUNS_PREFIX, TEMPORARY_PREFIX
from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY

GLUE_VERSION: Final = "5.1"  # 5.0's Iceberg 1.7.1 crashes on files that pyarrow wrote
_SCRIPT: Final = "salesforce_extractor.py"
_LOGS: Final = "/aws-glue/jobs/"


class SalesforceExtractor(Construct):
    """A Glue 5.1 job with its packages, its role and the secret with the org's credentials.

    One run extracts one group of objects; the pipeline starts it. Runs are not retried
    by Glue: each retry is a run that the state machine knows of. It works without a
    pipeline too: whoever starts the job passes ``--execution_name`` and ``--group``.

    At rest it costs what the secret costs (US$ 0.40 a month); a run costs workers × DPU ×
    minutes, a minute at least: two G.1X workers are about US$ 0.015 a minute. It never
    writes to Salesforce, never drops a raw table or changes a row of it, and never puts a
    credential into the template, an argument or a log.

    :ivar job: the job; ``job.ref`` is its name. ``Tags.of(job)`` tags it and its runs.
    :ivar secret: the credentials. It is made with a placeholder; whoever fills it
        replaces the whole value, and no later deployment touches it.
    :ivar role: the role of the job, made here or given.
    :ivar objects: the checked content of ``objects_config``.
    :ivar security_configuration: encrypts the job's logs and bookmarks; made here or given.
    :ivar log_groups: standard output and errors of the runs; empty where they are not made.
    :ivar connection: places the workers in ``vpc``; None without one.
    :ivar security_groups: of the workers in ``vpc``; empty without one.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        objects_config: Path,
        secret: secretsmanager.ISecret | None = None,
        role: iam.IRole | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        security_configuration: glue.ISecurityConfiguration | None = None,
        worker_type: str = "G.1X",
        number_of_workers: int = 2,
        timeout: Duration | None = None,
        max_concurrent_runs: int = 50,
        make_log_groups: bool | None = None,
        log_retention: logs.RetentionDays | None = None,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the job. Raises ConfigError, ShippedFilesError, SynthesisError, WheelSetError.

        :param lake: the bucket for tables, outcomes and progress, with its key.
        :param catalog: says which database is raw, and grants it to the job.
        :param objects_config: the file that says which objects are extracted, in which
            groups; it is checked here and travels to the job as it is.
        :param secret: existing credentials. Where a key of your own encrypts them, say so
            when you import the secret (``Secret.from_secret_attributes``), so that the job
            may decrypt with it. Default: a new secret with a placeholder.
        :param role: an existing role that Glue may assume. What the job needs is added to
            it; one that may not be changed is left alone and must have it already.
            Default: a new role with this and nothing else.
        :param vpc: puts the workers into this VPC, by a Glue connection in the first of the
            subnets. From there they must reach Salesforce, and AWS's services, through a
            NAT gateway or endpoints. Default: none, the workers run outside of any VPC.
        :param vpc_subnets: which private subnets; only with ``vpc``. A public one is refused.
            Default: all with a way out.
        :param security_groups: existing ones; only with ``vpc``. One of them must let its
            own members in on all TCP ports, as Glue asks. Default: a new one that does,
            and lets everything out.
        :param security_configuration: an existing one. It must encrypt CloudWatch logs and
            bookmarks, and its keys must let the role use them. Default: a new one with the
            lake's key.
        :param worker_type: G.1X, G.2X, G.4X or G.8X, of runs started without the pipeline:
            it takes type, number and time-out of the group. Default: G.1X.
        :param number_of_workers: of such runs, 2 to 299. Default: 2, Glue's minimum. Only
            the driver works; more of them make nothing faster.
        :param timeout: of such runs, whole minutes, up to 7 days. Default: 60 minutes.
        :param max_concurrent_runs: runs at once over all executions, 1 to 1,000; more wait
            in the state machine. Default: 50.
        :param make_log_groups: make the log groups of the runs, which leave with the stack.
            Glue names them after security configuration and role: where any job has run
            with the same two, or another extractor makes them, they exist, and the
            deployment fails. Where they are not made, Glue makes them, and they never
            expire. Default: true, unless ``role`` and ``security_configuration`` are given.
        :param log_retention: how long log groups made here keep the runs' logs; not where none
            are made. Default: three months.
        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: ``~/.cache/lakehouse-constructs/wheels``.
        """
        super().__init__(scope, id, **kwargs)
        run_timeout = Duration.minutes(60) if timeout is None else timeout
        check_word(self, "worker_type", worker_type, WORKER_TYPES)
        check_whole(self, "number_of_workers", number_of_workers, low=2, high=299)
        check_duration(self, "timeout", run_timeout, unit="minutes", low=1, high=10_080)
        check_whole(self, "max_concurrent_runs", max_concurrent_runs, low=1, high=1_000)
        self.objects = ObjectsConfig.from_file(objects_config)
        self._lake = lake
        self._raw = catalog.name(Layer.RAW)
        self.secret = secret if secret is not None else self._new_secret()
        placed = network(self, vpc=vpc, vpc_subnets=vpc_subnets, security_groups=security_groups)
        self.connection: glue.Connection | None = None if placed is None else placed.connection
        self.security_groups: tuple[ec2.ISecurityGroup, ...] = (
            () if placed is None else tuple(placed.security_groups)
        )
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
        self.security_configuration: glue.ISecurityConfiguration = (
            self._new_security_configuration()
            if security_configuration is None
            else security_configuration
        )
        read_assets = on_assets(
            located(script), located(jobs), located(objects), (wheels.bucket, wheels.key)
        )
        self.role = self._role(role, read_assets, placed)
        catalog.grant_extraction(self.role)
        shared = role is not None and security_configuration is not None
        made = not shared if make_log_groups is None else make_log_groups
        if not made:
            allowed = "none where no log groups are made (make_log_groups)"
            check_unused(self, allowed, log_retention=log_retention)
        self.log_groups: list[logs.LogGroup] = self._log_groups(log_retention) if made else []
        self.job = glue.CfnJob(
            self,
            "Job",
            description="Salesforce objects of one group into the raw layer",
            role=self.role.role_arn,
            glue_version=GLUE_VERSION,
            worker_type=worker_type,
            number_of_workers=number_of_workers,
            timeout=run_timeout.to_minutes(),
            connections=None
            if placed is None
            else glue.CfnJob.ConnectionsListProperty(connections=[placed.connection_name]),
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
        if role is None:
            # Else a run could start before the role may read the catalog. A role that was
            # given may also start the runs: its policy names the job, and would wait for it.
            self.job.node.add_dependency(self.role)

    @check_kinds
    def grant_fill_secret(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody put credentials into the secret, and not read them back."""
        statements = [
            allow(
                "secretsmanager:PutSecretValue",
                "secretsmanager:DescribeSecret",
                on=[self.secret.secret_arn],
            )
        ]
        if self.secret.encryption_key is not None:
            statements.append(on_key(self.secret.encryption_key, services=["secretsmanager"]))
        return grant(grantee, statements, scope=self)

    @check_kinds
    def grant_start_run(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody start, watch and stop runs of the job."""
        return grant(
            grantee,
            [
                allow(
                    "glue:StartJobRun",
                    "glue:GetJobRun",
                    "glue:GetJobRuns",
                    "glue:BatchStopJobRun",
                    on=[glue_arn(self, "job", self.job.ref)],
                )
            ],
            scope=self,
        )

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """Runs that ended SUCCEEDED. Options: those of CDK's metrics (``period=`` …).

        Each of these three makes an EventBridge rule, whose matches are counted: Glue
        itself counts no ends of runs.
        """
        return self._as_job.metric_success(**options)

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """Runs that ended FAILED: in one of them an object failed, or the run itself."""
        return self._as_job.metric_failure(**options)

    def metric_timed_out(self, **options: Any) -> cloudwatch.Metric:
        """Runs that Glue ended after their time-out."""
        return self._as_job.metric_timeout(**options)

    @property
    def _as_job(self) -> glue.IJob:
        known = self.node.try_find_child("AsJob")
        if known is None:
            return glue.Job.from_job_attributes(self, "AsJob", job_name=self.job.ref)
        return cast("glue.IJob", known)

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

    def _new_security_configuration(self) -> glue.SecurityConfiguration:
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

    def _role(
        self, given: iam.IRole | None, read_assets: Statement, placed: Network | None
    ) -> iam.IRole:
        lake = self._lake
        return role_for(
            self,
            "Role",
            given=given,
            service="glue",
            description="Extraction job: writes raw tables and run outcomes, reads one secret",
            statements=[
                read_assets,
                on_bucket(lake.bucket),
                on_objects(
                    lake.bucket,
                    prefixes=[RUNS_PREFIX, LOADS_PREFIX, TEMPORARY_PREFIX],
                    actions=WRITE_FILES,
                ),
                *self._read_secret(),
                on_key(lake.key, services=["s3", "secretsmanager"]),
                on_log_groups(self, _LOGS, encrypted=True),
                glue_metrics(),
                *on_network(self, placed),
            ],
        )

    def _read_secret(self) -> list[Statement]:
        statements = [allow("secretsmanager:GetSecretValue", on=[self.secret.secret_arn])]
        key = self.secret.encryption_key
        if key is not None and key is not self._lake.key:
            statements.append(on_key(key, services=["secretsmanager"], write=False))
        return statements

    def _log_groups(self, retention: logs.RetentionDays | None) -> list[logs.LogGroup]:
        # With a security configuration Glue writes to groups of these names. Made by Glue
        # itself they would never expire.
        name = self.security_configuration.security_configuration_name
        base = f"{_LOGS}{name}-role/{self.role.role_name}"
        return [
            new_log_group(
                self,
                f"{stream.capitalize()}Logs",
                retention=retention,
                key=self._lake.key,
                name=f"{base}/{stream}",
            )
            for stream in ("output", "error")
        ]
