"""The state machine that takes Salesforce's changes to the marts."""

import re
from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import ArnFormat, Aws, Duration, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._checks import check_duration, check_form, check_whole, refused
from lakehouse_constructs._definition import Comparing, Definition, Runs
from lakehouse_constructs._grants import attach, grant, grant_apart, policy_owners
from lakehouse_constructs._interfaces import as_project, email_subscription
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._log_group import log_group_for
from lakehouse_constructs._statements import (
    Statement,
    allow,
    glue_arn,
    on_bucket,
    on_key,
    on_objects,
)
from lakehouse_constructs._topic import new_topic
from lakehouse_constructs.comparison import SystemComparison
from lakehouse_constructs.dbt_build import DbtBuild
from lakehouse_constructs.extraction import GlueJobExtraction
from lakehouse_constructs.lake_bucket import LakeBucket
from lakehouse_constructs.salesforce_extractor import SalesforceExtractor
from lakehouse_jobs.contract.runs import RUNS_PREFIX

# It stands within a JSONata string, at the beginning of a subject of 100 characters at most.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_YEAR: Final = 365 * 24 * 60  # minutes; Step Functions ends an execution then
_MAP: Final = 40  # iterations that an inline Map runs at once


class Pipeline(Construct):
    """Extract each group, build with dbt what is not built yet, say in one sentence what failed.

    The input of an execution, all optional: ``{"objects": […], "groups": […], "mode":
    "incremental" | "full" | "reconcile" | "refresh", "since": …, "until": …, "full_refresh":
    true | false, "models": […]}``. The modes are those of :class:`Mode`; ``since`` and ``until``,
    a day or a time such as ``2026-01-31T08:00:00Z``, bound what is read again. With
    ``full_refresh`` dbt rebuilds every model from raw, also when nothing landed; ``models``
    are dbt's selectors of what it builds, for example ``tag:core``. What is not configured fails
    before anything starts. A failed object or group stops no other; the execution then
    ends in ExtractionFailed, ObjectsFailed or DbtBuildFailed with a cause for people, and
    the alert topic gets one message.

    At rest it costs nothing but its logs' storage. An execution costs its state transitions,
    under a US cent, beside what its Glue runs and its build cost. It never starts by itself
    (see :class:`ExtractionSchedules`), never starts a failed run again, and never reads or
    writes a table.

    :ivar state_machine: the state machine, Standard.
    :ivar role: of the state machine, made here or given.
    :ivar alert_topic: gets one message for each failed execution; made here or given.
    :ivar log_group: the executions' history; made here or given.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake: LakeBucket,
        extraction: SalesforceExtractor | GlueJobExtraction,
        dbt_build: DbtBuild,
        name: str,
        comparison: SystemComparison | None = None,
        alert_topic: sns.ITopic | None = None,
        alert_emails: Sequence[str] = (),
        role: iam.IRole | None = None,
        log_group: logs.ILogGroup | None = None,
        max_concurrency: int | None = None,
        timeout: Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the state machine. Raises SynthesisError.

        :param lake: where outcomes lie (``runs/``); its key encrypts alerts and logs.
        :param extraction: what brings rows into raw: the Salesforce extractor, or a Glue job
            of one's own and what it promises.
        :param dbt_build: what builds the other layers.
        :param name: of the lakehouse, for people: it begins the subject of alerts. Letters,
            digits, spaces and ``._-``, at most 60.
        :param comparison: of an old system with the marts, after each build that succeeded.
            What it finds fails no execution; a comparison that cannot be made does, as
            ComparisonFailed. A verdict that turned to a failure goes to the alert topic.
            Default: none.
        :param alert_topic: an existing topic. The state machine gets the right to publish to
            it and to use its key; import it with ``Topic.from_topic_attributes(key_arn=…)``
            where it has one. Default: a new topic on the lake's key, over TLS alone, to which
            alarms of the account may publish.
        :param alert_emails: subscribed to the alert topic; each has to confirm once.
            Default: nobody.
        :param role: an existing role that Step Functions may assume. What the state machine
            needs is added to it; one that may not be changed is left alone and must have it
            already. Default: a new role with this and nothing else.
        :param log_group: an existing one. Where its name does not begin with
            ``/aws/vendedlogs/``, it takes room in the account's log resource policy, which
            is small. Default: a new one under that prefix, on the lake's key.
        :param max_concurrency: Glue runs at once in one execution, 1 to 40. Default: with the
            Salesforce extractor as many as the objects' ``api_budget.long_requests``, one for
            each run, and at most 10; with a job of one's own 1, as a Glue job has one run at a
            time unless its MaxConcurrentRuns says otherwise.
        :param timeout: of one execution, whole minutes, up to 365 days. Default: 24 hours.
        :param log_retention: how long a new log group keeps the executions' log; not with
            ``log_group``. Default: three months.
        """
        super().__init__(scope, id, **kwargs)
        longest = Duration.hours(24) if timeout is None else timeout
        at_once = _at_once(extraction) if max_concurrency is None else max_concurrency
        check_form(self, "name", name, _NAME, "letters, digits, spaces and ._-, at most 60")
        check_whole(self, "max_concurrency", at_once, low=1, high=_MAP)
        check_duration(self, "timeout", longest, unit="minutes", low=1, high=_YEAR)
        if comparison is not None and comparison.dbt_build is not dbt_build:
            allowed = f"one of {dbt_build.node.path}, whose project runs it"
            raise refused(self, "comparison", comparison.node.path, allowed)
        for email in alert_emails:
            check_form(self, "alert_emails", email, _EMAIL, "e-mail addresses")
        self.alert_topic = new_topic(self, lake.key) if alert_topic is None else alert_topic
        for email in alert_emails:
            self.alert_topic.add_subscription(email_subscription(email))
        self.log_group = log_group_for(
            self,
            given=log_group,
            retention=log_retention,
            key=lake.key,
            # Under this prefix the account's log resource policy needs no entry for it.
            name=f"/aws/vendedlogs/states/{Names.unique_resource_name(self)}",
        )
        runs = _runs(extraction)
        definition = Definition(
            bucket=lake.bucket,
            runs=runs,
            partition=Aws.PARTITION,
            project=as_project(dbt_build.project),
            build_timeout=dbt_build.timeout.plus(Duration.minutes(30)),
            topic=self.alert_topic,
            lakehouse=name,
            max_concurrency=at_once,
            comparing=None
            if comparison is None
            else Comparing(buildspec=comparison.buildspec, work_group=comparison.work_group_name),
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            role=role,
            query_language=sfn.QueryLanguage.JSONATA,
            definition_body=sfn.DefinitionBody.from_chainable(definition.chain(self)),
            timeout=longest,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=True
            ),
        )
        self.role: iam.IRole = self.state_machine.role
        self._awaited = _awaited(self.role, extraction, dbt_build)
        self._grant(lake, runs.job_name)
        if comparison is not None:
            # By itself: the state machine names the project, and that waits for its role.
            attach(dbt_build.role, self._on_run_times(), scope=self, id="RunTimesPolicy")

    @check_kinds
    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody start, watch and stop executions; also the role of one of the parts."""
        machine, executions = self.state_machine, self._executions()
        statements = [
            allow(
                "states:StartExecution",
                "states:ListExecutions",
                on=[machine.state_machine_arn],
            ),
            allow(
                "states:DescribeExecution",
                "states:GetExecutionHistory",
                "states:StopExecution",
                on=[executions],
                wildcard="An execution is named when it starts; the state machine is fixed",
            ),
        ]
        arn = getattr(grantee.grant_principal, "role_arn", None)
        if arn is None or arn not in self._awaited:
            return grant(grantee, statements, scope=self)
        # In the role's own policy, the machine's name would wait for the machine.
        return grant_apart(self._awaited[arn][1], statements, scope=self, id=self._awaited[arn][0])

    def metric_failed(self, **options: Any) -> cloudwatch.Metric:
        """Executions that failed. Options: those of CDK's metrics (``period=`` …)."""
        return self.state_machine.metric_failed(**options)

    def metric_succeeded(self, **options: Any) -> cloudwatch.Metric:
        """Executions that succeeded."""
        return self.state_machine.metric_succeeded(**options)

    def metric_timed_out(self, **options: Any) -> cloudwatch.Metric:
        """Executions that Step Functions ended after ``timeout``."""
        return self.state_machine.metric_timed_out(**options)

    def metric_duration(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds that executions took."""
        return self.state_machine.metric_time(**options)

    def _executions(self) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.state_machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _on_run_times(self) -> list[Statement]:
        return [
            allow("states:ListExecutions", on=[self.state_machine.state_machine_arn]),
            allow(
                "states:DescribeExecution",
                on=[self._executions()],
                wildcard="An execution is named when it starts; the state machine is fixed",
            ),
        ]

    def _grant(self, lake: LakeBucket, job_name: str) -> None:
        # For the outcomes in the bucket and the topic's messages: CDK leaves both out.
        topic_key = self.alert_topic.master_key
        same = topic_key is not None and topic_key.key_arn == lake.key.key_arn
        keys = [on_key(lake.key, services=["s3", "sns"] if same else ["s3"])]
        if topic_key is not None and not same:
            keys.append(on_key(topic_key, services=["sns"]))
        statements = [
            allow(
                "glue:StartJobRun",
                "glue:GetJobRun",
                "glue:GetJobRuns",
                "glue:BatchStopJobRun",
                on=[glue_arn(self, "job", job_name)],
            ),
            on_bucket(lake.bucket),
            on_objects(lake.bucket, prefixes=[RUNS_PREFIX], actions=["s3:GetObject"]),
            *keys,
        ]
        grant(self.role, statements, scope=self)
        for owner in policy_owners(self.role, default=self):
            acknowledge(
                owner,
                "IAM5[Resource::*]",
                "X-Ray's and log delivery's actions know no resource",
            )


def _awaited(
    own: iam.IRole, extraction: SalesforceExtractor | GlueJobExtraction, dbt_build: DbtBuild
) -> dict[str, tuple[str, iam.IRole]]:
    """By ARN, the roles whose policies the state machine waits for, each with a name."""
    roles = {
        "SessionRole": dbt_build.session_role,
        "BuildRole": dbt_build.role,
        "OwnRole": own,
    }
    if isinstance(extraction, SalesforceExtractor):
        roles["ExtractionRole"] = extraction.role
    return {role.role_arn: (name, role) for name, role in roles.items()}


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
