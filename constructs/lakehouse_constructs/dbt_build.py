"""The CodeBuild project that runs ``dbt build`` on Glue interactive sessions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._assets import archive_asset, wheels_asset
from lakehouse_constructs._statements import (
    READ_FILES,
    WRITE_FILES,
    Statement,
    allow,
    glue_arn,
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
from lakehouse_jobs.contract.arguments import (
    BUILD_SOURCE_JOBS,
    BUILD_SOURCE_WHEELS,
    BuildVariable,
)
from lakehouse_jobs.contract.runs import RUNS_PREFIX

_LAYERS_OF_DBT: Final = (Layer.STAGING, Layer.INTERMEDIATE, Layer.MARTS)
_SESSION_ACTIONS: Final = (
    "CreateSession",
    "GetSession",
    "StopSession",
    "DeleteSession",
    "RunStatement",
    "GetStatement",
    "ListStatements",
    "CancelStatement",
)

_READ_CATALOG: Final = ("GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartitions")


@dataclass(frozen=True, kw_only=True)
class GlueSessions:
    """Size of the interactive sessions in which dbt's SQL runs."""

    worker_type: str = "G.1X"
    workers: int = 2  # of each session; Glue's minimum
    threads: int = 1  # of dbt; each thread is a session of its own, and billed as one


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

        :param session_prefix: begins the ids of the Glue sessions, for example
            ``lakehouse-dev-dbt``; unique among the stacks of an account.
        :param sessions: Default: two G.1X workers, one thread.
        :param dbt_project: folder of a dbt project with a ``buildspec.yml``.
            Default: the one that travels with this package.
        :param timeout: of one build. Default: four hours.
        :param log_retention: Default: three months.
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
        self.session_role = self._session_role()
        self.role = self._role(
            session_prefix, on_assets(located(source), located(jobs), located(wheels))
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
        }
        return {
            str(key): codebuild.BuildEnvironmentVariable(value=value)
            for key, value in values.items()
        }

    def _role(self, session_prefix: str, read_assets: Statement) -> iam.Role:
        lake = self._lake
        return role(
            self,
            "Role",
            service="codebuild",
            description="dbt build: starts Glue sessions, reads the catalog, writes its outcome",
            statements=[
                read_assets,
                allow(
                    *(f"glue:{action}" for action in _SESSION_ACTIONS),
                    on=[glue_arn(self, "session", f"{session_prefix}*")],
                    wildcard="dbt-glue ends the ids of its sessions with a random part",
                ),
                allow(
                    "glue:ListSessions",
                    on=["*"],
                    wildcard="ListSessions knows no resource; left-over sessions are found by it",
                ),
                allow(
                    "iam:PassRole",
                    on=[self.session_role.role_arn],
                    when={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
                ),
                allow(
                    "glue:GetDatabases",
                    on=[glue_arn(self, "catalog"), glue_arn(self, "database", "*")],
                    wildcard="dbt-glue lists all databases; refused, it would create its own",
                ),
                on_catalog(
                    self,
                    databases=self._catalog.names,
                    actions=["GetDatabase", "GetTable", "GetTables"],
                ),
                on_bucket(lake.bucket),
                on_objects(
                    lake.bucket, prefixes=[RUNS_PREFIX], actions=["s3:GetObject", "s3:PutObject"]
                ),
                on_key(lake.key, services=["s3"]),
                allow(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    on=[self.log_group.log_group_arn],
                ),
            ],
        )

    def _session_role(self) -> iam.Role:
        lake = self._lake
        raw = self._catalog.name(Layer.RAW)
        written = [self._catalog.name(layer) for layer in _LAYERS_OF_DBT]
        # Spark asks for the first two, whether they exist or not.
        asked_for = ["default", "global_temp", raw, *written]
        return role(
            self,
            "SessionRole",
            service="glue",
            description="Glue sessions of dbt: read raw, write staging, intermediate and marts",
            statements=[
                on_bucket(lake.bucket),
                on_objects(lake.bucket, prefixes=[f"{raw}/"], actions=READ_FILES),
                on_objects(lake.bucket, prefixes=[f"{d}/" for d in written], actions=WRITE_FILES),
                on_catalog(self, databases=[raw], actions=_READ_CATALOG),
                on_catalog(
                    self,
                    databases=written,
                    actions=[*_READ_CATALOG, "CreateTable", "UpdateTable", "DeleteTable"],
                ),
                allow(
                    "glue:GetDatabase",
                    "glue:GetUserDefinedFunctions",
                    on=[
                        glue_arn(self, "catalog"),
                        *(glue_arn(self, "database", name) for name in asked_for),
                        *(glue_arn(self, "userDefinedFunction", f"{n}/*") for n in asked_for),
                    ],
                    wildcard="Spark lists the functions of a database; there are none",
                ),
                on_key(lake.key, services=["s3"]),
                on_log_groups(self, "/aws-glue/sessions/", encrypted=False),
                glue_metrics(),
            ],
        )
