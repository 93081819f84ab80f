import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_logs as logs

from lakehouse_constructs import GlueJobExtraction, JobGroup, Pipeline
from lakehouse_jobs.contract.arguments import Argument, BuildVariable

PER_RUN = {
    Argument.EXECUTION_NAME,
    Argument.GROUP,
    Argument.OBJECTS,
    Argument.MODE,
    Argument.SINCE,
    Argument.UNTIL,
}


@pytest.fixture
def make(stack: Stack, lake, extractor, dbt_build) -> Callable[..., Pipeline]:
    def made(**props: Any) -> Pipeline:
        return Pipeline(
            stack,
            "Pipeline",
            **{
                "lake": lake,
                "extraction": extractor,
                "dbt_build": dbt_build,
                "name": "lake_test",
                **props,
            },
        )

    return made


@pytest.fixture
def theirs(stack: Stack) -> glue.CfnJob:
    command = glue.CfnJob.JobCommandProperty(name="glueetl", script_location="s3://theirs/job.py")
    return glue.CfnJob(stack, "Theirs", command=command, role="theirs")


@pytest.fixture
def machine(resources) -> Callable[[], dict]:
    return lambda: resources("AWS::StepFunctions::StateMachine")[0]


@pytest.fixture
def states(make, machine) -> dict:
    make()
    return _definition(machine())["States"]


def _definition(machine: dict) -> dict:
    parts = machine["DefinitionString"]["Fn::Join"][1]
    return json.loads("".join(p if isinstance(p, str) else "<reference>" for p in parts))


