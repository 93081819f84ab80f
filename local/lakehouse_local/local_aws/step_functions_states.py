"""One state after the other: the loop of a flow, and the states that call nothing.

docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_choice import choice
from lakehouse_local.local_aws.step_functions_data import next_of, number_of, output_of
from lakehouse_local.local_aws.step_functions_errors import (
    QUERY_EVALUATION,
    RUNTIME,
    StatesError,
)
from lakehouse_local.local_aws.step_functions_flow import Flow, State, checked
from lakehouse_local.local_aws.step_functions_retry import Outcome

Handler = Callable[[Flow, State, Any], Outcome]


def run(flow: Flow, machine: dict[str, Any], data: Any) -> Any:
    """From ``StartAt`` to an end; the output of the last state. Raises what ends the flow."""
    from ministack.services.stepfunctions import now_iso

    name: str | None = machine["StartAt"]
    while name is not None:
        flow.scope.check()
        definition = machine["States"][name]
        kind = definition["Type"]
        text = checked(data, what=f"The input of the state '{name}'")
        entered = flow.event(
            f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": text}
        )
        state = State(name=name, definition=definition, entered=now_iso(), entered_event=entered)
        data, following = _step(flow, state, data)
        text = checked(data, what=f"The output of the state '{name}'")
        flow.event(f"{kind}StateExited", stateExitedEventDetails={"name": name, "output": text})
        name = following
    return data


def _step(flow: Flow, state: State, data: Any) -> Outcome:
    try:
        return _handlers()[state.definition["Type"]](flow, state, data)
    except StatesError as error:
        if error.error in (QUERY_EVALUATION, RUNTIME) and "An error occurred" not in error.cause:
            error.cause = (
                f"An error occurred while executing the state '{state.name}' "
                f"(entered at the event id #{state.entered_event}). {error.cause}"
            )
            if error.error == QUERY_EVALUATION:
                flow.event(
                    "EvaluationFailed",
                    evaluationFailedEventDetails={
                        "error": error.error,
                        "cause": error.cause,
                        "state": state.name,
                    },
                )
        raise


def _handlers() -> dict[str, Handler]:
    # Here and not above: Map and Parallel run flows of their own.
    from lakehouse_local.local_aws.step_functions_branches import map_state, parallel
    from lakehouse_local.local_aws.step_functions_task import task

    return {
        "Pass": _pass,
        "Choice": choice,
        "Wait": _wait,
        "Succeed": _succeed,
        "Fail": _fail,
        "Task": task,
        "Map": map_state,
        "Parallel": parallel,
    }


def _pass(flow: Flow, state: State, data: Any) -> Outcome:
    return output_of(flow, state, data), next_of(state)


def _succeed(flow: Flow, state: State, data: Any) -> Outcome:
    return output_of(flow, state, data), None


def _fail(flow: Flow, state: State, data: Any) -> Outcome:
    error = _text(flow, state, data, "Error")
    cause = _text(flow, state, data, "Cause")
    raise StatesError(error, cause)


def _text(flow: Flow, state: State, data: Any, name: str) -> str:
    template = state.definition.get(name, "")
    return jsonata.typed(template, flow.bindings(state, data), field=name, kind="string")


def _wait(flow: Flow, state: State, data: Any) -> Outcome:
    if "Timestamp" in state.definition:
        seconds = (_until(flow, state, data) - datetime.now(UTC)).total_seconds()
    else:
        seconds = number_of(flow, state, data, "Seconds")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
            raise StatesError(
                QUERY_EVALUATION,
                f"Seconds must be a whole number that is not negative, not {seconds!r}",
            )
    flow.scope.sleep(max(0, seconds))
    return output_of(flow, state, data), next_of(state)


def _until(flow: Flow, state: State, data: Any) -> datetime:
    bindings, template = flow.bindings(state, data), state.definition["Timestamp"]
    text = jsonata.typed(template, bindings, field="Timestamp", kind="string")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise StatesError(
            QUERY_EVALUATION,
            f"Timestamp must be an ISO 8601 time with an offset, not {text!r}",
        )
    return moment
