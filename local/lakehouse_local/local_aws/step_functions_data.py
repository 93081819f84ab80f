"""What goes into a state and what comes out: the same steps for every kind of state.

JSONata: Arguments, Output, Assign. JSONPath: InputPath, Parameters, ResultSelector,
ResultPath, OutputPath, Assign
(docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html).
"""

from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_flow import Flow, State
from lakehouse_local.local_aws.step_functions_jsonpath import place


def input_of(flow: Flow, state: State, data: Any) -> Any:
    """The state's input after InputPath."""
    path = state.definition.get("InputPath", "$")
    if path is None:
        return {}
    return flow.paths(state).get(path, data, field="InputPath")


def arguments_of(flow: Flow, state: State, data: Any) -> Any:
    """What a Task sends to its service, and a Parallel to its branches."""
    if flow.is_jsonata(state):
        template = state.definition.get("Arguments", "{% $states.input %}")
        return jsonata.render(template, flow.bindings(state, data), field="Arguments")
    effective = input_of(flow, state, data)
    if "Parameters" not in state.definition:
        return effective
    return flow.paths(state).template(state.definition["Parameters"], effective, field="Parameters")


def output_of(flow: Flow, state: State, data: Any, *, result: Any = jsonata.MISSING) -> Any:
    """The state's output; sets its variables.

    Without ``result`` (Pass, Wait, Choice, Succeed) the input goes through.
    """
    definition = state.definition
    if flow.is_jsonata(state):
        bindings = flow.bindings(state, data, result=result)
        output = data if result is jsonata.MISSING else result
        if "Output" in definition:
            output = jsonata.render(definition["Output"], bindings, field="Output")
        flow.assign(jsonata.render(definition.get("Assign", {}), bindings, field="Assign"))
        return output
    paths = flow.paths(state)
    if result is jsonata.MISSING:
        output = selected = input_of(flow, state, data)
    else:
        selected = result
        if "ResultSelector" in definition:
            selected = paths.template(definition["ResultSelector"], result, field="ResultSelector")
        output = place(definition.get("ResultPath", "$"), data, selected)
    flow.assign(paths.template(definition.get("Assign", {}), selected, field="Assign"))
    path = definition.get("OutputPath", "$")
    return {} if path is None else paths.get(path, output, field="OutputPath")


def number_of(flow: Flow, state: State, data: Any, name: str) -> float | None:
    """A field such as TimeoutSeconds: a number, an expression, or ``<name>Path``."""
    definition = state.definition
    if flow.is_jsonata(state):
        if name not in definition:
            return None
        bindings = flow.bindings(state, data)
        return jsonata.typed(definition[name], bindings, field=name, kind="number")
    if f"{name}Path" in definition:
        return flow.paths(state).get(definition[f"{name}Path"], data, field=f"{name}Path")
    return definition.get(name)


def next_of(state: State) -> str | None:
    """The name of the next state; None at an end."""
    return None if state.definition.get("End") else state.definition["Next"]
