"""The state machine that takes Salesforce's changes to the marts."""

from typing import Any

from aws_cdk import ArnFormat, Aws, Duration, Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._definition import Definition, Runs
from lakehouse_constructs._interfaces import (
    as_project,
    as_topic,
    email_subscription,
    service_principal,
)
from lakehouse_constructs._statements import (
    add_statements,
    allow,
    glue_arn,
    on_bucket,
    on_key,
    on_objects,
)
from lakehouse_constructs.dbt_build import DbtBuild
from lakehouse_constructs.extraction import GlueJobExtraction
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_constructs.salesforce_extractor import SalesforceExtractor
from lakehouse_jobs.contract.runs import RUNS_PREFIX


class Pipeline(Construct):
    """Extract each group, build with dbt what is not built yet, say in one sentence what failed.

    The input of an execution, all optional: ``{"objects": […], "groups": […], "mode":
    "incremental" | "full", "full_refresh": true | false, "models": […]}``. With
    ``full_refresh`` dbt rebuilds every model from raw, also when nothing landed; ``models``
    are dbt's selectors of what it builds, for example ``tag:core``. What is not configured fails
    before anything starts. A failed object or group stops no other; the execution then
    ends in ExtractionFailed, ObjectsFailed or DbtBuildFailed with a cause for people, and
    the alert topic gets one message.

    :ivar state_machine: the state machine, Standard.
    :ivar alert_topic: gets one message for each failed execution.
    :ivar log_group: the executions' history.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        extraction: SalesforceExtractor | GlueJobExtraction,
        dbt_build: DbtBuild,
        name: str,
        alert_emails: tuple[str, ...] = (),
        max_concurrency: int | None = None,
        timeout: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        **kwargs: Any,
    ) -> None:
        """Make the state machine.

        :param lake: where outcomes lie (``runs/``); its key encrypts alerts and logs.
        :param extraction: what brings rows into raw: the Salesforce extractor, or a Glue job
            of one's own and what it promises.
        :param dbt_build: what builds the other layers.
        :param name: of the lakehouse, for people: it begins the subject of alerts.
        :param alert_emails: subscribed to the alert topic; each has to confirm once.
            Default: nobody.
        :param max_concurrency: Glue runs at once in one execution. Default: with the
            Salesforce extractor as many as the objects' ``api_budget.long_requests``, one for
            each run, and at most 10; with a job of one's own 1, as a Glue job has one run at a
            time unless its MaxConcurrentRuns says otherwise.
        :param timeout: of one execution. Default: 24 hours.
        :param log_retention: how long the executions' log is kept. Default: three months.
        """
        super().__init__(scope, id, **kwargs)
        self.alert_topic = self._alert_topic(lake, alert_emails)
        # Under this prefix the account's log resource policy needs no entry for it.
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{Names.unique_resource_name(self)}",
            retention=log_retention,
            encryption_key=lake.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        runs = _runs(extraction)
        definition = Definition(
            bucket=lake.bucket,
            runs=runs,
            partition=Aws.PARTITION,
            project=as_project(dbt_build.project),
            build_timeout=dbt_build.timeout.plus(Duration.minutes(30)),
            topic=as_topic(self.alert_topic),
            lakehouse=name,
            max_concurrency=_at_once(extraction) if max_concurrency is None else max_concurrency,
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            query_language=sfn.QueryLanguage.JSONATA,
            definition_body=sfn.DefinitionBody.from_chainable(definition.chain(self)),
            timeout=Duration.hours(24) if timeout is None else timeout,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=True
            ),
        )
        self._grant(lake, runs.job_name)

    def _alert_topic(self, lake: LakeBucket, emails: tuple[str, ...]) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Alerts",
            display_name="Lakehouse alerts",
            master_key=lake.key,
            enforce_ssl=True,
        )
        for email in emails:
            topic.add_subscription(email_subscription(email))
        # With enforce_ssl the policy holds a Deny alone: an alarm would look healthy and
        # nothing would arrive.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchAlarms",
                principals=[service_principal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {
                        "aws:SourceArn": Stack.of(self).format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name="*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                },
            )
        )
        return topic

    def _grant(self, lake: LakeBucket, job_name: str) -> None:
        add_statements(
            self.state_machine,
            allow(
                "glue:StartJobRun",
                "glue:GetJobRun",
                "glue:GetJobRuns",
                "glue:BatchStopJobRun",
                on=[glue_arn(self, "job", job_name)],
            ),
            on_bucket(lake.bucket),
            on_objects(lake.bucket, prefixes=[RUNS_PREFIX], actions=["s3:GetObject"]),
            # For the outcomes in the bucket and the topic's messages: CDK leaves both out.
            on_key(lake.key, services=["s3", "sns"]),
        )
        acknowledge(
            self.state_machine,
            "IAM5[Resource::*]",
            "X-Ray's and log delivery's actions know no resource",
        )


def _runs(extraction: SalesforceExtractor | GlueJobExtraction) -> Runs:
    if isinstance(extraction, GlueJobExtraction):
        return Runs(
            job_name=extraction.job.job_ref.job_name,
            objects=extraction.objects,
            sized=False,
            leave_outcome=extraction.writes_outcome,
        )
    return Runs(
        job_name=extraction.job.ref,
        objects=extraction.objects,
        sized=True,
        leave_outcome=True,
    )


def _at_once(extraction: SalesforceExtractor | GlueJobExtraction) -> int:
    if isinstance(extraction, GlueJobExtraction):
        return 1
    return min(10, extraction.objects.api_budget.long_requests)
