"""The alarms that cannot wait: the pipeline failed, hangs, or does not run at all."""

import re
from collections.abc import Iterable
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lakehouse_constructs._checks import check_form, refused
from lakehouse_constructs._interfaces import alarm_action, as_topic
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._topic import let_alarms_publish

RUNBOOK: Final = "docs/runbook.md"
# A description has 1,024 characters, of which the sentence and the section take their part.
_RUNBOOK: Final = re.compile(r"[^#\s]{1,800}")
# Of ExecutionFailed, so that failures of an hourly schedule are one alarm and not one each.
_FAILING_FOR: Final = 24  # periods of five minutes
_MINUTE: Final = 60
_DAY: Final = 86_400
_LONGEST: Final = 7 * _DAY  # CloudWatch evaluates no alarm over more


class PipelineAlarms(Construct):
    """Alarms on a pipeline, each naming the section of the runbook that says what to do.

    A failed execution sends a message with its cause already; these also catch what
    sends none: an execution that timed out or was stopped, one that was never started,
    a pipeline that has not succeeded for too long.

    At rest each alarm costs what CloudWatch asks for one (about US$ 0.10 a month). It
    never changes anything; it only tells.

    :ivar alarms: by id: ``ExecutionFailed``, ``ExecutionTimedOut``, ``ExecutionAborted``,
        ``StartsNotDelivered`` where there is a dead-letter queue, ``NoSuccess`` where
        executions are expected.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        state_machine: sfn.IStateMachine,
        topic: sns.ITopic | sns.Topic,
        dead_letter_queue: sqs.IQueue | None = None,
        success_within: Duration | None = None,
        runbook: str = RUNBOOK,
        **kwargs: Any,
    ) -> None:
        """Make the alarms. Raises SynthesisError.

        :param state_machine: the pipeline's.
        :param topic: gets a message when an alarm goes off, and when it is over. Its policy
            and that of its key let alarms of the account publish, where they were made in
            this app. The policy of an imported topic must allow
            ``cloudwatch.amazonaws.com`` ``sns:Publish``, that of an imported key
            ``kms:GenerateDataKey*`` and ``kms:Decrypt``, or nothing arrives while the
            alarms look healthy.
        :param dead_letter_queue: holds starts that EventBridge could not deliver.
            Default: no alarm on it.
        :param success_within: the longest time without a successful execution; twice the
            time between two starts is right. Missing data counts as no success. From a
            minute to seven days, known at synthesis; more than a day is rounded up to
            whole days.
            Default: no such alarm, for schedules that do not fire yet.
        :param runbook: address of the runbook, without spaces; ``#<section>`` is appended.
            Default: ``docs/runbook.md`` of the project.
        """
        super().__init__(scope, id, **kwargs)
        check_form(self, "runbook", runbook, _RUNBOOK, "an address without spaces and #")
        seconds = None if success_within is None else self._seconds(success_within)
        self._runbook = runbook
        self._topic = topic
        let_alarms_publish(as_topic(topic))
        self.alarms: dict[str, cloudwatch.Alarm] = {}
        period = Duration.minutes(5)
        for name, what, metric, periods in (
            # Most failed executions send a message of their own; the others send none.
            ("ExecutionFailed", "An execution failed", state_machine.metric_failed, _FAILING_FOR),
            ("ExecutionTimedOut", "An execution timed out", state_machine.metric_timed_out, 1),
            ("ExecutionAborted", "An execution was stopped", state_machine.metric_aborted, 1),
        ):
            self._at_least_one(name, what, metric(statistic="Sum", period=period), periods=periods)
        if dead_letter_queue is not None:
            self._at_least_one(
                "StartsNotDelivered",
                "A scheduled start did not reach the state machine",
                dead_letter_queue.metric_approximate_number_of_messages_visible(
                    statistic="Maximum", period=period
                ),
            )
        if seconds is not None:
            self._no_success(state_machine, seconds)

    def _at_least_one(
        self, name: str, what: str, metric: cloudwatch.Metric, *, periods: int = 1
    ) -> None:
        """Goes off at once, and is over when ``periods`` in a row had none."""
        self._alarm(
            name,
            what,
            metric=metric,
            threshold=1,
            evaluation_periods=periods,
            datapoints_to_alarm=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _seconds(self, within: Duration) -> int:
        # Periods are worked out from it, so that it cannot wait for the deployment.
        told = within.to_human_string()
        if within.is_unresolved() or not _MINUTE <= within.to_seconds(integral=False) <= _LONGEST:
            allowed = (
                "from 1 minute to 7 days, as CloudWatch looks back no further, known at synthesis"
            )
            raise refused(self, "success_within", told, allowed)
        return int(within.to_seconds(integral=False))

    def _no_success(self, state_machine: sfn.IStateMachine, seconds: int) -> None:
        periods = -(-seconds // _DAY)
        # A period is a whole number of minutes.
        period = _DAY if periods > 1 else -(-seconds // _MINUTE) * _MINUTE
        self._alarm(
            "NoSuccess",
            f"No execution succeeded within {Duration.seconds(period * periods).to_human_string()}",
            metric=state_machine.metric_succeeded(statistic="Sum", period=Duration.seconds(period)),
            threshold=1,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            # No execution at all is what this is about.
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )

    def _alarm(self, name: str, what: str, **props: Any) -> None:
        alarm = cloudwatch.Alarm(
            self, name, alarm_description=f"{what}. {self._runbook}#{section(name)}", **props
        )
        alarm.add_alarm_action(alarm_action(self._topic))
        alarm.add_ok_action(alarm_action(self._topic))
        self.alarms[name] = alarm


def section(alarm: str) -> str:
    """The runbook's section about an alarm: ``ExecutionFailed`` -> ``execution-failed``."""
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in alarm)
    return words.removeprefix("-")


def twice(gaps: Iterable[Duration | None]) -> Duration | None:
    """Twice the shortest of the times between two starts, at most seven days.

    None where none is known.
    """
    seconds = [int(gap.to_seconds()) for gap in gaps if gap is not None]
    return Duration.seconds(min(2 * min(seconds), _LONGEST)) if seconds else None
