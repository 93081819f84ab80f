"""What goes into a state and what comes out: Arguments, Output and Assign of every kind of state.

docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_flow import Flow, State


def arguments_of(flow: Flow, state: State, data: Any) -> Any:
    """What a Task sends to its service, and a Parallel to its branches."""
    template = state.definition.get("Arguments", "{% $states.input %}")
    return jsonata.render(template, flow.bindings(state, data), field="Arguments")


def output_of(flow: Flow, state: State, data: Any, *, result: Any = jsonata.MISSING) -> Any:
    """The state's output; sets its variables.

    Without ``result`` (Pass, Wait, Choice, Succeed) the input goes through.
    """
    definition = state.definition
    bindings = flow.bindings(state, data, result=result)
    output = data if result is jsonata.MISSING else result
    if "Output" in definition:
        output = jsonata.render(definition["Output"], bindings, field="Output")
    flow.assign(jsonata.render(definition.get("Assign", {}), bindings, field="Assign"))
    return output


def number_of(flow: Flow, state: State, data: Any, name: str) -> float | None:
    """A field such as TimeoutSeconds: a number or an expression; None where it is not there."""
    if name not in state.definition:
        return None
    bindings = flow.bindings(state, data)
    return jsonata.typed(state.definition[name], bindings, field=name, kind="number")


def next_of(state: State) -> str | None:
    """The name of the next state; None at an end."""
    return None if state.definition.get("End") else state.definition["Next"]
