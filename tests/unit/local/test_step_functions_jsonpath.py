"""The main things of JSONPath state machines, against the running local AWS.

docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html,
intrinsic-functions.html, state-choice.html.
"""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def run(run_states: Any) -> Any:
    return run_states


def passes(**fields: Any) -> dict[str, Any]:
    return {"P": {"Type": "Pass", "End": True, **fields}}


def choice(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Y"}], "Default": "N"},
        "Y": {"Type": "Pass", "Result": True, "End": True},
        "N": {"Type": "Pass", "Result": False, "End": True},
    }


def each(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"StartAt": next(iter(states)), "States": states}
    return {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}


FAILS = {"Type": "Fail", "Error": "Boom", "Cause": "why"}
GIVEN = {"a": {"b": [1, 2, 3]}, "s": "abc", "n": 2, "l": [{"k": "x", "v": 1}, {"k": "y", "v": 2}]}


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"InputPath": "$.a.b[1]"}, 2),
        ({"InputPath": None}, {}),
        ({"OutputPath": "$.s"}, "abc"),
        ({"Result": 7, "ResultPath": "$.x.y"}, {**GIVEN, "x": {"y": 7}}),
        ({"Result": 7, "ResultPath": None}, GIVEN),
        (
            {"Parameters": {"c": 1, "p.$": "$.a.b", "x.$": "$$.State.Name"}},
            {"c": 1, "p": [1, 2, 3], "x": "P"},
        ),
        ({"Parameters": {"m.$": "$.l[?(@.k=='y')].v"}}, {"m": [2]}),
        ({"Parameters": {"m.$": "$.l[?(@.k == 'y' && @.v > 5)]"}}, {"m": []}),
        ({"Parameters": {"m.$": "$.l[*].v", "s.$": "$.a.b[0:2]"}}, {"m": [1, 2], "s": [1, 2]}),
        (
            {"Parameters": {"f.$": "States.Format('{}-{}', $.s, States.MathAdd($.n, 1))"}},
            {"f": "abc-3"},
        ),
        ({"Parameters": {"n.$": "States.ArrayLength($.l[?(@.k=='z')])"}}, {"n": 0}),
        ({"Parameters": {"j.$": "States.StringToJson('{\"k\":1}')"}}, {"j": {"k": 1}}),
        ({"Parameters": {"c.$": "States.ArrayContains($.a.b, 2)"}}, {"c": True}),
    ],
)
def test_input_and_output(run: Any, fields: dict[str, Any], output: Any) -> None:
    found = run(passes(**fields), GIVEN)
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"]) == output


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 1}, True),
        ({"Variable": "$.n", "NumericEqualsPath": "$.a.b[1]"}, True),
        ({"Variable": "$.s", "NumericEquals": 1}, False),
        ({"Variable": "$.s", "StringMatches": "a*"}, True),
        ({"Variable": "$.s", "StringMatches": "a?c"}, False),
        ({"Variable": "$.q", "IsPresent": False}, True),
        ({"Variable": "$.s", "IsString": True}, True),
        (
            {
                "And": [
                    {"Variable": "$.n", "NumericLessThanEquals": 2},
                    {"Not": {"Variable": "$.s", "StringEquals": "x"}},
                ]
            },
            True,
        ),
        (
            {
                "Or": [
                    {"Variable": "$.n", "NumericLessThan": 2},
                    {"Variable": "$.s", "StringEquals": "x"},
                ]
            },
            False,
        ),
        (
            {"Variable": "$$.Execution.StartTime", "TimestampGreaterThan": "2020-01-01T00:00:00Z"},
            True,
        ),
    ],
)
def test_choice_rules(run: Any, rule: dict[str, Any], holds: bool) -> None:
    found = run(choice(rule), GIVEN)
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"]) is holds


@pytest.mark.parametrize(
    "states",
    [
        passes(Parameters={"x.$": "$.missing"}),
        passes(InputPath="$.missing"),
        choice({"Variable": "$.missing", "NumericEquals": 1}),
        each(passes(), ItemsPath="$.s"),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(run: Any, states: dict[str, Any]) -> None:
    found = run(states, GIVEN)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")


def test_an_intrinsic_that_fails(run: Any) -> None:
    found = run(passes(Parameters={"x.$": "States.ArrayGetItem($.a.b, 9)"}), GIVEN)
    assert found["error"] == "States.IntrinsicFailure"


def test_map_with_selector_and_result_path(run: Any) -> None:
    selector = {"v.$": "$$.Map.Item.Value.v", "i.$": "$$.Map.Item.Index", "n.$": "$.n"}
    found = run(
        each(
            passes(),
            ItemsPath="$.l",
            ItemSelector=selector,
            ResultSelector={"r.$": "$[*].v"},
            ResultPath="$.out",
            OutputPath="$.out",
        ),
        GIVEN,
    )
    assert json.loads(found["output"]) == {"r": [1, 2]}


def test_catch_puts_the_error_into_the_input(run: Any) -> None:
    catch = [{"ErrorEquals": ["Boom"], "ResultPath": "$.e", "Next": "H"}]
    states = each({"F": FAILS}, ItemsPath="$.l", Catch=catch)
    found = run({**states, "H": {"Type": "Pass", "OutputPath": "$.e", "End": True}}, GIVEN)
    assert json.loads(found["output"]) == {"Error": "Boom", "Cause": "why"}


def test_variables(run: Any) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.n", "o": {"k": 5}}, "Next": "B"},
        **passes(Parameters={"x.$": "$x", "k.$": "$o.k"}),
    }
    states["A"]["Next"] = "P"
    assert json.loads(run(states, GIVEN)["output"]) == {"x": 2, "k": 5}


def test_a_fail_state_reads_paths(run: Any) -> None:
    states = {"F": {"Type": "Fail", "ErrorPath": "$.s", "CausePath": "States.Format('n={}', $.n)"}}
    found = run(states, GIVEN)
    assert (found["error"], found["cause"]) == ("abc", "n=2")


def test_a_state_of_its_own_language(run: Any) -> None:
    states = passes(QueryLanguage="JSONata", Output="{% $states.input.n + 1 %}")
    assert json.loads(run(states, GIVEN)["output"]) == 3
