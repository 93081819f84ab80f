import re
from pathlib import Path

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from lakehouse_constructs import PipelineAlarms, SynthesisError
from lakehouse_constructs.alarms import section, twice

RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbook.md"


@pytest.fixture
def make(stack: Stack):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    machine = sfn.StateMachine.from_state_machine_arn(stack, "Machine", arn)
    topic = sns.Topic(stack, "Topic")

    def alarms(**props) -> PipelineAlarms:
        return PipelineAlarms(stack, "Alarms", state_machine=machine, topic=topic, **props)

    return alarms


@pytest.fixture
def by_metric(resources):
    def find() -> dict[str, dict]:
        return {alarm["MetricName"]: alarm for alarm in resources("AWS::CloudWatch::Alarm")}

    return find


def test_by_default_it_watches_how_executions_end(make, by_metric) -> None:
    make()

    assert set(by_metric()) == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    for alarm in by_metric().values():
        assert (alarm["Threshold"], alarm["Statistic"]) == (1, "Sum")
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
        assert len(alarm["AlarmActions"]) == len(alarm["OKActions"]) == 1
        assert "AlarmName" not in alarm


def test_a_dead_letter_queue_is_watched(stack, make, by_metric) -> None:
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
def test_no_data_at_all_is_no_success(make, by_metric, within, period, periods) -> None:
    make(success_within=within)

    alarm = by_metric()["ExecutionsSucceeded"]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (period, periods)
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"


@pytest.mark.parametrize("within", [Duration.seconds(30), Duration.days(8)])
def test_what_cloudwatch_cannot_watch_is_refused(make, within) -> None:
    with pytest.raises(SynthesisError, match=r"success_within: got .*allowed: from 1 minute to 7"):
        make(success_within=within)


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
    assert {section(name) for name in made.alarms} == anchors  # none without, none left over
    for alarm in resources("AWS::CloudWatch::Alarm"):
        found = re.search(r"docs/runbook\.md#([a-z-]+)$", alarm["AlarmDescription"])
        assert found
        assert found[1] in anchors
