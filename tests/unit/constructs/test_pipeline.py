import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Fn, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from lakehouse_constructs import (
    DbtBuild,
    GlueJobExtraction,
    JobGroup,
    Pipeline,
    QueryAccess,
    SynthesisError,
    SystemComparison,
)
from lakehouse_constructs._interfaces import service_principal
from lakehouse_jobs.contract.arguments import Argument, BuildVariable
from tests.unit.constructs.everything import old_system

THEIR_LOGS = logs.LogGroup.from_log_group_name(Stack(), "Logs", "theirs")
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
def comparison(
    stack: Stack, lake, catalog, dbt_build, tmp_path: Path, wheel_cache: Path
) -> SystemComparison:
    config = tmp_path / "comparison.json"
    config.write_text('{"old": {"database": "erp"}, "new": {"layer": "marts"}}')
    return SystemComparison(
        stack,
        "Comparison",
        dbt_build=dbt_build,
        queries=QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="questions"),
        **old_system(stack),
        config=config,
        wheel_cache=wheel_cache,
    )


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


@pytest.fixture
def evaluated(evaluate) -> Callable[..., Any]:
    """The value of an expression as it stands in a definition; ``asked`` is a variable."""

    def value(text: str, *, asked: int = 0, **states: Any) -> Any:
        expression = text.removeprefix("{%").removesuffix("%}")
        return evaluate(expression, variables={"asked": asked}, **states)

    return value


def _definition(machine: dict) -> dict:
    parts = machine["DefinitionString"]["Fn::Join"][1]
    return json.loads("".join(p if isinstance(p, str) else "<reference>" for p in parts))


class TestComparison:
    def test_comparison_default_is_none(self, states, resources) -> None:
        assert "Compare" not in states
        assert "comparison" not in states["Collect"]["Assign"]
        assert states["ReadBuildOutcome"]["Next"] == "Judge"
        assert "states:ListExecutions" not in json.dumps(resources("AWS::IAM::Policy"))

    def test_comparison_custom_runs_in_the_project_after_the_build(
        self, make, comparison, machine
    ) -> None:
        make(comparison=comparison)
        states = _definition(machine())["States"]

        assert states["ReadBuildOutcome"]["Next"] == "Built?"
        assert _ways(states["Built?"]) == ["Compare", "Judge"]
        assert states["Compare"]["Resource"].endswith(":states:::codebuild:startBuild.sync")
        compare, build = states["Compare"]["Arguments"], states["Build"]["Arguments"]
        assert compare["ProjectName"] == build["ProjectName"]
        assert compare["BuildspecOverride"] == comparison.buildspec
        assert {v["Name"]: v["Value"] for v in compare["EnvironmentVariablesOverride"]} == {
            "LAKEHOUSE_EXECUTION_NAME": "{% $states.context.Execution.Name %}",
            "LAKEHOUSE_STATE_MACHINE_ARN": "{% $states.context.StateMachine.Id %}",
            "LAKEHOUSE_WORK_GROUP": "questions",
        }
        assert states["Compare"]["TimeoutSeconds"] == states["Build"]["TimeoutSeconds"]

    def test_differences_and_their_telling_fail_no_execution(
        self, make, comparison, machine
    ) -> None:
        make(comparison=comparison)
        states = _definition(machine())["States"]

        assert [c["Next"] for c in states["Compare"]["Catch"]] == ["ReadComparison"]
        assert states["Compare"]["Next"] == "ReadComparison"
        assert "/_comparison.json'" in states["ReadComparison"]["Arguments"]["Key"]
        assert states["ReadComparison"]["Next"] == "Turned?"
        assert [c["Next"] for c in states["ReadComparison"]["Catch"]] == ["Judge"]
        assert _ways(states["Turned?"]) == ["TellOfTurn", "Judge"]
        assert states["TellOfTurn"]["Next"] == "Judge"
        assert [c["Next"] for c in states["TellOfTurn"]["Catch"]] == ["Judge"]
        assert states["TellOfTurn"]["Arguments"]["TopicArn"] == "<reference>"

    def test_only_a_verdict_that_turned_is_told(self, make, comparison, machine, evaluate) -> None:
        make(comparison=comparison)
        (rule,) = _definition(machine())["States"]["Turned?"]["Choices"]
        condition = rule["Condition"].removeprefix("{%").removesuffix("%}")

        for outcome, told in (({"turned": True}, True), ({"turned": False}, False), ({}, False)):
            assert evaluate(condition, variables={"comparison": outcome}) is told

    def test_the_build_reads_the_run_times_of_the_pipeline(
        self, stack: Stack, make, comparison, resources
    ) -> None:
        made = make(comparison=comparison)

        (policy,) = [p for p in resources("AWS::IAM::Policy") if "ListExecutions" in json.dumps(p)]
        reads, describes = policy["PolicyDocument"]["Statement"]
        assert reads["Resource"] == stack.resolve(made.state_machine.state_machine_arn)
        assert describes["Action"] == "states:DescribeExecution"

    def test_a_comparison_of_another_build_is_refused(
        self, stack: Stack, make, comparison, lake, catalog, dbt_project, wheel_cache
    ) -> None:
        other = DbtBuild(
            stack,
            "Other",
            lake=lake,
            catalog=catalog,
            dbt_project=dbt_project,
            wheel_cache=wheel_cache,
        )

        with pytest.raises(SynthesisError, match="comparison: got 'Test/Comparison'; allowed: one"):
            make(comparison=comparison, dbt_build=other)


