"""What the state machine language does, against the running local AWS.

Each case pins a behaviour that AWS documents; ``page`` is the page below
docs.aws.amazon.com/step-functions/latest/dg/ (``asl`` is states-language.net/spec.html).
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.local_aws

ROLE = "arn:aws:iam::123456789012:role/machine"
ERROR = "States.QueryEvaluationError"
Run = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Case:
    name: str
    page: str
    states: dict[str, Any]
    output: Any = None
    error: str = ""
    input: Any = None
    cause: str = ""


@pytest.fixture(scope="module")
def run(run_states: Run) -> Run:
    return run_states


def passes(**fields: Any) -> dict[str, Any]:
    return {"P": {"Type": "Pass", "End": True, **fields}}


def of(expression: str) -> dict[str, Any]:
    return passes(Output="{% " + expression + " %}")


def fails(error: str = "Boom", cause: str = "why") -> dict[str, Any]:
    return {"Type": "Fail", "Error": error, "Cause": cause}


def parallel(*starts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    branches = [{"StartAt": next(iter(states)), "States": states} for states in starts]
    return {"Type": "Parallel", "Branches": branches, "End": True, **fields}


def each(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"StartAt": next(iter(states)), "States": states}
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Map", "ItemProcessor": processor, **end, **fields}


DATA = "transforming-data.html"
VARIABLES = "workflow-variables.html"
ERRORS = "concepts-error-handling.html"
CASES = [
    Case("input goes through a Pass", DATA, passes(), {"a": None}, input={"a": None}),
    Case(
        "templates keep what is no expression",
        DATA,
        passes(Output={"a": [1, "{% 1+1 %}"]}),
        {"a": [1, 2]},
    ),
    Case(
        "a null in the input is null",
        DATA,
        of("{'a': $states.input.a, 'b': $exists($states.input.a)}"),
        {"a": None, "b": True},
        input={"a": None},
    ),
    Case(
        "what is not there is an error",
        DATA,
        of("$states.input.nope"),
        error=ERROR,
        cause="$states.input.nope",
    ),
    Case("a bare name does not read the input", DATA, of("a"), error=ERROR, input={"a": 1}),
    Case("an explicit null is a result", DATA, of("null"), None),
    Case("a function is no result", DATA, of("function($x) { $x }"), error=ERROR),
    Case("a type error names the state", DATA, of("1 + 'a'"), error=ERROR, cause="the state 'P'"),
    Case("one match is no array", DATA, of("$states.input[$ > 1]"), 2, input=[1, 2]),
    Case("brackets make it one", DATA, of("[$states.input[$ > 2]]"), [], input=[1, 2]),
    Case("whole numbers stay whole", DATA, of("[4 / 2, 1.5, $sum([1, 2])]"), [2, 1.5, 3]),
    Case("$parse reads JSON", DATA, of("$parse('{\"a\": [1, null]}').a"), [1, None]),
    Case("$eval is not there", DATA, of("$eval('1')"), error=ERROR),
    Case("$partition, $range", DATA, of("$partition($range(1, 5, 2), 2)"), [[1, 3], [5]]),
    Case("$hash", DATA, of("$hash('a', 'MD5')"), "0cc175b9c0f1b6a831c399e269772661"),
    Case(
        "the execution's name and input",
        "input-output-contextobject.html",
        of("$states.context.Execution.(Input.a & $type(Name))"),
        "1string",
        input={"a": 1},
    ),
    Case(
        "the state's name", "input-output-contextobject.html", of("$states.context.State.Name"), "P"
    ),
    Case("no result in a Pass", VARIABLES, of("$states.result"), error=ERROR),
    Case(
        "variables reach later states",
        VARIABLES,
        {
            "A": {
                "Type": "Pass",
                "Assign": {"x": "{% $states.input.a %}"},
                "Output": {},
                "Next": "B",
            },
            "B": {"Type": "Succeed", "Output": "{% $x %}"},
        },
        1,
        input={"a": 1},
    ),
    Case(
        "Assign and Output see the old values",
        VARIABLES,
        {
            "A": {"Type": "Pass", "Assign": {"x": 1, "y": 1}, "Next": "B"},
            "B": {
                "Type": "Pass",
                "Assign": {"x": 2, "y": "{% $x %}"},
                "Output": "{% $x %}",
                "Next": "C",
            },
            "C": {"Type": "Succeed", "Output": "{% [$states.input, $x, $y] %}"},
        },
        [1, 2, 1],
    ),
    Case(
        "a null variable is null",
        VARIABLES,
        {
            "A": {"Type": "Pass", "Assign": {"x": None}, "Next": "B"},
            "B": {"Type": "Succeed", "Output": "{% [$x, $exists($x)] %}"},
        },
        [None, True],
    ),
    Case(
        "a branch reads outer variables; its own stay inside",
        VARIABLES,
        {
            "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"},
            "M": each(
                passes(Assign={"z": "{% $states.input %}"}, Output="{% $x + $states.input %}"),
                Items=[1, 2],
                Next="C",
            ),
            "C": {"Type": "Succeed", "Output": "{% [$states.input, $exists($z)] %}"},
        },
        [2, 3, False],
    ),
    Case(
        "Choice takes the first rule that holds",
        "state-choice.html",
        {
            "C": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $states.input.n > 1 %}",
                        "Next": "Y",
                        "Output": "{% 'out' %}",
                        "Assign": {"v": 1},
                    },
                    {"Condition": True, "Next": "N"},
                ],
            },
            "Y": {"Type": "Succeed", "Output": "{% [$states.input, $v] %}"},
            "N": fails(),
        },
        ["out", 1],
        input={"n": 2},
    ),
    Case(
        "Default takes the state's Output and Assign",
        "state-choice.html",
        {
            "C": {
                "Type": "Choice",
                "Choices": [{"Condition": False, "Next": "N"}],
                "Default": "D",
                "Output": {"d": 1},
                "Assign": {"v": 2},
            },
            "N": fails(),
            "D": {"Type": "Succeed", "Output": "{% [$states.input.d, $v] %}"},
        },
        [1, 2],
    ),
    Case(
        "no rule and no Default",
        "state-choice.html",
        {
            "C": {"Type": "Choice", "Choices": [{"Condition": False, "Next": "N"}]},
            "N": {"Type": "Succeed"},
        },
        error="States.NoChoiceMatched",
    ),
    Case(
        "a Condition must be a boolean",
        "state-choice.html",
        {
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "N"}]},
            "N": {"Type": "Succeed"},
        },
        error=ERROR,
        cause="boolean",
    ),
    Case(
        "Succeed has an Output",
        "state-succeed.html",
        {"S": {"Type": "Succeed", "Output": {"a": "{% 1 %}"}}},
        {"a": 1},
    ),
    Case(
        "Fail evaluates Error and Cause",
        "state-fail.html",
        {"F": fails("{% 'E' & 'x' %}", "{% $states.input.c %}")},
        error="Ex",
        cause="because",
        input={"c": "because"},
    ),
    Case(
        "Fail wants strings",
        "state-fail.html",
        {"F": fails("{% 1 %}")},
        error=ERROR,
        cause="string",
    ),
    Case(
        "Wait takes an expression",
        "state-wait.html",
        {"W": {"Type": "Wait", "Seconds": "{% 0 %}", "Output": "{% 'w' %}", "End": True}},
        "w",
    ),
    Case(
        "Wait wants whole seconds",
        "state-wait.html",
        {"W": {"Type": "Wait", "Seconds": "{% 0.5 %}", "End": True}},
        error=ERROR,
    ),
    Case(
        "Wait until a past time",
        "state-wait.html",
        {"W": {"Type": "Wait", "Timestamp": "{% '2020-01-01T00:00:00Z' %}", "End": True}},
        {},
    ),
    Case(
        "Map gives the outputs in order",
        "state-map-inline.html",
        {
            "M": each(
                passes(Output="{% $states.input * 2 %}"),
                Items="{% $states.input %}",
                MaxConcurrency=2,
            )
        },
        [2, 4, 6],
        input=[1, 2, 3],
    ),
    Case(
        "ItemSelector sees item, index and the Map's input",
        "input-output-itemselector.html",
        {
            "M": each(
                passes(),
                Items="{% $states.input.l %}",
                ItemSelector={
                    "v": "{% $states.context.Map.Item.Value %}",
                    "i": "{% $states.context.Map.Item.Index %}",
                    "k": "{% $states.input.k %}",
                },
            )
        },
        [{"v": "a", "i": 0, "k": 1}, {"v": "b", "i": 1, "k": 1}],
        input={"l": ["a", "b"], "k": 1},
    ),
    Case(
        "states of an iteration see Map.Item too",
        "input-output-contextobject.html",
        {"M": each(of("$states.context.Map.Item.Index"), Items=["a", "b"])},
        [0, 1],
    ),
    Case(
        "Map's Output sees all results",
        "state-map-inline.html",
        {"M": each(passes(), Items=[1, 2], Output="{% $sum($states.result) %}")},
        3,
    ),
    Case(
        "no items, no iterations",
        "state-map-inline.html",
        {"M": each({"F": fails()}, Items=[])},
        [],
    ),
    Case(
        "Items must be an array",
        "state-map-inline.html",
        {"M": each(passes(), Items="{% $states.input %}")},
        error=ERROR,
        cause="array",
        input={"a": 1},
    ),
    Case(
        "a failed iteration fails the Map with its error",
        "state-map-inline.html",
        {"M": each({"F": fails()}, Items=[1])},
        error="Boom",
        cause="why",
    ),
    Case(
        "Map's Catch has the error",
        ERRORS,
        {
            "M": each(
                {"F": fails()},
                Items=[1],
                Catch=[
                    {
                        "ErrorEquals": ["Boom"],
                        "Output": {"e": "{% $states.errorOutput %}", "i": "{% $states.input.k %}"},
                        "Assign": {"v": "{% $states.errorOutput.Cause %}"},
                        "Next": "S",
                    }
                ],
            ),
            "S": {"Type": "Succeed", "Output": "{% $merge([$states.input, {'v': $v}]) %}"},
        },
        {"e": {"Error": "Boom", "Cause": "why"}, "i": 1, "v": "why"},
        input={"k": 1},
    ),
    Case(
        "without Output a Catch gives the error output",
        "asl",
        {
            "M": each(
                {"F": fails()}, Items=[1], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "S"}]
            ),
            "S": {"Type": "Succeed"},
        },
        {"Error": "Boom", "Cause": "why"},
        input={"k": 1},
    ),
    Case(
        "Parallel hands Arguments to the branches",
        "state-parallel.html",
        {
            "P": parallel(
                of("$states.input.a"),
                {"Q": {"Type": "Succeed", "Output": 2}},
                Arguments={"a": "{% $states.input.k %}"},
                Output="{% $states.result %}",
            )
        },
        [7, 2],
        input={"k": 7},
    ),
    Case(
        "Parallel's first error is its own",
        "state-parallel.html",
        {"P": parallel({"W": {"Type": "Wait", "Seconds": 300, "End": True}}, {"F": fails()})},
        error="Boom",
    ),
    Case(
        "an evaluation error can be caught",
        ERRORS,
        {
            "P": parallel(
                of("$nope"), Catch=[{"ErrorEquals": [ERROR], "Output": "caught", "Next": "S"}]
            ),
            "S": {"Type": "Succeed"},
        },
        "caught",
    ),
    Case(
        "States.TaskFailed takes all but a timeout",
        ERRORS,
        {
            "P": parallel(
                {"F": fails()},
                Catch=[{"ErrorEquals": ["States.TaskFailed"], "Output": "caught", "Next": "S"}],
            ),
            "S": {"Type": "Succeed"},
        },
        "caught",
    ),
    Case(
        "States.ALL does not take States.Runtime",
        ERRORS,
        {
            "P": parallel(
                {"F": fails("States.Runtime")}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "S"}]
            ),
            "S": {"Type": "Succeed"},
        },
        error="States.Runtime",
    ),
    Case(
        "more than 256 KiB is too much",
        "service-quotas.html",
        of("$join($map([1..40000], function($x) { 'abcdefg' }))"),
        error="States.DataLimitExceeded",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_language(run: Run, case: Case) -> None:
    found = run(case.states, case.input)
    if case.error:
        assert found["status"] == "FAILED", found
        assert found["error"] == case.error
        assert case.cause in found.get("cause", "")
    else:
        assert found["status"] == "SUCCEEDED", (found.get("error"), found.get("cause"))
        assert json.loads(found["output"]) == case.output


def seconds(found: dict[str, Any]) -> float:
    return (found["stopDate"] - found["startDate"]).total_seconds()


def events(local_aws: Any, found: dict[str, Any]) -> list[dict[str, Any]]:
    client = local_aws.client("stepfunctions")
    return client.get_execution_history(executionArn=found["executionArn"], maxResults=1000)[
        "events"
    ]


def test_retry_waits_and_counts(run: Run, local_aws: Any) -> None:
    retry = {"ErrorEquals": ["Boom"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}
    found = run({"P": parallel({"F": fails()}, Retry=[retry])})
    assert found["status"] == "FAILED"
    assert seconds(found) >= 2
    kinds = [e["type"] for e in events(local_aws, found)]
    assert kinds.count("ParallelStateStarted") == 3


def test_retry_count_is_in_the_context(run: Run) -> None:
    branch = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n < 1 %}", "Next": "F"}],
            "Default": "S",
        },
        "F": fails(),
        "S": {"Type": "Succeed", "Output": "{% $states.input.n %}"},
    }
    retry = [{"ErrorEquals": ["Boom"], "IntervalSeconds": 1}]
    arguments = {"n": "{% $states.context.State.RetryCount %}"}
    found = run({"P": parallel(branch, Arguments=arguments, Retry=retry)})
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"]) == [1]


def test_the_machine_s_time_out(run: Run, local_aws: Any) -> None:
    found = run({"W": {"Type": "Wait", "Seconds": 300, "End": True}}, TimeoutSeconds=1)
    assert found["status"] == "TIMED_OUT"
    assert events(local_aws, found)[-1]["type"] == "ExecutionTimedOut"


def test_a_failed_iteration_ends_the_others(run: Run, local_aws: Any) -> None:
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "F"}],
            "Default": "W",
        },
        "F": fails(),
        "W": {"Type": "Wait", "Seconds": 300, "End": True},
    }
    found = run({"M": each(states, Items=[1, 2, 3])})
    assert (found["status"], found["error"]) == ("FAILED", "Boom")
    kinds = [e["type"] for e in events(local_aws, found)]
    assert kinds.count("MapIterationFailed") == 1
    assert kinds.count("MapIterationAborted") >= 1


def test_at_most_max_concurrency_iterations_at_once(run: Run, local_aws: Any) -> None:
    wait = {"W": {"Type": "Wait", "Seconds": 1, "End": True}}
    found = run({"M": each(wait, Items=[1, 2, 3], MaxConcurrency=1)})
    running = most = 0
    for event in events(local_aws, found):
        running += event["type"] == "MapIterationStarted"
        running -= event["type"] == "MapIterationSucceeded"
        most = max(most, running)
    assert most == 1


def test_history_leads_back_along_each_branch(run: Run, local_aws: Any) -> None:
    found = run({"M": each(passes(), Items=["a", "b"])})
    history = events(local_aws, found)
    assert [e["id"] for e in history] == list(range(1, len(history) + 1))
    by_id = {e["id"]: e for e in history}
    inner = [e for e in history if e["type"] == "PassStateExited"]
    for event in inner:
        entered = by_id[event["previousEventId"]]
        assert entered["type"] == "PassStateEntered"
        assert by_id[entered["previousEventId"]]["type"] == "MapIterationStarted"
        shown = event["stateExitedEventDetails"]
        assert shown["name"] == "P"
        assert shown["output"] == entered["stateEnteredEventDetails"]["input"]
    assert history[0]["executionStartedEventDetails"]["roleArn"] == ROLE
    assert history[-1]["executionSucceededEventDetails"]["output"] == '["a","b"]'


def test_stop_aborts_at_once(local_aws: Any) -> None:
    client = local_aws.client("stepfunctions")
    states = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
    definition = {"StartAt": "W", "QueryLanguage": "JSONata", "States": states}
    arn = client.create_state_machine(
        name=uuid.uuid4().hex, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    client.stop_execution(executionArn=execution, error="Operator", cause="by hand")
    time.sleep(0.3)
    found = client.describe_execution(executionArn=execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Operator", "by hand")
    history = client.get_execution_history(executionArn=execution)["events"]
    assert history[-1]["type"] == "ExecutionAborted"


def test_an_input_that_is_no_json_is_refused(local_aws: Any) -> None:
    client = local_aws.client("stepfunctions")
    definition = {"StartAt": "P", "QueryLanguage": "JSONata", "States": passes()}
    arn = client.create_state_machine(
        name=uuid.uuid4().hex, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    with pytest.raises(client.exceptions.InvalidExecutionInput):
        client.start_execution(stateMachineArn=arn, input="{")


def test_a_bad_definition_is_refused_at_creation_and_by_validation(local_aws: Any) -> None:
    client = local_aws.client("stepfunctions")
    states = {"A": {"Type": "Pass", "Next": "Nowhere"}}
    text = json.dumps({"StartAt": "A", "QueryLanguage": "JSONata", "States": states})
    with pytest.raises(client.exceptions.InvalidDefinition, match="Nowhere"):
        client.create_state_machine(name=uuid.uuid4().hex, definition=text, roleArn=ROLE)
    answer = client.validate_state_machine_definition(definition=text)
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"][0]["code"] == "MISSING_TRANSITION_TARGET"


def test_a_start_sent_again_is_the_same_execution(local_aws: Any) -> None:
    client = local_aws.client("stepfunctions")
    states = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
    arn = client.create_state_machine(
        name=uuid.uuid4().hex,
        definition=json.dumps({"StartAt": "W", "QueryLanguage": "JSONata", "States": states}),
        roleArn=ROLE,
    )["stateMachineArn"]
    first = client.start_execution(stateMachineArn=arn, name="once", input="{}")
    assert (
        client.start_execution(stateMachineArn=arn, name="once", input="{}")["executionArn"]
        == (first["executionArn"])
    )
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="once", input='{"a": 1}')
    client.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="once", input="{}")
