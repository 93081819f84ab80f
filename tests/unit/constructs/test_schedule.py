import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Fn, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from lakehouse_constructs import ExtractionSchedule, ExtractionSchedules, SynthesisError
from lakehouse_constructs._interfaces import service_principal
from lakehouse_jobs.contract.arguments import Mode

NIGHTLY = ExtractionSchedule(name="Nightly", expression="cron(0 2 * * ? *)")
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


@pytest.fixture
def make(stack: Stack) -> Callable[..., ExtractionSchedules]:
    machine = sfn.StateMachine.from_state_machine_arn(stack, "Machine", MACHINE)

    def made(*schedules: ExtractionSchedule, **props: Any) -> ExtractionSchedules:
        return ExtractionSchedules(
            stack, "Schedules", state_machine=machine, schedules=schedules or [NIGHTLY], **props
        )

    return made


@pytest.fixture
def schedule(resources) -> Callable[[], dict]:
    return lambda: resources("AWS::Scheduler::Schedule")[0]


class TestDefaults:
    def test_enabled_default_fires_nothing(self, make, schedule) -> None:
        make()

        assert schedule()["State"] == "DISABLED"

    def test_it_asks_for_all_groups_at_utc(self, make, schedule) -> None:
        make()

        assert json.loads(schedule()["Target"]["Input"]) == {"mode": "incremental"}
        assert schedule()["ScheduleExpression"] == "cron(0 2 * * ? *)"
        assert schedule()["ScheduleExpressionTimezone"] == "Etc/UTC"
        assert schedule()["FlexibleTimeWindow"] == {"Mode": "OFF"}

    def test_dead_letter_queue_default_keeps_what_cannot_be_delivered(
        self, make, schedule, resources
    ) -> None:
        make()

        assert schedule()["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 2
        assert "DeadLetterConfig" in schedule()["Target"]
        # No customer key: what the role may send needs none.
        (queue,) = resources("AWS::SQS::Queue")
        assert queue["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue

    def test_schedule_group_default_leaves_with_the_stack(
        self, stack: Stack, make, schedule, template_of
    ) -> None:
        make()

        groups = template_of(stack).find_resources("AWS::Scheduler::ScheduleGroup")
        assert [g["DeletionPolicy"] for g in groups.values()] == ["Delete"]
        (group,) = groups.values()
        assert schedule()["GroupName"] == group["Properties"]["Name"]

    def test_role_default_is_for_this_group_and_does_two_things(
        self, make, schedule, resources, statements
    ) -> None:
        make()

        (role,) = resources("AWS::IAM::Role")
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        condition = trust["Condition"]["StringEquals"]
        assert condition["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert "SchedulesGroup" in condition["aws:SourceArn"]["Fn::GetAtt"][0]
        start, send = statements("Schedules")
        assert (start["Action"], start["Resource"]) == ("states:StartExecution", MACHINE)
        assert send["Action"] == "sqs:SendMessage"
        assert "DeadLetters" in send["Resource"]["Fn::GetAtt"][0]

    def test_extraction_default_leaves_groups_to_the_execution(self, make, schedule) -> None:
        make(ExtractionSchedule(name="A", expression="rate(1 hour)", groups=("whatever",)))

        assert json.loads(schedule()["Target"]["Input"])["groups"] == ["whatever"]


class TestCustom:
    def test_a_schedule_says_when_what_and_how(self, make, schedule) -> None:
        made = make(
            ExtractionSchedule(
                name="Weekly",
                expression="rate(7 days)",
                groups=("sales", "support"),
                mode=Mode.FULL,
                time_zone="Europe/Berlin",
                flexible_minutes=15,
            )
        )

        assert list(made.schedules) == ["Weekly"]
        assert schedule()["ScheduleExpressionTimezone"] == "Europe/Berlin"
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        assert schedule()["FlexibleTimeWindow"] == window
        assert json.loads(schedule()["Target"]["Input"]) == {
            "mode": "full",
            "groups": ["sales", "support"],
        }

    def test_enabled_custom_fires(self, make, schedule) -> None:
        make(enabled=True)

        assert schedule()["State"] == "ENABLED"

    def test_schedule_group_custom_holds_the_schedules(
        self, stack: Stack, make, schedule, resources
    ) -> None:
        theirs = scheduler.ScheduleGroup.from_schedule_group_name(stack, "Theirs", "theirs")

        assert make(schedule_group=theirs).schedule_group is theirs
        assert resources("AWS::Scheduler::ScheduleGroup") == []
        assert schedule()["GroupName"] == "theirs"
        (role,) = resources("AWS::IAM::Role")
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        source = trust["Condition"]["StringEquals"]["aws:SourceArn"]
        assert source["Fn::Join"][1][-1].endswith(":schedule-group/theirs")

    def test_dead_letter_queue_custom_on_a_key_of_its_own_can_be_sent_to(
        self, stack: Stack, make, schedule, statements
    ) -> None:
        key = kms.Key(stack, "Key")
        theirs = sqs.Queue(stack, "Theirs", encryption_master_key=key)

        assert make(dead_letter_queue=theirs).dead_letter_queue is theirs
        arn = stack.resolve(theirs.queue_arn)
        assert schedule()["Target"]["DeadLetterConfig"] == {"Arn": arn}
        _, send, use = statements("Schedules")
        assert send["Resource"] == arn
        assert use["Resource"] == stack.resolve(key.key_arn)
        assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert '"sqs."' in json.dumps(use["Condition"])

    def test_role_custom_gets_what_the_schedules_need(
        self, stack: Stack, make, schedule, resources, template_of
    ) -> None:
        service = service_principal("scheduler.amazonaws.com")
        theirs = iam.Role(stack, "Theirs", assumed_by=service)

        assert make(role=theirs).role is theirs
        assert schedule()["Target"]["RoleArn"] == stack.resolve(theirs.role_arn)
        policies = resources("AWS::IAM::Policy")
        actions = {s["Action"] for p in policies for s in p["PolicyDocument"]["Statement"]}
        assert actions == {"states:StartExecution", "sqs:SendMessage"}
        template = template_of(stack)
        (made,) = template.find_resources("AWS::Scheduler::Schedule").values()
        assert template.find_resources("AWS::IAM::Policy").keys() <= set(made["DependsOn"])

    def test_one_role_for_the_state_machine_too_is_no_circle(
        self, stack: Stack, template_of
    ) -> None:
        role = iam.Role(stack, "Theirs", assumed_by=service_principal("states.amazonaws.com"))
        body = sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Nothing"))
        machine = sfn.StateMachine(stack, "Machine", definition_body=body, role=role)
        topic = sns.Topic(stack, "Topic")
        topic.grant_publish(role)  # gives the role the policy that the machine waits for

        ExtractionSchedules(
            stack, "Schedules", state_machine=machine, schedules=[NIGHTLY], role=role
        )

        template_of(stack)  # it refuses a template whose resources wait for each other

    def test_role_custom_that_may_not_be_changed_is_left_alone(
        self, stack: Stack, make, schedule, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"

        make(role=iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False))

        assert resources("AWS::IAM::Policy") == resources("AWS::IAM::Role") == []
        assert schedule()["Target"]["RoleArn"] == arn

    def test_extraction_custom_knows_the_groups(self, make, extractor) -> None:
        unknown = ExtractionSchedule(name="A", expression="rate(1 hour)", groups=("sale",))

        told = "Test/Schedules: schedules: groups of A: got 'sale'; allowed: sales, history"
        with pytest.raises(SynthesisError, match=told):
            make(unknown, extraction=extractor)

    def test_two_schedules_of_one_name_are_refused(self, make) -> None:
        with pytest.raises(SynthesisError, match="schedules: got 'Nightly'; allowed: each sched"):
            make(NIGHTLY, NIGHTLY)

    def test_a_fifo_queue_is_refused(self, stack: Stack, make) -> None:
        with pytest.raises(SynthesisError, match="dead_letter_queue: got 'a FIFO queue'; allowed"):
            make(dead_letter_queue=sqs.Queue(stack, "Fifo", fifo=True))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "my schedule"}, "ExtractionSchedule my schedule: name: got 'my schedule'; allow"),
        (
            {"expression": "cron(0 2 * * *)"},
            r"expression: got 'cron\(0 2 \* \* \*\)'; allowed: rate",
        ),
        ({"time_zone": "Berlin"}, "time_zone: got 'Berlin'; allowed: an IANA time zone"),
        ({"mode": "fast"}, "mode: got 'fast'; allowed: incremental, full"),
        ({"groups": "sales"}, "groups: got 'sales'; allowed: a list"),
        ({"flexible_minutes": 1441}, "flexible_minutes: got 1441; allowed: .* from 0 to 1440"),
    ],
)
def test_what_would_never_fire_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SynthesisError, match=told):
        ExtractionSchedule(**{"name": "A", "expression": "rate(1 hour)", **values})


def test_values_known_at_deployment_pass() -> None:
    schedule = ExtractionSchedule(
        name="A",
        expression=Fn.import_value("expression"),
        time_zone=Fn.import_value("zone"),
        flexible_minutes=Token.as_number({"Ref": "Minutes"}),
    )

    assert schedule.longest_gap is None
