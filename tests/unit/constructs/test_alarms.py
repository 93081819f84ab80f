import json
import re
from pathlib import Path

import pytest
from aws_cdk import App, Duration, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from lakehouse_constructs import PipelineAlarms, SynthesisError
from lakehouse_constructs._topic import new_topic
from lakehouse_constructs.alarms import section, twice

RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbook.md"


@pytest.fixture
def make(stack: Stack):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    machine = sfn.StateMachine.from_state_machine_arn(stack, "Machine", arn)

    def alarms(**props) -> PipelineAlarms:
        if "topic" not in props:
            props["topic"] = sns.Topic(stack, "Topic")
        return PipelineAlarms(stack, "Alarms", state_machine=machine, **props)

    return alarms


@pytest.fixture
def by_metric(resources):
    def find() -> dict[str, dict]:
        return {alarm["MetricName"]: alarm for alarm in resources("AWS::CloudWatch::Alarm")}

    return find


def test_dead_letter_queue_default_is_none(make) -> None:
    assert "StartsNotDelivered" not in make().alarms


def test_success_within_default_expects_no_execution(make) -> None:
    assert "NoSuccess" not in make().alarms


def test_it_watches_how_executions_end(make, by_metric) -> None:
    make()

    assert set(by_metric()) == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    for alarm in by_metric().values():
        assert (alarm["Threshold"], alarm["Statistic"]) == (1, "Sum")
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
        assert len(alarm["AlarmActions"]) == len(alarm["OKActions"]) == 1
        assert "AlarmName" not in alarm


def test_failures_one_after_the_other_are_one_alarm(make, by_metric) -> None:
    """Each failed execution tells by itself; the others have the alarm alone, each time."""
    make()

    found = {
        name: (alarm["Period"] * alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"])
        for name, alarm in by_metric().items()
    }
    assert found == {
        "ExecutionsFailed": (2 * 3600, 1),  # an hourly schedule's next failure comes within
        "ExecutionsTimedOut": (300, 1),
        "ExecutionsAborted": (300, 1),
    }


def test_the_pipeline_may_lie_in_another_stack(stack: Stack, template_of) -> None:
    app = stack.node.scope
    assert isinstance(app, App)
    machine = sfn.StateMachine(
        stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "P"))
    )
    topic = new_topic(stack, kms.Key(stack, "Key"))
    other = Stack(app, "Other")

    PipelineAlarms(other, "Alarms", state_machine=machine, topic=topic)

    alarms = template_of(other).find_resources("AWS::CloudWatch::Alarm")
    assert stack in other.dependencies
    assert other not in stack.dependencies
    assert len(alarms) == 3
    for alarm in alarms.values():
        (watched,) = alarm["Properties"]["Dimensions"]
        (told,) = alarm["Properties"]["AlarmActions"]
        # Of the first stack, by what it exports.
        assert "Machine" in json.dumps(watched["Value"])
        assert "Alerts" in json.dumps(told)
    # The topic's policy stays in its own stack: the alarms may publish all the same.
    assert not template_of(other).find_resources("AWS::SNS::TopicPolicy")
    (policy,) = template_of(stack).find_resources("AWS::SNS::TopicPolicy").values()
    assert "cloudwatch.amazonaws.com" in json.dumps(policy)


def test_dead_letter_queue_custom_is_watched(stack, make, by_metric) -> None:
    make(dead_letter_queue=sqs.Queue(stack, "Letters"))

    alarm = by_metric()["ApproximateNumberOfMessagesVisible"]
    assert (alarm["Threshold"], alarm["Statistic"]) == (1, "Maximum")


@pytest.mark.parametrize(
    ("within", "period", "periods"),
    [
        (Duration.minutes(30), 1800, 1),
        (Duration.hours(24), 86_400, 1),
        (Duration.hours(48), 86_400, 2),
        (Duration.hours(49), 86_400, 3),
        (Duration.seconds(90), 120, 1),
        (Duration.days(7), 86_400, 7),
    ],
)
def test_success_within_custom_takes_no_data_for_no_success(
    make, by_metric, within, period, periods
) -> None:
    make(success_within=within)

    alarm = by_metric()["ExecutionsSucceeded"]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (period, periods)
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"


def test_runbook_default_is_the_projects(make, resources) -> None:
    make()

    for alarm in resources("AWS::CloudWatch::Alarm"):
        assert ". docs/runbook.md#execution-" in alarm["AlarmDescription"]