def _ways(choice: dict) -> list[str]:
    return [*(rule["Next"] for rule in choice["Choices"]), choice["Default"]]


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

    def test_an_execution_waits_hours_for_anothers_build(self, states, evaluated) -> None:
        turn, _ = states["Build"]["Catch"]

        assert turn["ErrorEquals"] == ["CodeBuild.AccountLimitExceededException"]
        assert states[turn["Next"]]["Default"] == "WaitForTurn"
        assert states["WaitForTurn"]["Next"] == "Build"
        seconds = [evaluated(states["WaitForTurn"]["Seconds"], asked=n) for n in range(1, 101)]
        assert (seconds[0], max(seconds)) == (20, 300)
        assert sum(seconds) > 7 * 60 * 60
        assert "Retry" not in states["Build"]

    @pytest.mark.parametrize(
        ("asked", "cause", "goes_on"),
        [
            (1, "Project-level concurrent build limit of 1 exceeded", True),
            (1, "Cannot have more than 1 builds in queue for the account", True),
            (1, "Cannot have more than 0 builds in queue for the account", False),
            (1, "Cannot have more than 0 active builds for the account", False),
            (101, "Cannot have more than 1 builds in queue for the account", False),
        ],
    )
    def test_no_waiting_where_the_account_may_run_no_build(
        self, states, evaluated, asked, cause, goes_on
    ) -> None:
        turn, _ = states["Build"]["Catch"]
        error = {"Error": turn["ErrorEquals"][0], "Cause": cause}
        given = evaluated(turn["Output"]["error"], error_output=error)
        (rule,) = states[turn["Next"]]["Choices"]

        assert rule["Next"] == "ReadBuildOutcome"
        assert evaluated(rule["Condition"], asked=asked, input={"error": given}) is not goes_on

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

    def test_executions_are_traced_and_logged(self, make, machine) -> None:
        make()
        properties = machine()

        assert properties["TracingConfiguration"] == {"Enabled": True}
        assert properties["LoggingConfiguration"]["Level"] == "ALL"
        assert _definition(properties)["QueryLanguage"] == "JSONata"

    def test_timeout_default_is_a_day(self, make, machine) -> None:
        make()

        assert _definition(machine())["TimeoutSeconds"] == 24 * 60 * 60

    def test_log_group_default_is_a_new_one_on_the_lakes_key(self, make, resources) -> None:
        made = make()

        (group,) = _vended(resources)
        assert "KmsKeyId" in group
        assert made.log_group.node.scope is made

    def test_log_retention_default_is_three_months(self, make, resources) -> None:
        make()

        assert [g["RetentionInDays"] for g in _vended(resources)] == [90]

    def test_max_concurrency_default_is_the_orgs_long_requests(
        self, make, machine, extractor
    ) -> None:
        make()

        expected = min(10, extractor.objects.api_budget.long_requests)
        assert _definition(machine())["States"]["EachGroup"]["MaxConcurrency"] == expected

    def test_role_default_may_publish_on_an_encrypted_topic_and_read_outcomes(
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

    def test_alert_topic_default_lets_alarms_publish_though_it_demands_tls(
        self, make, resources
    ) -> None:
        make()
        (policy,) = resources("AWS::SNS::TopicPolicy")
        by_sid = {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}

        assert by_sid["AllowPublishThroughSSLOnly"]["Effect"] == "Deny"
        assert by_sid["CloudWatchAlarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}

    def test_alert_emails_default_is_nobody(self, make, resources) -> None:
        make()

        assert resources("AWS::SNS::Subscription") == []


class TestCustom:
    def test_alert_emails_custom_are_subscribed(self, make, resources) -> None:
        make(alert_emails=["a@example.com", "b@example.com"])

        assert [s["Endpoint"] for s in resources("AWS::SNS::Subscription")] == [
            "a@example.com",
            "b@example.com",
        ]

    def test_max_concurrency_custom(self, make, machine) -> None:
        make(max_concurrency=2)

        assert _definition(machine())["States"]["EachGroup"]["MaxConcurrency"] == 2

    def test_timeout_custom(self, make, machine) -> None:
        make(timeout=Duration.hours(3))

        assert _definition(machine())["TimeoutSeconds"] == 3 * 60 * 60

    def test_log_retention_custom(self, make, resources) -> None:
        make(log_retention=logs.RetentionDays.ONE_DAY)

        assert [g["RetentionInDays"] for g in _vended(resources)] == [1]

    def test_log_group_custom_takes_the_executions(
        self, stack: Stack, make, machine, resources
    ) -> None:
        arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/theirs"
        theirs = logs.LogGroup.from_log_group_arn(stack, "Theirs", arn)

        assert make(log_group=theirs).log_group is theirs
        assert _vended(resources) == []
        (destination,) = machine()["LoggingConfiguration"]["Destinations"]
        assert destination["CloudWatchLogsLogGroup"]["LogGroupArn"] == f"{arn}:*"

    def test_alert_topic_custom_of_the_app_gets_messages_on_its_own_key(
        self, stack: Stack, make, machine, resources
    ) -> None:
        key = kms.Key(stack, "TheirKey")
        theirs = sns.Topic(stack, "Theirs", master_key=key, enforce_ssl=True)

        made = make(alert_topic=theirs, alert_emails=["a@example.com"])

        assert made.alert_topic is theirs
        assert len(resources("AWS::SNS::Topic")) == 1
        reference = {"Ref": stack.get_logical_id(theirs.node.default_child)}
        assert resources("AWS::SNS::Subscription")[0]["TopicArn"] == reference
        arn = stack.resolve(key.key_arn)
        (use,) = [s for s in _of_machine(resources) if s["Resource"] == arn]
        assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert '"sns."' in json.dumps(use["Condition"])
        (publish,) = [s for s in _of_machine(resources) if s["Action"] == "sns:Publish"]
        assert publish["Resource"] == reference

    def test_alert_topic_custom_of_somebody_else_is_published_to_and_left_alone(
        self, stack: Stack, make, resources
    ) -> None:
        arn = "arn:aws:sns:us-east-1:123456789012:theirs"
        key = "arn:aws:kms:us-east-1:123456789012:key/theirs"
        theirs = sns.Topic.from_topic_attributes(stack, "Theirs", topic_arn=arn, key_arn=key)

        make(alert_topic=theirs)

        assert resources("AWS::SNS::TopicPolicy") == []
        (use,) = [s for s in _of_machine(resources) if s["Resource"] == key]
        assert '"sns."' in json.dumps(use["Condition"])

    def test_role_custom_gets_what_the_state_machine_needs(
        self, stack: Stack, make, machine, resources
    ) -> None:
        states = service_principal("states.amazonaws.com")
        theirs = iam.Role(stack, "Theirs", assumed_by=states)

        assert make(role=theirs).role is theirs
        assert machine()["RoleArn"] == stack.resolve(theirs.role_arn)
        text = json.dumps(_of_machine(resources))
        for action in (
            "glue:StartJobRun",
            "codebuild:StartBuild",
            "sns:Publish",
            "s3:GetObject",
            "kms:GenerateDataKey",
            "logs:CreateLogDelivery",
        ):
            assert action in text

    def test_role_custom_that_may_not_be_changed_is_left_alone(
        self, stack: Stack, make, machine, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"

        make(role=iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False))

        assert machine()["RoleArn"] == arn
        assert "glue:StartJobRun" not in json.dumps(resources("AWS::IAM::Policy"))

    @pytest.mark.parametrize(
        ("props", "told"),
        [
            ({"name": "our 'lake'"}, r"Test/Pipeline: name: got \"our 'lake'\"; allowed: letters"),
            ({"max_concurrency": 0}, r"max_concurrency: got 0; allowed: a whole number from 1 to"),
            ({"max_concurrency": 41}, r"max_concurrency: got 41; allowed: .* to 40"),
            ({"timeout": Duration.seconds(90)}, r"timeout: got '1 minute 30 seconds'; allowed: "),
            (
                {"log_group": THEIR_LOGS, "log_retention": logs.RetentionDays.ONE_DAY},
                r"log_retention: got 'ONE_DAY'; allowed: none with log_group=",
            ),
            ({"alert_emails": ["ops"]}, r"alert_emails: got 'ops'; allowed: e-mail addresses"),
        ],
    )
    def test_what_cannot_be_deployed_is_refused(self, make, props, told) -> None:
        with pytest.raises(SynthesisError, match=told):
            make(**props)

    def test_a_value_known_at_deployment_passes(self, stack: Stack, make) -> None:
        address = CfnParameter(stack, "Address").value_as_string

        make(name=Fn.import_value("name"), alert_emails=[address])


class TestUse:
    def test_who_starts_executions_gets_this_pipeline_alone(
        self, stack: Stack, make, resources
    ) -> None:
        user = iam.User(stack, "User")

        make().grant_start_execution(user)

        (policy,) = [p for p in resources("AWS::IAM::Policy") if "Users" in p]
        start, watch = policy["PolicyDocument"]["Statement"]
        assert start["Action"] == ["states:StartExecution", "states:ListExecutions"]
        assert "PipelineStateMachine" in start["Resource"]["Ref"]
        assert "states:StopExecution" in watch["Action"]
        *_, name, every = watch["Resource"]["Fn::Join"][1]
        assert "PipelineStateMachine" in name["Fn::GetAtt"][0]
        assert every == ":*"

    def test_the_roles_of_its_parts_may_start_it_too(
        self, stack: Stack, make, extractor, dbt_build, template_of
    ) -> None:
        pipeline = make()
        roles = [pipeline.role, extractor.role, dbt_build.role, dbt_build.session_role]

        for role in [*roles, *roles]:  # a second time adds nothing
            pipeline.grant_start_execution(role).assert_success()

        policies = template_of(stack).find_resources("AWS::IAM::Policy")  # it refuses a circle
        starting = [
            policy["Properties"]
            for policy in policies.values()
            if "states:StartExecution" in json.dumps(policy)
        ]
        assert all(len(policy["PolicyDocument"]["Statement"]) == 2 for policy in starting)
        granted = [role for policy in starting for role in policy["Roles"]]
        assert len(granted) == len(roles)
        assert all(stack.resolve(role.role_name) in granted for role in roles)

    def test_its_role_that_may_not_be_changed_is_left_alone(
        self, stack: Stack, make, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"
        theirs = iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False)

        make(role=theirs).grant_start_execution(theirs)

        assert "states:StartExecution" not in json.dumps(resources("AWS::IAM::Policy"))

    def test_metrics_are_those_of_the_state_machine(self, make) -> None:
        pipeline = make()

        names = [
            pipeline.metric_failed(period=Duration.hours(1)).metric_name,
            pipeline.metric_succeeded().metric_name,
            pipeline.metric_timed_out().metric_name,
            pipeline.metric_duration().metric_name,
        ]
        assert names == [
            "ExecutionsFailed",
            "ExecutionsSucceeded",
            "ExecutionsTimedOut",
            "ExecutionTime",
        ]


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


def _vended(resources) -> list[dict]:
    """The log groups of executions."""
    return [
        group
        for group in resources("AWS::Logs::LogGroup")
        if str(group.get("LogGroupName")).startswith("/aws/vendedlogs/states/")
    ]


def _of_machine(resources) -> list[dict]:
    """The statements of the policy that lets runs be started."""
    (policy,) = [p for p in resources("AWS::IAM::Policy") if "glue:StartJobRun" in json.dumps(p)]
    return policy["PolicyDocument"]["Statement"]


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return []
