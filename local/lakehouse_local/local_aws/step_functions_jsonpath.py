"""JSONPath as Step Functions has it: paths, payload templates, intrinsic functions.

docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html.
ministack answers null for a path that is not there, where AWS fails the execution, and
for every filter. The product's state machine is written in JSONata; this half is here
for what people add, and covers paths, templates, intrinsics and variables.
"""

import copy
import json
from functools import lru_cache
from typing import Any

from jsonpath_ng import Child as Step
from jsonpath_ng import Fields, Index, JSONPath, Root
from jsonpath_ng.ext.parser import parse

from lakehouse_local.local_aws.step_functions_errors import INTRINSIC, RUNTIME, StatesError


class Paths:
    """Where paths lead: ``$`` the state's data, ``$$`` the context object, ``$name`` a variable."""

    def __init__(self, context: dict[str, Any], variables: dict[str, Any]) -> None:
        self.context = context
        self.variables = variables

    def get(self, path: str, data: Any, *, field: str) -> Any:
        """What a path leads to; several values as a list. Raises ``States.Runtime``."""
        found, value = self.find(path, data)
        if not found:
            raise StatesError(
                RUNTIME,
                f"The JSONPath '{path}' specified for the field '{field}' could not be found in "
                f"the input '{json.dumps(data)[:500]}'",
            )
        return value

    def find(self, path: str, data: Any) -> tuple[bool, Any]:
        """Whether a path leads to something, and to what."""
        if path.startswith("$$"):
            data, path = self.context, path[1:]
        elif len(path) > 1 and (path[1].isalpha() or path[1] == "_"):
            name = path[1:].split(".")[0].split("[")[0]
            if name not in self.variables:
                return False, None
            data, path = self.variables[name], "$" + path[1 + len(name) :]
        expression = _parsed(path)
        values = [match.value for match in expression.find(data)]
        if _definite(expression):
            return bool(values), values[0] if values else None
        return True, values

    def template(self, template: Any, data: Any, *, field: str) -> Any:
        """A payload template: keys that end in ``.$`` name a path or an intrinsic function."""
        if isinstance(template, list):
            return [self.template(v, data, field=field) for v in template]
        if not isinstance(template, dict):
            return template
        result = {}
        for key, value in template.items():
            if key.endswith(".$"):
                result[key[:-2]] = self.value(value, data, field=key)
            else:
                result[key] = self.template(value, data, field=key)
        return result

    def value(self, expression: str, data: Any, *, field: str) -> Any:
        """A path, or an intrinsic function with paths, strings and numbers as arguments."""
        if not expression.startswith("States."):
            return self.get(expression, data, field=field)
        try:
            value, rest = self._call(expression, data, field)
        except StatesError:
            raise
        except Exception as error:  # what an intrinsic does with arguments of a wrong type
            raise StatesError(INTRINSIC, f"{expression}: {error}") from None
        if rest.strip():
            raise StatesError(INTRINSIC, f"{expression}: not understood from {rest!r} on")
        return value

    def _call(self, text: str, data: Any, field: str) -> tuple[Any, str]:
        from ministack.services import stepfunctions as engine

        name, rest = text.split("(", 1)
        arguments = []
        rest = rest.lstrip()
        while not rest.startswith(")"):
            value, rest = self._argument(rest, data, field)
            arguments.append(value)
            rest = rest.lstrip()
            if rest.startswith(","):
                rest = rest[1:].lstrip()
            elif not rest.startswith(")"):
                raise ValueError(f"',' or ')' is missing before {rest!r}")
        literal = [("null", argument) for argument in arguments]
        return engine._exec_intrinsic(("call", name.strip(), literal), data, {}), rest[1:]

    def _argument(self, text: str, data: Any, field: str) -> tuple[Any, str]:
        if text.startswith("States."):
            return self._call(text, data, field)
        end = _argument_end(text)
        literal, rest = text[:end].strip(), text[end:]
        if literal.startswith("$"):
            return self.get(literal, data, field=field), rest
        if literal.startswith("'") and literal.endswith("'"):
            return literal[1:-1].replace("\\'", "'"), rest
        return json.loads(literal), rest


def _argument_end(text: str) -> int:
    """Where an argument ends: at a comma or bracket outside quotes and filters."""
    depth, quoted, position = 0, False, 0
    while position < len(text):
        letter = text[position]
        if letter == "\\" and quoted:
            position += 1
        elif letter == "'":
            quoted = not quoted
        elif quoted:
            pass
        elif letter in "[(":
            depth += 1
        elif letter in "])" and depth:
            depth -= 1
        elif letter in ",)":
            return position
        position += 1
    return position


def place(result_path: str | None, data: Any, result: Any) -> Any:
    """``ResultPath``: the input with the result put in it; null keeps the input alone."""
    if result_path is None:
        return data
    if result_path == "$":
        return result
    output = copy.deepcopy(data)
    if not isinstance(output, dict):
        raise StatesError(
            "States.ResultPathMatchFailure",
            f"ResultPath '{result_path}' needs an input that is an object",
        )
    _parsed(result_path).update_or_create(output, result)
    return output


@lru_cache(maxsize=500)
def _parsed(path: str) -> JSONPath:
    try:
        # AWS writes && where the library wants &.
        return parse(path.replace("&&", "&"))
    except Exception as error:  # the library raises plain Exception
        raise StatesError(RUNTIME, f"Invalid path '{path}': {error}") from None


def _definite(path: JSONPath) -> bool:
    if isinstance(path, Step):
        return _definite(path.left) and _definite(path.right)
    if isinstance(path, Fields):
        return len(path.fields) == 1 and path.fields[0] != "*"
    if isinstance(path, Index):
        return len(getattr(path, "indices", [0])) == 1
    return isinstance(path, Root)
