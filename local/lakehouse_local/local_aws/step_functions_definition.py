"""What is wrong with a definition, found when the state machine is created or updated.

AWS refuses such a definition with InvalidDefinition
(docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html);
ministack accepts it, whatever it says, and answers OK to ValidateStateMachineDefinition.
What AWS can do and this engine cannot is refused here too, by name, so that no feature
is silently left out. The language is JSONata: a definition says so at its top, since AWS
takes one that does not for JSONPath.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_fields import (
    CATCH_FIELDS,
    COMMON_FIELDS,
    MACHINE_FIELDS,
    NOT_LOCAL,
    PROCESSOR_FIELDS,
    REQUIRED_FIELDS,
    RETRY_FIELDS,
    STATE_FIELDS,
)
from lakehouse_local.local_aws.step_functions_task import Resource

LANGUAGE: Final = "JSONata"
SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
TARGET: Final = "MISSING_TRANSITION_TARGET"
EXPRESSION: Final = "INVALID_JSONATA_EXPRESSION"
LOCAL: Final = "NOT_SUPPORTED_BY_THE_LOCAL_AWS"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong: an AWS diagnostic code (or LOCAL), and where."""

    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location}"


def problems(text: str, *, express: bool = False) -> list[Problem]:
    """Everything found wrong with a definition."""
    try:
        definition = json.loads(text)
    except (TypeError, ValueError) as error:
        return [Problem(code="INVALID_JSON_DESCRIPTION", message=str(error), location="/")]
    if not isinstance(definition, dict):
        return [Problem(code=SCHEMA, message="The definition must be an object", location="/")]
    language = definition.get("QueryLanguage")
    if language != LANGUAGE:  # nothing in it means what it would mean in JSONata
        got = f"'{language}'" if language else "none, for which AWS takes JSONPath"
        message = f"QueryLanguage: got {got}; say '{LANGUAGE}', all that the local AWS has"
        return [Problem(code=LOCAL, message=message, location="/QueryLanguage")]
    found = list(_unknown(definition, MACHINE_FIELDS, "definition", ""))
    found += _machine(definition, "", express)
    found += _expressions(definition, "")
    return found


def _machine(machine: dict[str, Any], at: str, express: bool) -> Iterator[Problem]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield Problem(code=SCHEMA, message="The field 'States' is required", location=at or "/")
        return
    targets = {str(machine.get("StartAt"))}
    if machine.get("StartAt") not in states:
        message = f"Missing 'StartAt' target: {machine.get('StartAt')}"
        yield Problem(code=TARGET, message=message, location=f"{at}/StartAt")
    for name, state in states.items():
        where = f"{at}/States/{name}"
        yield from _state(state, where, express)
        for path, target in _transitions(state):
            targets.add(target)
            if target not in states:
                message = f"Missing '{path.split('/')[-1]}' target: {target}"
                yield Problem(code=TARGET, message=message, location=f"{where}/{path}")
    for name in states.keys() - targets:
        message = f'State "{name}" is not reachable.'
        yield Problem(code=TARGET, message=message, location=f"{at}/States/{name}")


def _state(state: dict[str, Any], at: str, express: bool) -> Iterator[Problem]:
    kind = state.get("Type")
    if kind not in REQUIRED_FIELDS:
        yield Problem(code=SCHEMA, message=f"Unknown state type: {kind}", location=f"{at}/Type")
        return
    if other := _other_language(state, at):
        yield other
        return
    yield from _unknown(state, STATE_FIELDS[kind] | COMMON_FIELDS, f"{kind} ({LANGUAGE})", at)
    for field in REQUIRED_FIELDS[kind]:
        if not any(name in state for name in field):
            message = f"The field '{field[0]}' is required but was missing"
            yield Problem(code=SCHEMA, message=message, location=at)
    if kind not in ("Choice", "Succeed", "Fail") and ("Next" in state) == bool(state.get("End")):
        message = "Exactly one of 'Next' and 'End: true' is required"
        yield Problem(code=SCHEMA, message=message, location=at)
    yield from _error_handlers(state, at)
    if kind == "Task":
        yield from _resource(state, at, express)
    for index, branch in enumerate(state.get("Branches", [])):
        yield from _machine(branch, f"{at}/Branches/{index}", express)
    processor = state.get("ItemProcessor")
    if processor:
        yield from _unknown(processor, PROCESSOR_FIELDS, "ItemProcessor", f"{at}/ItemProcessor")
        if processor.get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
            message = "a Map whose processor has the mode DISTRIBUTED"
            yield Problem(code=LOCAL, message=message, location=f"{at}/ItemProcessor")
        if other := _other_language(processor, f"{at}/ItemProcessor"):
            yield other
            return
        yield from _machine(processor, f"{at}/ItemProcessor", express)


def _other_language(part: dict[str, Any], at: str) -> Problem | None:
    """A part that says nothing of a language has the definition's."""
    if part.get("QueryLanguage", LANGUAGE) == LANGUAGE:
        return None
    message = f"A state of a {LANGUAGE} state machine must use {LANGUAGE}"
    return Problem(code=SCHEMA, message=message, location=f"{at}/QueryLanguage")


def _unknown(value: dict[str, Any], known: frozenset[str], what: str, at: str) -> Iterator[Problem]:
    for field in sorted(value.keys() - known):
        where = f"{at}/{field}"
        if field in NOT_LOCAL:
            yield Problem(code=LOCAL, message=f"the field '{field}'", location=where)
        else:
            message = f"The field '{field}' is not supported by {what}"
            yield Problem(code=SCHEMA, message=message, location=where)


def _error_handlers(state: dict[str, Any], at: str) -> Iterator[Problem]:
    for part, fields in (("Retry", RETRY_FIELDS), ("Catch", CATCH_FIELDS)):
        handlers = state.get(part, [])
        for index, handler in enumerate(handlers):
            where = f"{at}/{part}[{index}]"
            yield from _unknown(handler, fields, part, where)
            errors = handler.get("ErrorEquals", [])
            if not errors:
                message = "The field 'ErrorEquals' is required but was missing"
                yield Problem(code=SCHEMA, message=message, location=where)
            if "States.ALL" in errors and (len(errors) > 1 or index < len(handlers) - 1):
                message = "States.ALL must stand alone and in the last " + part
                yield Problem(code=SCHEMA, message=message, location=where)


def _resource(state: dict[str, Any], at: str, express: bool) -> Iterator[Problem]:
    where = f"{at}/Resource"
    try:
        resource = Resource.parse(str(state.get("Resource", "")))
    except ValueError as error:
        yield Problem(code=LOCAL, message=str(error), location=where)
        return
    if resource.sync and express:
        message = "Express state machine does not support '.sync' service integration"
        yield Problem(code=SCHEMA, message=message, location=where)


def _transitions(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for part in ("Choices", "Catch"):
        for index, rule in enumerate(state.get(part, [])):
            if "Next" in rule:
                yield f"{part}[{index}]/Next", rule["Next"]


def _expressions(node: Any, at: str) -> Iterator[Problem]:
    """Expressions that cannot be parsed."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _expressions(value, f"{at}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _expressions(value, f"{at}[{index}]")
    elif jsonata.is_expression(node) and (wrong := jsonata.syntax_error(node)):
        yield Problem(code=EXPRESSION, message=wrong, location=at)
