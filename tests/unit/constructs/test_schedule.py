import json

import pytest
from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn

from lakehouse_constructs import ExtractionSchedule, ExtractionSchedules
from lakehouse_jobs.contract.arguments import Mode


@pytest.fixture
def machine(stack: Stack) -> sfn.IStateMachine:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    return sfn.StateMachine.from_state_machine_arn(stack, "Machine", arn)


class TestDefaults:
    @pytest.fixture
    def schedule(self, stack: Stack, machine, resources) -> dict:
        ExtractionSchedules(
            stack,
            "Schedules",
            state_machine=machine,
            schedules=[ExtractionSchedule(name="Nightly", expression="cron(0 2 * * ? *)")],
        )
        return resources("AWS::Scheduler::Schedule")[0]

    def test_it_does_not_fire_until_it_is_enabled(self, schedule) -> None:
        assert schedule["State"] == "DISABLED"

    def test_it_asks_for_all_groups_at_utc(self, schedule) -> None:
        assert json.loads(schedule["Target"]["Input"]) == {"mode": "incremental"}
        assert schedule["ScheduleExpression"] == "cron(0 2 * * ? *)"
        assert schedule["ScheduleExpressionTimezone"] == "Etc/UTC"
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}

    def test_what_cannot_be_delivered_is_kept(self, schedule, resources) -> None:
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 2
        assert "DeadLetterConfig" in schedule["Target"]
        (queue,) = resources("AWS::SQS::Queue")
        assert queue["SqsManagedSseEnabled"] is True


def test_custom(stack: Stack, machine, resources) -> None:
    made = ExtractionSchedules(
        stack,
        "Schedules",
        state_machine=machine,
        enabled=True,
        schedules=[
            ExtractionSchedule(
                name="Weekly",
                expression="rate(7 days)",
                groups=("sales", "support"),
                mode=Mode.FULL,
                time_zone="Europe/Berlin",
                flexible_minutes=15,
            )
        ],
    )

    (schedule,) = resources("AWS::Scheduler::Schedule")
    assert list(made.schedules) == ["Weekly"]
    assert schedule["State"] == "ENABLED"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    assert json.loads(schedule["Target"]["Input"]) == {
        "mode": "full",
        "groups": ["sales", "support"],
    }
