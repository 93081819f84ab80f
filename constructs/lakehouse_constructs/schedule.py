"""When the pipeline runs by itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Aws, Duration, RemovalPolicy, TimeZone, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge
from lakehouse_constructs._checks import check_word, refused
from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._expression import EXPRESSIONS, TIME_ZONES, is_expression, is_time_zone
from lakehouse_constructs._grants import attach
from lakehouse_constructs._interfaces import as_queue, as_schedule_group, as_target
from lakehouse_constructs._kinds import check_fields, check_kinds
from lakehouse_constructs._roles import as_it_stands, role_for
from lakehouse_constructs._statements import Statement, allow, on_key
from lakehouse_constructs.extraction import GlueJobExtraction
from lakehouse_constructs.salesforce_extractor import SalesforceExtractor
from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.schedule import longest_gap

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_LONGEST_WINDOW: Final = 1_440  # minutes; Scheduler's


@dataclass(frozen=True, kw_only=True)
class ExtractionSchedule:
    """One schedule: these groups, in this mode, at these times.

    :ivar name: identifies it in the stack: letters, digits, ``_`` and ``-``, a letter first.
    :ivar expression: ``rate(15 minutes)``, ``cron(0 2 * * ? *)`` or
        ``at(2030-01-31T02:00:00)``.
    :ivar groups: of the objects' configuration. Default: all.
    :ivar mode: how Salesforce is read. Default: incremental.
    :ivar time_zone: of a cron or at expression, by its IANA name. Default: UTC.
    :ivar flexible_minutes: it may start so much later, in minutes, up to 1,440.
        Default: 0, on time.
    """

    name: str
    expression: str
    groups: tuple[str, ...] = ()
    mode: Mode = Mode.INCREMENTAL
    time_zone: str = "Etc/UTC"
    flexible_minutes: int = 0

    def __post_init__(self) -> None:
        """Raises SynthesisError for what EventBridge Scheduler or the pipeline would refuse."""
        check_fields(self, f"ExtractionSchedule {self.name}")
        letters = "letters, digits, _ and -, at most 64, a letter first"
        minutes = f"a whole number from 0 to {_LONGEST_WINDOW}"
        for prop, good, allowed in (
            ("name", _NAME.fullmatch(self.name), letters),
            ("expression", _later(self.expression) or is_expression(self.expression), EXPRESSIONS),
            ("time_zone", _later(self.time_zone) or is_time_zone(self.time_zone), TIME_ZONES),
            (
                "flexible_minutes",
                _later(self.flexible_minutes) or 0 <= self.flexible_minutes <= _LONGEST_WINDOW,
                minutes,
            ),
        ):
            if not good:
                value = getattr(self, prop)
                raise SynthesisError(
                    f"ExtractionSchedule {self.name}: {prop}: got {value!r}; allowed: {allowed}"
                )

    @property
    def longest_gap(self) -> Duration | None:
        """The longest time between two starts; None where it cannot be told."""
        minutes = longest_gap(self.expression)
        return None if minutes is None else Duration.minutes(minutes)


def _later(value: object) -> bool:
    """Whether the value is known at deployment only."""
    return Token.is_unresolved(value)


class ExtractionSchedules(Construct):
    """EventBridge schedules that start the pipeline.

    Delivery is at least once: two executions of one schedule do no harm. What could not
    be delivered, after two retries within an hour, lies in the dead-letter queue.

    At rest it costs nothing; starts and messages are billed one by one. It never fires
    before ``enabled``, and never waits for an execution to end before it starts the next.

    :ivar schedules: by name.
    :ivar role: of EventBridge Scheduler, made here or given.
    :ivar dead_letter_queue: starts that were not delivered; made here or given.
    :ivar schedule_group: holds the schedules; made here or given.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        state_machine: sfn.IStateMachine,
        schedules: Iterable[ExtractionSchedule],
        extraction: SalesforceExtractor | GlueJobExtraction | None = None,
        enabled: bool = False,
        schedule_group: scheduler.IScheduleGroup | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        role: iam.IRole | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the schedules. Raises SynthesisError.

        :param state_machine: the pipeline's.
        :param schedules: each with a name of its own.
        :param extraction: the pipeline's, which knows the groups: a schedule of another one
            is refused here. Default: the groups are not checked; an execution with an
            unknown one fails, and says so.
        :param enabled: whether they fire. Default: no, for the Salesforce secret is
            filled after the first deployment.
        :param schedule_group: an existing one. Default: a new one, which leaves with the stack.
        :param dead_letter_queue: an existing one, no FIFO queue. The role gets the right to
            send to it and to use its key; import it with
            ``Queue.from_queue_attributes(key_arn=…)`` where it has one. Default: a new one,
            encrypted by SQS, that keeps messages for 14 days.
        :param role: an existing role that EventBridge Scheduler may assume. What the schedules
            need is added to it; one that may not be changed is left alone and must have it
            already. Default: a new role with this and nothing else, only for this group.
        """
        super().__init__(scope, id, **kwargs)
        wanted = self._checked(schedules, extraction)
        if dead_letter_queue is not None and dead_letter_queue.fifo:
            raise refused(self, "dead_letter_queue", "a FIFO queue", "a standard queue")
        self.schedule_group = (
            as_schedule_group(
                scheduler.ScheduleGroup(self, "Group", removal_policy=RemovalPolicy.DESTROY)
            )
            if schedule_group is None
            else schedule_group
        )
        self.dead_letter_queue = (
            self._new_queue() if dead_letter_queue is None else dead_letter_queue
        )
        starting = allow("states:StartExecution", on=[state_machine.state_machine_arn])
        self.role = self._role(role, starting)
        as_given = as_it_stands(self, self.role)
        self.schedules: dict[str, scheduler.Schedule] = {
            schedule.name: self._schedule(schedule, state_machine, enabled, as_given)
            for schedule in wanted
        }
        if role is None:
            return
        # The state machine may wait for this role's own policy: the machine's name stays out of it.
        policy = attach(role, [starting], scope=self, id="StartPolicy")
        for made in self.schedules.values():
            made.node.add_dependency(role, *([policy] if policy else []))

    def _checked(
        self,
        schedules: Iterable[ExtractionSchedule],
        extraction: SalesforceExtractor | GlueJobExtraction | None,
    ) -> list[ExtractionSchedule]:
        wanted = list(schedules)
        names = [schedule.name for schedule in wanted]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise refused(self, "schedules", repeated[0], "each schedule's name once")
        if extraction is not None:
            known = [group.name for group in extraction.objects.groups]
            for schedule in wanted:
                for group in schedule.groups:
                    check_word(self, f"schedules: groups of {schedule.name}", group, known)
        return wanted

    def _new_queue(self) -> sqs.IQueue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(
            queue,
            "SQS3",
            "It is a dead-letter queue itself, of EventBridge Scheduler",
        )
        return as_queue(queue)

    def _role(self, given: iam.IRole | None, starting: Statement) -> iam.IRole:
        queue = self.dead_letter_queue
        statements = [allow("sqs:SendMessage", on=[queue.queue_arn])]
        if given is None:
            statements.insert(0, starting)
        if queue.encryption_master_key is not None:
            # CDK leaves it out: an undelivered start would be lost without a word.
            statements.append(on_key(queue.encryption_master_key, services=["sqs"]))
        return role_for(
            self,
            "Role",
            given=given,
            service="scheduler",
            description="Schedules: start the state machine, keep what was not delivered",
            statements=statements,
            trusted_when={
                "StringEquals": {
                    "aws:SourceAccount": Aws.ACCOUNT_ID,
                    "aws:SourceArn": self.schedule_group.schedule_group_arn,
                }
            },
        )

    def _schedule(
        self,
        schedule: ExtractionSchedule,
        state_machine: sfn.IStateMachine,
        enabled: bool,
        role: iam.IRole,
    ) -> scheduler.Schedule:
        request: dict[str, Any] = {"mode": str(schedule.mode)}
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
                    role=role,
                    input=scheduler.ScheduleTargetInput.from_object(request),
                    dead_letter_queue=self.dead_letter_queue,
                    retry_attempts=2,
                    max_event_age=Duration.hours(1),
                )
            ),
        )
