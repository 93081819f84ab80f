"""When the pipeline runs by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration, RemovalPolicy, TimeZone
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._interfaces import as_target
from lakehouse_constructs._interval import longest_gap
from lakehouse_jobs.contract.arguments import Mode


@dataclass(frozen=True, kw_only=True)
class ExtractionSchedule:
    """One schedule: these groups, in this mode, at these times.

    :ivar name: identifies it in the stack.
    :ivar expression: ``rate(15 minutes)`` or ``cron(0 2 * * ? *)``.
    :ivar groups: of the objects' configuration. Default: all.
    :ivar mode: how Salesforce is read. Default: incremental.
    :ivar time_zone: of a cron expression, by its IANA name. Default: UTC.
    :ivar flexible_minutes: it may start so much later, in minutes. Default: 0, on time.
    """

    name: str
    expression: str
    groups: tuple[str, ...] = ()
    mode: Mode = Mode.INCREMENTAL
    time_zone: str = "Etc/UTC"
    flexible_minutes: int = 0

    @property
    def longest_gap(self) -> Duration | None:
        """The longest time between two starts; None where it cannot be told."""
        return longest_gap(self.expression)


class ExtractionSchedules(Construct):
    """EventBridge schedules that start the pipeline.

    Delivery is at least once: two executions of one schedule do no harm. What could not
    be delivered, after two retries within an hour, lies in the dead-letter queue.

    :ivar schedules: by name.
    :ivar dead_letter_queue: starts that were not delivered.
    :ivar schedule_group: holds the schedules.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        state_machine: sfn.IStateMachine,
        schedules: Iterable[ExtractionSchedule],
        enabled: bool = False,
        **kwargs: Any,
    ) -> None:
        """Make the schedules.

        :param state_machine: the pipeline's.
        :param schedules: each with a name of its own.
        :param enabled: whether they fire. Default: no, for the Salesforce secret is
            filled after the first deployment.
        """
        super().__init__(scope, id, **kwargs)
        self.schedule_group = scheduler.ScheduleGroup(
            self, "Group", removal_policy=RemovalPolicy.DESTROY
        )
        # Not on the lake's key: CDK would not let the scheduler use it.
        self.dead_letter_queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(
            self.dead_letter_queue,
            "SQS3",
            "It is a dead-letter queue itself, of EventBridge Scheduler",
        )
        self.schedules: dict[str, scheduler.Schedule] = {
            schedule.name: self._schedule(schedule, state_machine, enabled)
            for schedule in schedules
        }

    def _schedule(
        self, schedule: ExtractionSchedule, state_machine: sfn.IStateMachine, enabled: bool
    ) -> scheduler.Schedule:
        request: dict[str, Any] = {"mode": schedule.mode.value}
        if schedule.groups:
            request["groups"] = list(schedule.groups)
        window = (
            scheduler.TimeWindow.flexible(Duration.minutes(schedule.flexible_minutes))
            if schedule.flexible_minutes
            else scheduler.TimeWindow.off()
        )
        return scheduler.Schedule(
            self,
            schedule.name,
            description=f"{schedule.mode}: {', '.join(schedule.groups) or 'all groups'}",
            schedule=scheduler.ScheduleExpression.expression(
                schedule.expression, TimeZone.of(schedule.time_zone)
            ),
            schedule_group=self.schedule_group,
            enabled=enabled,
            time_window=window,
            target=as_target(
                targets.StepFunctionsStartExecution(
                    state_machine,
                    input=scheduler.ScheduleTargetInput.from_object(request),
                    dead_letter_queue=self.dead_letter_queue,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ),
        )
