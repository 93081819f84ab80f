"""Choice: the first rule that holds decides.

docs.aws.amazon.com/step-functions/latest/dg/state-choice.html. ministack takes Default
where a JSONPath rule names a variable that is not there (AWS fails the execution), takes
any value for true in JSONata (AWS wants a boolean), and ignores the state's own Output.
"""

from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_data import input_of, output_of
from lakehouse_local.local_aws.step_functions_errors import NO_CHOICE, RUNTIME, StatesError
from lakehouse_local.local_aws.step_functions_flow import Flow, State
from lakehouse_local.local_aws.step_functions_jsonpath import Paths
from lakehouse_local.local_aws.step_functions_retry import Outcome


def choice(flow: Flow, state: State, data: Any) -> Outcome:
    """The output of the rule that holds, or of the state itself for Default."""
    definition = state.definition
    for rule in definition["Choices"]:
        if not _holds(flow, state, data, rule):
            continue
        if not flow.is_jsonata(state):
            chosen = {k: v for k, v in definition.items() if k != "Assign"}
            output = output_of(flow, replace(state, definition=chosen), data)
            flow.assign(flow.paths(state).template(rule.get("Assign", {}), data, field="Assign"))
            return output, rule["Next"]
        bindings = flow.bindings(state, data)
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


def _holds(flow: Flow, state: State, data: Any, rule: dict[str, Any]) -> bool:
    if flow.is_jsonata(state):
        bindings = flow.bindings(state, data)
        return jsonata.typed(rule["Condition"], bindings, field="Condition", kind="boolean")
    return _rule(flow.paths(state), input_of(flow, state, data), rule)


def _rule(paths: Paths, data: Any, rule: dict[str, Any]) -> bool:
    if "And" in rule:
        return all(_rule(paths, data, r) for r in rule["And"])
    if "Or" in rule:
        return any(_rule(paths, data, r) for r in rule["Or"])
    if "Not" in rule:
        return not _rule(paths, data, rule["Not"])
    test = next(key for key in rule if key not in ("Variable", "Next", "Comment", "Assign"))
    wanted = rule[test]
    found, value = paths.find(rule["Variable"], data)
    if test == "IsPresent":
        return found == wanted
    if not found:
        raise StatesError(
            RUNTIME,
            f"Invalid path '{rule['Variable']}': The choice state's condition path references "
            "an invalid value.",
        )
    if test.endswith("Path"):
        test, wanted = test[:-4], paths.get(wanted, data, field=test)
    return _compare(test, value, wanted)


def _compare(test: str, value: Any, wanted: Any) -> bool:
    if test.startswith("Is"):
        return _is(test, value) == wanted
    if test == "StringMatches":
        # Only * is a wildcard; \* is a star.
        pattern = wanted.replace("[", "[[]").replace("?", "[?]").replace("\\*", "[*]")
        return isinstance(value, str) and fnmatchcase(value, pattern)
    for prefix in ("String", "Numeric", "Boolean", "Timestamp"):
        if test.startswith(prefix) and _is(f"Is{prefix}", value):
            if prefix == "Timestamp":
                value, wanted = _timestamp(value), _timestamp(wanted)
            elif not _is(f"Is{prefix}", wanted):
                return False
            return _order(test.removeprefix(prefix), value, wanted)
    return False


def _order(comparison: str, value: Any, wanted: Any) -> bool:
    return {
        "Equals": value == wanted,
        "LessThan": value < wanted,
        "LessThanEquals": value <= wanted,
        "GreaterThan": value > wanted,
        "GreaterThanEquals": value >= wanted,
    }[comparison]


def _is(test: str, value: Any) -> bool:
    kind = jsonata.json_type(value)
    if test == "IsTimestamp":
        return _timestamp(value) is not None
    return kind == {"IsNumeric": "number"}.get(test, test[2:].lower())


def _timestamp(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None
