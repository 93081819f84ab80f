"""Choice: the first rule that holds decides.

docs.aws.amazon.com/step-functions/latest/dg/state-choice.html. ministack takes any value
for true (AWS wants a boolean), and ignores the state's own Output.
"""

from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_data import output_of
from lakehouse_local.local_aws.step_functions_errors import NO_CHOICE, StatesError
from lakehouse_local.local_aws.step_functions_flow import Flow, State
from lakehouse_local.local_aws.step_functions_retry import Outcome


def choice(flow: Flow, state: State, data: Any) -> Outcome:
    """The output of the rule that holds, or of the state itself for Default."""
    definition = state.definition
    bindings = flow.bindings(state, data)
    for rule in definition["Choices"]:
        if not jsonata.typed(rule["Condition"], bindings, field="Condition", kind="boolean"):
            continue
        output = data
        if "Output" in rule:
            output = jsonata.render(rule["Output"], bindings, field="Choices/Output")
        flow.assign(jsonata.render(rule.get("Assign", {}), bindings, field="Choices/Assign"))
        return output, rule["Next"]
    if "Default" not in definition:
        raise StatesError(
            NO_CHOICE, f"No rule of the Choice state '{state.name}' holds, and it has no Default"
        )
    return output_of(flow, state, data), definition["Default"]
