"""The CodeBuild project that runs ``dbt build`` on Glue interactive sessions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk import Duration, Names
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._assets import archive_asset, wheels_asset
from lakehouse_constructs._checks import (
    check_duration,
    check_form,
    check_whole,
    check_word,
    refused,
)
from lakehouse_constructs._dbt_roles import build_role
from lakehouse_constructs._dbt_roles import session_role as make_session_role
from lakehouse_constructs._grants import attach, grant
from lakehouse_constructs._kinds import check_fields, check_kinds
from lakehouse_constructs._log_group import log_group_for
from lakehouse_constructs._network import Network, network, on_build_network, on_network
from lakehouse_constructs._roles import as_it_stands
from lakehouse_constructs._statements import allow, located, on_sources
from lakehouse_constructs._wheels import WheelSet, default_cache
from lakehouse_constructs.iceberg_catalog import IcebergCatalog, Layer
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_jobs.contract.arguments import (
    BUILD_SOURCE_JOBS,
    BUILD_SOURCE_WHEELS,
    BuildVariable,
)
from lakehouse_jobs.contract.objects import WORKER_TYPES

_SESSION_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
# CodeBuild ends first, and by its own name; Glue then ends what a killed build left running.
_SESSION_OUTLIVES: Final = Duration.minutes(5)
_LONGEST_SESSION: Final = "2880"  # minutes, as Glue has it where nothing is asked for
_SELECTOR: Final = re.compile(r"(?!-)\S+")  # dbt would take a dash for an option


@dataclass(frozen=True, kw_only=True)
class GlueSessions:
    """Size of the interactive sessions in which dbt's SQL runs.

    :ivar worker_type: G.1X, G.2X, G.4X or G.8X. Default: G.1X.
    :ivar workers: of each session, 2 to 299. Default: 2, Glue's minimum.
    :ivar threads: of dbt, 1 to 16; each is a session of its own, and billed as one.
        Default: 1.
    """

    worker_type: str = "G.1X"
    workers: int = 2
    threads: int = 1

    def __post_init__(self) -> None:
        """Raises SynthesisError for a size that Glue does not have."""
        check_fields(self, "GlueSessions")
        check_word("GlueSessions", "worker_type", self.worker_type, WORKER_TYPES)
        check_whole("GlueSessions", "workers", self.workers, low=2, high=299)
        check_whole("GlueSessions", "threads", self.threads, low=1, high=16)


class DbtBuild(Construct):
    """A CodeBuild project with the dbt project, its packages and the jobs as sources.

    Nothing is fetched while it runs. Builds run one at a time: dbt-glue's temporary
    tables are shared, so a second one is refused until the first has ended. It works
    without a pipeline: a build that is started by hand builds everything and records
    nothing under ``runs/``.

    At rest it costs nothing. A build costs its sessions (threads × workers × DPU × minutes,
    about US$ 0.015 a minute for one session of two G.1X workers) and US$ 0.005 a minute of
    CodeBuild. It never changes a raw table, and makes no database.

    :ivar project: the project.
    :ivar role: the role of the build: starts sessions and reads the catalog.
    :ivar session_role: the role of the sessions: reads raw, writes the other layers.
    :ivar log_group: the builds' log.
    :ivar timeout: of one build.
    :ivar catalog: the databases.
    :ivar connection: places the sessions in ``vpc``; None without one.
    :ivar security_groups: of sessions and builds in ``vpc``; empty without one.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        catalog: IcebergCatalog,
        session_prefix: str | None = None,
        sessions: GlueSessions = GlueSessions(),
        dbt_project: Path | None = None,
        select: Sequence[str] = (),
        role: iam.IRole | None = None,
        session_role: iam.IRole | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        timeout: Duration | None = None,
        log_group: logs.ILogGroup | None = None,
        log_retention: logs.RetentionDays | None = None,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the project. Raises ShippedFilesError, SynthesisError, WheelSetError.

        :param lake: the bucket of the tables and of the outcomes, with its key.
        :param catalog: the databases; it grants them to both roles.
        :param session_prefix: begins the ids of the Glue sessions, for example
            ``lakehouse-dev-dbt``: letters, digits and hyphens, at most 100; unique among the
            stacks of an account. Default: made from the names of stack and construct.
        :param sessions: size of the sessions. Default: two G.1X workers, one thread.
        :param dbt_project: folder of a dbt project. Where it has no ``buildspec.yml`` or
            ``profiles.yml``, those that travel with this package are put in; the profile is
            called ``lakehouse``. Sources are expected in the raw database.
            Default: the project that travels with this package.
        :param select: dbt selectors of what is built, such as ``tag:daily`` or
            ``staging.erp+``, one each. Default: everything.
        :param role: an existing role that CodeBuild may assume, for the build. What it
            needs is added to it; one that may not be changed is left alone and must have
            it already. Default: a new role with this and nothing else.
        :param session_role: the same for the sessions, assumed by Glue. Default: a new role.
        :param vpc: puts sessions and builds into this VPC; the sessions by a Glue connection
            in the first of the subnets. From there they must reach AWS's services.
            Default: none.
        :param vpc_subnets: which private subnets; only with ``vpc``. A public one is refused.
            Default: all with a way out.
        :param security_groups: existing ones; only with ``vpc``. One of them must let its
            own members in on all TCP ports, as Glue asks. Default: a new one that does,
            and lets everything out.
        :param timeout: of one build, whole minutes, from 5 minutes to 36 hours; its Glue
            sessions live five minutes longer. Default: four hours.
        :param log_group: an existing one for the builds. Default: a new one, on the lake's
            key.
        :param log_retention: how long a new log group keeps them; not with ``log_group``.
            Default: three months.
        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: ``~/.cache/lakehouse-constructs/wheels``.
        """
        super().__init__(scope, id, **kwargs)
        self._lake = lake
        self.catalog = catalog
        self.timeout = Duration.hours(4) if timeout is None else timeout
        check_duration(self, "timeout", self.timeout, unit="minutes", low=5, high=36 * 60)
        prefix = (
            Names.unique_resource_name(self, max_length=60, separator="-")
            if session_prefix is None
            else session_prefix
        )
        allowed = "letters, digits and hyphens, at most 100"
        check_form(self, "session_prefix", prefix, _SESSION_PREFIX, allowed)
        for selector in select:
            allowed = "a dbt selector without spaces, and no option of dbt's"
            check_form(self, "select", selector, _SELECTOR, allowed)
        folder = _shipped.dbt_project() if dbt_project is None else dbt_project
        if not (folder / "dbt_project.yml").is_file():
            raise refused(self, "dbt_project", str(folder), "a folder with a dbt_project.yml")
        placed = network(self, vpc=vpc, vpc_subnets=vpc_subnets, security_groups=security_groups)
        self.connection: glue.Connection | None = None if placed is None else placed.connection
        self.security_groups: tuple[ec2.ISecurityGroup, ...] = (
            () if placed is None else tuple(placed.security_groups)
        )
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
        self.log_group = log_group_for(self, given=log_group, retention=log_retention, key=lake.key)
        self.session_role = make_session_role(
            self, given=session_role, lake=lake, statements=on_network(self, placed)
        )
        on_vpc = on_build_network(self, placed)
        self.role = build_role(
            self,
            given=role,
            lake=lake,
            session_prefix=prefix,
            session_role=self.session_role,
            log_group=self.log_group,
            statements=[
                *on_sources(located(source), located(jobs), located(wheels)),
                *(on_vpc if role is None else ()),
            ],
        )
        catalog.grant_build(self.role, session_role=self.session_role)
        self.project = codebuild.Project(
            self,
            "Project",
            description="dbt build on Glue sessions",
            # CDK would add wildcard rights on the whole bootstrap bucket.
            role=as_it_stands(self, self.role),
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
            environment_variables=self._variables(prefix, sessions, select, placed),
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
        if placed is not None:
            # The project's own prop would bring a policy that allows all of it everywhere.
            cfn_project.vpc_config = codebuild.CfnProject.VpcConfigProperty(
                vpc_id=placed.vpc.vpc_id,
                subnets=[subnet.subnet_id for subnet in placed.subnets],
                security_group_ids=[group.security_group_id for group in placed.security_groups],
            )
        if role is None:
            # Else a build could start before the role may read the catalog.
            self.project.node.add_dependency(self.role)
        elif on_vpc and (policy := attach(role, on_vpc, scope=self, id="NetworkPolicy")):
            # CodeBuild tries these rights when the project is made. For the others it cannot
            # wait: a role that was given may also start builds, and they name the project.
            self.project.node.add_dependency(policy)
        if session_role is None:
            self.project.node.add_dependency(self.session_role)

    @check_kinds
    def grant_start_build(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody start, watch and stop builds."""
        statement = allow(
            "codebuild:StartBuild",
            "codebuild:BatchGetBuilds",
            "codebuild:StopBuild",
            on=[self.project.project_arn],
        )
        return grant(grantee, [statement], scope=self)

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """Builds that failed. Options: those of CDK's metrics (``period=`` …)."""
        return self.project.metric_failed_builds(**options)

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """Builds that succeeded."""
        return self.project.metric_succeeded_builds(**options)

    def metric_duration(self, **options: Any) -> cloudwatch.Metric:
        """Seconds that builds took."""
        return self.project.metric_duration(**options)

    def _variables(
        self,
        session_prefix: str,
        sessions: GlueSessions,
        select: Sequence[str],
        placed: Network | None,
    ) -> dict[str, codebuild.BuildEnvironmentVariable]:
        name = self.catalog.name
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
            BuildVariable.SESSION_TIMEOUT: _session_minutes(self.timeout),
            BuildVariable.FULL_REFRESH: "false",  # the pipeline overrides it where asked to
        }
        if select:
            values[BuildVariable.SELECT] = " ".join(select)
        if placed is not None:
            values[BuildVariable.SESSION_CONNECTIONS] = placed.connection_name
        return {
            str(key): codebuild.BuildEnvironmentVariable(value=value)
            for key, value in values.items()
        }


def _session_minutes(build: Duration) -> str:
    """How long a session of such a build may live, in minutes."""
    if build.is_unresolved():
        return _LONGEST_SESSION  # a sum of what only the deployment knows cannot be written
    return str(int(build.plus(_SESSION_OUTLIVES).to_minutes()))