class TestDefaults:
    def test_the_job_gets_every_argument_of_a_run(self, states) -> None:
        extract = states["EachGroup"]["ItemProcessor"]["States"]["Extract"]

        assert set(extract["Arguments"]["Arguments"]) == {a.flag for a in PER_RUN}
        assert extract["Arguments"]["Arguments"]["--since"] == "{% $plan.since %}"
        assert extract["Arguments"]["Arguments"]["--until"] == "{% $plan.until %}"
        assert extract["Resource"].endswith(":states:::glue:startJobRun.sync")

    def test_glue_ends_a_run_before_the_state_does(self, states) -> None:
        extract = states["EachGroup"]["ItemProcessor"]["States"]["Extract"]

        assert extract["TimeoutSeconds"] == (120 + 30) * 60
        assert states["Build"]["TimeoutSeconds"] > 4 * 60 * 60

    def test_a_run_that_failed_is_not_started_again(self, states) -> None:
        extract = states["EachGroup"]["ItemProcessor"]["States"]["Extract"]

        retried = [error for retry in extract["Retry"] for error in retry["ErrorEquals"]]
        assert "Glue.ConcurrentRunsExceededException" in retried
        assert not {"States.ALL", "States.TaskFailed"} & set(retried)

    def test_no_failure_within_a_group_ends_the_map(self, states) -> None:
        inner = states["EachGroup"]["ItemProcessor"]["States"]

        for task in (s for s in inner.values() if s["Type"] == "Task"):
            assert [c["ErrorEquals"] for c in task["Catch"]] == [["States.ALL"]]
        # The error of a failed run goes on to where its outcome is read.
        assert "error" in inner["Extract"]["Catch"][0]["Output"]

    def test_an_execution_waits_hours_for_anothers_build(self, states) -> None:
        (retry,) = states["Build"]["Retry"]

        assert retry["ErrorEquals"] == ["CodeBuild.AccountLimitExceededException"]
        assert retry["MaxAttempts"] * retry["MaxDelaySeconds"] > 4 * 60 * 60

    def test_rows_of_an_earlier_execution_are_built_though_nothing_landed(self, states) -> None:
        (rule,) = states["ToBuild?"]["Choices"]

        assert rule["Next"] == "Build"
        assert "$extraction.unbuilt" in rule["Condition"]

    def test_the_build_is_told_whether_to_rebuild_everything(self, states, evaluate) -> None:
        given = states["Build"]["Arguments"]["EnvironmentVariablesOverride"]

        (value,) = [v["Value"] for v in given if v["Name"] == BuildVariable.FULL_REFRESH]
        expression = value.removeprefix("{%").removesuffix("%}")
        for asked, said in ((True, "true"), (False, "false")):
            assert evaluate(expression, variables={"plan": {"full_refresh": asked}}) == said

    def test_a_refused_input_is_a_failure_that_somebody_hears_of(self, states) -> None:
        (rule,) = states["Refused?"]["Choices"]

        assert states[rule["Next"]]["Next"] == "Notify"
        assert "$plan.cause" in states[rule["Next"]]["Assign"]["verdict"]

    def test_a_failed_alert_does_not_hide_the_failure(self, states) -> None:
        assert states["Notify"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]
        assert states["Notify"]["Next"] == "Failed"
        assert states["Failed"]["Type"] == "Fail"

    def test_every_expression_is_one_line(self, make, machine) -> None:
        make()
        for text in _strings(_definition(machine())):
            assert "\n" not in text

    def test_executions_are_traced_logged_and_ended_after_a_day(
        self, make, machine, resources
    ) -> None:
        make()
        properties = machine()

        assert properties["TracingConfiguration"] == {"Enabled": True}
        assert properties["LoggingConfiguration"]["Level"] == "ALL"
        assert _definition(properties)["TimeoutSeconds"] == 24 * 60 * 60
        assert _definition(properties)["QueryLanguage"] == "JSONata"
        names = [str(g.get("LogGroupName")) for g in resources("AWS::Logs::LogGroup")]
        assert any(name.startswith("/aws/vendedlogs/states/") for name in names)

    def test_the_role_may_publish_on_an_encrypted_topic_and_read_outcomes(
        self, make, resources
    ) -> None:
        make()
        (policy,) = [p for p in resources("AWS::IAM::Policy") if "sns:Publish" in json.dumps(p)]
        allowed = policy["PolicyDocument"]["Statement"]

        (key,) = [s for s in allowed if "kms:GenerateDataKey" in s["Action"]]
        assert '"sns."' in json.dumps(key["Condition"])
        assert any(s["Action"] == "sns:Publish" for s in allowed)
        assert any("glue:StartJobRun" in s["Action"] for s in allowed)
        (read,) = [s for s in allowed if s["Action"] == "s3:GetObject"]
        assert read["Resource"]["Fn::Join"][1][-1] == "/runs/*"

    def test_alarms_may_publish_although_the_topic_demands_tls(self, make, resources) -> None:
        make()
        (policy,) = resources("AWS::SNS::TopicPolicy")
        by_sid = {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}

        assert by_sid["AllowPublishThroughSSLOnly"]["Effect"] == "Deny"
        assert by_sid["CloudWatchAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}

    def test_nobody_is_subscribed(self, make, resources) -> None:
        make()

        assert resources("AWS::SNS::Subscription") == []


class TestCustom:
    def test_props(self, make, machine, resources) -> None:
        make(
            alert_emails=("a@example.com", "b@example.com"),
            max_concurrency=2,
            timeout=Duration.hours(3),
            log_retention=logs.RetentionDays.ONE_DAY,
        )

        assert [s["Endpoint"] for s in resources("AWS::SNS::Subscription")] == [
            "a@example.com",
            "b@example.com",
        ]
        definition = _definition(machine())
        assert definition["States"]["EachGroup"]["MaxConcurrency"] == 2
        assert definition["TimeoutSeconds"] == 3 * 60 * 60
        assert 1 in {g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")}


class TestAJobOfOnesOwn:
    @pytest.fixture
    def each(self, make, machine, theirs) -> Callable[..., dict]:
        def made(**props: Any) -> dict:
            make(extraction=GlueJobExtraction(job=theirs, **props))
            return _definition(machine())["States"]["EachGroup"]

        return made

    def test_its_runs_are_started_with_its_own_size(self, each) -> None:
        extract = each(timeout=Duration.minutes(20))["ItemProcessor"]["States"]["Extract"]

        assert extract["Arguments"]["JobName"] == "<reference>"
        assert not {"WorkerType", "NumberOfWorkers"} & set(extract["Arguments"])
        assert set(extract["Arguments"]["Arguments"]) == {a.flag for a in PER_RUN}
        assert extract["TimeoutSeconds"] == (20 + 30) * 60

    def test_nothing_is_read_of_a_run_that_promises_no_outcome(self, each) -> None:
        inner = each()["ItemProcessor"]["States"]

        assert set(inner) == {"Extract", "RunEnded"}
        assert inner["Extract"]["Next"] == inner["Extract"]["Catch"][0]["Next"] == "RunEnded"
        assert inner["RunEnded"]["End"] is True

    def test_a_promised_outcome_is_read_as_the_extractors_is(self, each) -> None:
        inner = each(writes_outcome=True)["ItemProcessor"]["States"]

        assert set(inner) == {"Extract", "ReadOutcome", "NoOutcome"}

    def test_its_runs_come_one_after_the_other_unless_told_otherwise(
        self, make, machine, theirs
    ) -> None:
        groups = [JobGroup(name="a"), JobGroup(name="b")]
        make(extraction=GlueJobExtraction(job=theirs, groups=groups))

        assert _definition(machine())["States"]["EachGroup"]["MaxConcurrency"] == 1

    def test_the_role_may_start_this_job_and_no_other(self, each, resources) -> None:
        each()

        (start,) = [
            s
            for p in resources("AWS::IAM::Policy")
            for s in p["PolicyDocument"]["Statement"]
            if "glue:StartJobRun" in s["Action"]
        ]
        assert start["Resource"]["Fn::Join"][1][-1] == {"Ref": "Theirs"}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return []
