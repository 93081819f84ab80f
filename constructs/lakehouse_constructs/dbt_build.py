"""The CodeBuild project that runs ``dbt build`` on Glue interactive sessions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._assets import archive_asset, wheels_asset
from lakehouse_constructs._dbt_roles import build_role, session_role
from lakehouse_constructs._statements import located, on_sources
from lakehouse_constructs._wheels import WheelSet, default_cache
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.arguments import (
    BUILD_SOURCE_JOBS,
    BUILD_SOURCE_WHEELS,
    BuildVariable,
)


@dataclass(frozen=True, kw_only=True)
class GlueSessions:
    """Size of the interactive sessions in which dbt's SQL runs.

    :ivar worker_type: Glue's name for a size. Default: G.1X, four vCPU and 16 GB.
    :ivar workers: of each session. Default: 2, Glue's minimum.
    :ivar threads: of dbt; each is a session of its own, and billed as one. Default: 1.
    """

    worker_type: str = "G.1X"
    workers: int = 2
    threads: int = 1


class DbtBuild(Construct):
    """A CodeBuild project with the dbt project, its packages and the jobs as sources.

    Nothing is fetched while it runs. Builds run one at a time: dbt-glue's temporary
    tables are shared, so a second one is refused until the first has ended.

    :ivar project: the project.
    :ivar role: the role of the build: starts sessions and reads the catalog.
    :ivar session_role: the role of the sessions: reads raw, writes the other layers.
    :ivar log_group: the builds' log.
    :ivar timeout: of one build.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        session_prefix: str,
        sessions: GlueSessions = GlueSessions(),
        dbt_project: Path | None = None,
        timeout: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the project. Raises ShippedFilesError, WheelSetError.

        :param lake: holds the tables and the outcomes; its key encrypts the builds' log.
        :param catalog: the databases that dbt reads and writes.
        :param session_prefix: begins the ids of the Glue sessions, for example
            ``lakehouse-dev-dbt``; unique among the stacks of an account.
        :param sessions: size of the sessions. Default: two G.1X workers, one thread.
        :param dbt_project: folder of a dbt project with a ``buildspec.yml``.
            Default: the one that travels with this package.
        :param timeout: of one build. Default: four hours.
        :param log_retention: how long the builds' log is kept. Default: three months.
        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: ``~/.cache/lakehouse-constructs/wheels``.
        """
        super().__init__(scope, id, **kwargs)
        self._lake = lake
        self._catalog = catalog
        self.timeout = Duration.hours(4) if timeout is None else timeout
        folder = _shipped.dbt_project() if dbt_project is None else dbt_project
        source = archive_asset(self, "Source", entries=_shipped.dbt_project_entries(folder))
        jobs = archive_asset(self, "Jobs", entries=_shipped.jobs_entries())
        wheels = wheels_asset(
            self,
            "Wheels",
            wheels=WheelSet(
                lock=_shipped.lock_file("dbt.lock"),
                cache=default_cache() if wheel_cache is None else wheel_cache,
            ),
        )
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            retention=log_retention,
            encryption_key=lake.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.session_role = session_role(self, lake=lake, catalog=catalog)
        self.role = build_role(
            self,
            lake=lake,
            catalog=catalog,
            session_prefix=session_prefix,
            session_role=self.session_role,
            log_group=self.log_group,
            read_sources=on_sources(located(source), located(jobs), located(wheels)),
        )
        self.project = codebuild.Project(
            self,
            "Project",
            description="dbt build on Glue sessions",
            # CDK would add wildcard rights on the whole bootstrap bucket.
            role=self.role.without_policy_updates(),
            source=codebuild.Source.s3(bucket=source.bucket, path=source.s3_object_key),
            secondary_sources=[
                codebuild.Source.s3(
                    identifier=BUILD_SOURCE_WHEELS, bucket=wheels.bucket, path=wheels.s3_object_key
                ),
                codebuild.Source.s3(
                    identifier=BUILD_SOURCE_JOBS, bucket=jobs.bucket, path=jobs.s3_object_key
                ),
            ],
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.STANDARD_7_0,
                compute_type=codebuild.ComputeType.SMALL,
            ),
            environment_variables=self._variables(session_prefix, sessions),
            encryption_key=lake.key,
            grant_report_group_permissions=False,
            concurrent_build_limit=1,
            timeout=self.timeout,
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=self.log_group)
            ),
        )
        # As text, so that it stands in the template as it stands in the file.
        cfn_project = self.project.node.default_child
        assert isinstance(cfn_project, codebuild.CfnProject)  # noqa: S101 - for the type checker
        cfn_project.add_property_override("Source.BuildSpec", _shipped.buildspec(folder))

    def _variables(
        self, session_prefix: str, sessions: GlueSessions
    ) -> dict[str, codebuild.BuildEnvironmentVariable]:
        name = self._catalog.name
        values = {
            BuildVariable.LAKE_BUCKET: self._lake.bucket.bucket_name,
            BuildVariable.RAW_DATABASE: name(Layer.RAW),
            BuildVariable.STAGING_DATABASE: name(Layer.STAGING),
            BuildVariable.INTERMEDIATE_DATABASE: name(Layer.INTERMEDIATE),
            BuildVariable.MARTS_DATABASE: name(Layer.MARTS),
            BuildVariable.SESSION_ROLE_ARN: self.session_role.role_arn,
            BuildVariable.SESSION_PREFIX: session_prefix,
            BuildVariable.SESSION_WORKER_TYPE: sessions.worker_type,
            BuildVariable.SESSION_WORKERS: str(sessions.workers),
            BuildVariable.THREADS: str(sessions.threads),
            BuildVariable.FULL_REFRESH: "false",  # the pipeline overrides it where asked to
        }
        return {
            str(key): codebuild.BuildEnvironmentVariable(value=value)
            for key, value in values.items()
        }
