"""One environment of the lakehouse: the wiring, nothing else."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs import (
    DbtBuild,
    ExtractionSchedules,
    IcebergCatalog,
    LakeBucket,
    Layer,
    Pipeline,
    PipelineAlarms,
    QueryAccess,
    SalesforceExtractor,
    SystemComparison,
)
from lakehouse_constructs.alarms import RUNBOOK, twice
from stacks.settings import Settings
from stacks.vpc import imported_vpc


class LakehouseStack(Stack):
    """Everything of one environment. The names of the outputs are a contract."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the environment.

        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: in the user's cache folder.
        """
        super().__init__(scope, id, **kwargs)
        self.lake = LakeBucket(
            self,
            "Lake",
            keep_old_versions_for=settings.keep_old_versions_for,
            removal_policy=settings.removal_policy,
        )
        self.catalog = IcebergCatalog(
            self,
            "Catalog",
            lake=self.lake,
            prefix=settings.prefix,
            lake_formation=settings.lake_formation,
            removal_policy=settings.removal_policy,
        )
        vpc, security_groups = imported_vpc(self, settings.vpc)
        self.extractor = SalesforceExtractor(
            self,
            "Extractor",
            lake=self.lake,
            catalog=self.catalog,
            objects_config=settings.objects_config,
            vpc=vpc,
            security_groups=security_groups,
            worker_type=settings.extraction.worker_type,
            number_of_workers=settings.extraction.workers,
            timeout=settings.extraction.timeout,
            max_concurrent_runs=settings.extraction.max_concurrent_runs,
            log_retention=settings.log_retention,
            wheel_cache=wheel_cache,
        )
        self.dbt_build = DbtBuild(
            self,
            "DbtBuild",
            lake=self.lake,
            catalog=self.catalog,
            session_prefix=f"{settings.kebab_prefix}-dbt",
            sessions=settings.sessions,
            vpc=vpc,
            security_groups=security_groups,
            timeout=settings.build_timeout,
            log_retention=settings.log_retention,
            wheel_cache=wheel_cache,
        )
        self.queries = QueryAccess(
            self, "Queries", lake=self.lake, catalog=self.catalog, name=settings.kebab_prefix
        )
        for arn in settings.readers:
            reader = iam.Role.from_role_arn(self, f"Reader {arn.split(':role/')[1]}", arn)
            self.queries.grant_query(reader)
        self.comparison = None
        if settings.old_lake is not None:
            old_database, old_bucket = settings.old_lake.imported(self)
            self.comparison = SystemComparison(
                self,
                "Comparison",
                dbt_build=self.dbt_build,
                queries=self.queries,
                old_database=old_database,
                old_bucket=old_bucket,
                config=settings.comparison_config,
                wheel_cache=wheel_cache,
            )
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            lake=self.lake,
            extraction=self.extractor,
            dbt_build=self.dbt_build,
            name=settings.prefix,
            comparison=self.comparison,
            alert_emails=settings.alert_emails,
            timeout=settings.execution_timeout,
            log_retention=settings.log_retention,
        )
        self.schedules = ExtractionSchedules(
            self,
            "Schedules",
            state_machine=self.pipeline.state_machine,
            schedules=settings.schedules,
            extraction=self.extractor,
            enabled=settings.schedules_enabled,
        )
        self.alarms = PipelineAlarms(
            self,
            "Alarms",
            state_machine=self.pipeline.state_machine,
            topic=self.pipeline.alert_topic,
            dead_letter_queue=self.schedules.dead_letter_queue,
            success_within=twice(s.longest_gap for s in settings.schedules)
            if settings.schedules_enabled
            else None,
            runbook=settings.runbook or RUNBOOK,
        )
        self._outputs()

    def _outputs(self) -> None:
        values = {
            "LakeBucketName": self.lake.bucket.bucket_name,
            "StateMachineArn": self.pipeline.state_machine.state_machine_arn,
            "SalesforceSecretArn": self.extractor.secret.secret_arn,
            "ExtractJobName": self.extractor.job.ref,
            "DbtProjectName": self.dbt_build.project.project_name,
            **{f"{layer.capitalize()}Database": self.catalog.name(layer) for layer in Layer},
            "AthenaWorkGroupName": self.queries.work_group_name,
            "AlertTopicArn": self.pipeline.alert_topic.topic_arn,
            "DeadLetterQueueUrl": self.schedules.dead_letter_queue.queue_url,
        }
        for name, value in values.items():
            CfnOutput(self, name, value=value)
