import json
from typing import Any

import pytest

from lakehouse_local.local_aws.step_functions_definition import problems

S3 = "arn:aws:states:::aws-sdk:s3:getObject"
GLUE = "arn:aws:states:::glue:startJobRun.sync"


def found(states: dict[str, Any], *, express: bool = False, **top: Any) -> list[str]:
    top = {"StartAt": "A", "QueryLanguage": "JSONata", **top}
    text = json.dumps({**top, "States": states})
    return [str(p) for p in problems(text, express=express)]


def one(**fields: Any) -> dict[str, Any]:
    return {"A": {"Type": "Pass", "End": True, **fields}}


def test_a_good_definition() -> None:
    assert found(one()) == []


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ({"A": {"Type": "Pass"}}, "Exactly one of 'Next' and 'End: true'"),
        (one(Next="A"), "Exactly one of 'Next' and 'End: true'"),
        ({"A": {"Type": "Pass", "Next": "B"}}, "Missing 'Next' target: B at /States/A/Next"),
        ({"A": {"Type": "Choice", "Choices": [], "Default": "Z"}}, "Missing 'Default' target: Z"),
        ({**one(), "B": one()["A"]}, 'State "B" is not reachable'),
        ({"A": {"Type": "Pazz", "End": True}}, "Unknown state type: Pazz"),
        (one(Parameters={}), "'Parameters' is not supported by Pass (JSONata)"),
        (one(Output="{% 1 + %}"), "INVALID_JSONATA_EXPRESSION"),
        ({"A": {"Type": "Task", "End": True}}, "'Resource' is required"),
        ({"A": {"Type": "Wait", "End": True}}, "'Seconds' is required"),
        (
            {"A": {"Type": "Task", "Resource": S3, "End": True, "Retry": [{}]}},
            "'ErrorEquals' is required",
        ),
        (
            {
                "A": {
                    "Type": "Task",
                    "Resource": S3,
                    "End": True,
                    "Retry": [{"ErrorEquals": ["States.ALL", "X"]}],
                }
            },
            "States.ALL must stand alone",
        ),
    ],
)
def test_what_aws_refuses(states: dict[str, Any], message: str) -> None:
    assert any(message in problem for problem in found(states)), found(states)


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"Type": "Task", "Resource": S3, "HeartbeatSeconds": 5}, "HeartbeatSeconds"),
        ({"Type": "Task", "Resource": S3, "Credentials": {}}, "Credentials"),
        (
            {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"},
            "waitForTaskToken",
        ),
        ({"Type": "Task", "Resource": "arn:aws:states:::athena:startQueryExecution.sync"}, ".sync"),
        ({"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob"}, "batch:submitJob"),
        (
            {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"},
            "activity",
        ),
        (
            {
                "Type": "Map",
                "ItemReader": {},
                "ItemProcessor": {
                    "StartAt": "A",
                    "States": one(),
                    "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                },
            },
            "DISTRIBUTED",
        ),
    ],
)
def test_what_the_local_aws_cannot_do_is_named(state: dict[str, Any], named: str) -> None:
    listed = found({"A": {**state, "End": True}})
    assert any("NOT_SUPPORTED_BY_THE_LOCAL_AWS" in p and named in p for p in listed), listed


def test_states_inside_map_and_parallel_are_looked_at() -> None:
    inner = {"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": "Nowhere"}}}
    for state in (
        {"Type": "Map", "End": True, "ItemProcessor": inner},
        {"Type": "Parallel", "End": True, "Branches": [inner]},
    ):
        assert any("Nowhere" in p for p in found({"A": state}))


def test_express_machines_have_no_sync() -> None:
    states = {"A": {"Type": "Task", "Resource": GLUE, "End": True}}
    assert found(states) == []
    assert any("Express" in p for p in found(states, express=True))


def test_text_that_is_no_json() -> None:
    assert problems("{")[0].code == "INVALID_JSON_DESCRIPTION"


@pytest.mark.parametrize(
    ("top", "got"),
    [({}, "got none, for which AWS takes JSONPath"), ({"QueryLanguage": "JSONPath"}, "'JSONPath'")],
)
def test_another_language_is_one_problem(top: dict[str, Any], got: str) -> None:
    states = one(InputPath="$.a", Parameters={"b.$": "$.c"}, Next="Nowhere")
    text = json.dumps({"StartAt": "A", "States": states, **top})
    (problem,) = problems(text)
    assert (problem.code, problem.location) == ("NOT_SUPPORTED_BY_THE_LOCAL_AWS", "/QueryLanguage")
    assert got in problem.message
    assert "say 'JSONata'" in problem.message


@pytest.mark.parametrize("language", ["JSONPath", "XPath"])
def test_a_state_of_another_language_is_one_problem(language: str) -> None:
    (problem,) = found(one(QueryLanguage=language, InputPath="$.a", ResultPath=None))
    assert "must use JSONata at /States/A/QueryLanguage" in problem
    inner = {"StartAt": "X", "States": one(), "QueryLanguage": language}
    (problem,) = found({"A": {"Type": "Map", "End": True, "ItemProcessor": inner}})
    assert "must use JSONata at /States/A/ItemProcessor/QueryLanguage" in problem


def test_a_state_says_the_language_or_nothing_of_it() -> None:
    inner = {"StartAt": "X", "States": {"X": {"Type": "Succeed", "QueryLanguage": "JSONata"}}}
    states = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Next": "C"},
        "C": {"Type": "Parallel", "Branches": [inner], "End": True},
    }
    assert found(states) == []