def test_runbook_custom_is_where_descriptions_point(make, resources) -> None:
    make(runbook="https://wiki.example/lake")

    for alarm in resources("AWS::CloudWatch::Alarm"):
        assert ". https://wiki.example/lake#execution-" in alarm["AlarmDescription"]


@pytest.mark.parametrize(
    ("props", "told"),
    [
        ({"success_within": Duration.seconds(30)}, "success_within: got '30 seconds'; allowed: f"),
        ({"success_within": Duration.days(8)}, "success_within: got '8 days'; allowed: from 1 min"),
        (
            {"success_within": Duration.hours(Token.as_number({"Ref": "Hours"}))},
            "success_within: got .* known at synthesis",
        ),
        ({"runbook": "our wiki"}, "Test/Alarms: runbook: got 'our wiki'; allowed: an address"),
        ({"runbook": "wiki#lake"}, "runbook: got 'wiki#lake'; allowed: an address"),
    ],
)
def test_what_cloudwatch_cannot_watch_is_refused(make, props, told) -> None:
    with pytest.raises(SynthesisError, match=told):
        make(**props)


class TestTopic:
    """What CDK leaves out: without it alarms look healthy, and nothing arrives."""

    def test_a_topic_that_demands_tls_lets_alarms_publish(
        self, stack: Stack, make, resources
    ) -> None:
        make(topic=sns.Topic(stack, "Theirs", enforce_ssl=True))

        (policy,) = resources("AWS::SNS::TopicPolicy")
        deny, allowed = policy["PolicyDocument"]["Statement"]
        assert deny["Effect"] == "Deny"
        assert (allowed["Effect"], allowed["Action"]) == ("Allow", "sns:Publish")
        assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        account = {"Ref": "AWS::AccountId"}
        assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": account}
        assert allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == ":alarm:*"

    def test_the_key_of_the_topic_lets_alarms_use_it(self, stack: Stack, make, resources) -> None:
        make(topic=sns.Topic(stack, "Theirs", master_key=kms.Key(stack, "TheirKey")))

        (key,) = resources("AWS::KMS::Key")
        (use,) = [s for s in key["KeyPolicy"]["Statement"] if "Service" in s["Principal"]]
        assert use["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert use["Action"] == ["kms:GenerateDataKey*", "kms:Decrypt"]
        assert use["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }

    def test_a_second_user_of_the_topic_adds_nothing(
        self, stack: Stack, make, lake, resources
    ) -> None:
        made = make(topic=new_topic(stack, lake.key))
        machine = sfn.StateMachine.from_state_machine_arn(
            stack, "Other", "arn:aws:states:us-east-1:123456789012:stateMachine:other"
        )
        PipelineAlarms(stack, "More", state_machine=machine, topic=new_topic(made, lake.key))

        for policy in resources("AWS::SNS::TopicPolicy"):
            assert len(policy["PolicyDocument"]["Statement"]) == 2
        (key,) = resources("AWS::KMS::Key")
        sids = [s["Sid"] for s in key["KeyPolicy"]["Statement"] if "Sid" in s]
        assert sids.count("CloudWatchAlarms") == 1

    def test_an_imported_topic_is_left_to_its_owner(self, stack: Stack, make, resources) -> None:
        theirs = sns.Topic.from_topic_attributes(
            stack,
            "Theirs",
            topic_arn="arn:aws:sns:us-east-1:123456789012:theirs",
            key_arn="arn:aws:kms:us-east-1:123456789012:key/theirs",
        )

        make(topic=theirs)

        assert resources("AWS::SNS::TopicPolicy") == resources("AWS::KMS::Key") == []
        for alarm in resources("AWS::CloudWatch::Alarm"):
            assert alarm["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:theirs"]


def test_twice_the_shortest_schedule() -> None:
    found = twice([Duration.days(1), None, Duration.minutes(15)])

    assert found is not None
    assert found.to_minutes() == 30
    longest = twice([Duration.days(31)])
    assert longest is not None
    assert longest.to_days() == 7
    assert twice([None]) is None


def test_every_alarm_names_a_section_of_the_runbook(stack, make, resources) -> None:
    made = make(dead_letter_queue=sqs.Queue(stack, "Letters"), success_within=Duration.minutes(30))

    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    sections = {section(name) for name in made.alarms}
    no_alarm = {"before-you-begin", "changing-the-salesforce-secret"}
    assert sections == anchors - no_alarm  # none without, none left over
    for alarm in resources("AWS::CloudWatch::Alarm"):
        found = re.search(r"docs/runbook\.md#([a-z-]+)$", alarm["AlarmDescription"])
        assert found
        assert found[1] in anchors
