"""JSONata as Step Functions has it: ``{% … %}`` in templates, ``$states``, variables.

docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. ministack binds a
null for ``$states.result`` and ``$states.errorOutput`` where AWS has nothing, evaluates
a state's ``Assign`` entries one after the other where AWS takes all of them against the
old values, and ignores Output of Succeed and Parallel.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from jsonata import Jsonata
from jsonata.utils import Utils

from lakehouse_local.local_aws.step_functions_errors import QUERY_EVALUATION, StatesError

# AWS gives an expression a limit too; this one is wide, for machines under load.
TIMEOUT_MILLISECONDS: Final = 10_000
MISSING: Final = object()

Bindings = Mapping[str, Any]


def is_expression(value: object) -> bool:
    """Whether a template value is an expression."""
    return isinstance(value, str) and value.startswith("{%") and value.rstrip().endswith("%}")


def source(value: str) -> str:
    """The JSONata text of an expression."""
    return value.strip()[2:-2].strip()


def syntax_error(expression: str) -> str | None:
    """What is wrong with the text of an expression, or None."""
    try:
        Jsonata.jsonata(source(expression))
    except Exception as error:  # the parser raises whatever it stumbles over
        return str(error)
    return None


def render(template: Any, bindings: Bindings, *, field: str) -> Any:
    """A template with its expressions replaced by their values.

    Raises ``States.QueryEvaluationError`` where one fails or yields nothing.
    """
    if is_expression(template):
        return evaluate(template, bindings, field=field)
    if isinstance(template, dict):
        return {k: render(v, bindings, field=f"{field}/{k}") for k, v in template.items()}
    if isinstance(template, list):
        return [render(v, bindings, field=f"{field}[{i}]") for i, v in enumerate(template)]
    return template


def evaluate(expression: str, bindings: Bindings, *, field: str) -> Any:
    """The value of one expression, as plain JSON."""
    text = source(expression)
    try:
        value = _run(text, bindings)
        if value is None and not _run(f"$exists(({text}))", bindings):
            raise StatesError(
                QUERY_EVALUATION,
                f"The JSONata expression '{text}' specified for the field '{field}' "
                "returned nothing (undefined).",
            )
        return _plain(value)
    except StatesError:
        raise
    except Exception as error:  # JSONata's errors, and Python's where the port lets them out
        code = getattr(error, "error", None)
        raise StatesError(
            QUERY_EVALUATION,
            f"The JSONata expression '{text}' specified for the field '{field}' threw an "
            f"error during evaluation. {code or type(error).__name__}: {error}",
        ) from None


def typed(template: Any, bindings: Bindings, *, field: str, kind: str) -> Any:
    """A rendered field that must be of one JSON type: array, boolean, number or string."""
    value = render(template, bindings, field=field)
    if json_type(value) != kind:
        shown = json.dumps(value)[:500]
        raise StatesError(
            QUERY_EVALUATION,
            f"The JSONata expression '{template}' specified for the field '{field}' returned "
            f"an unexpected result type. Expected '{kind}', but was '{json_type(value)}' for "
            f"value: {shown}",
        )
    return value


def json_type(value: Any) -> str:
    """The name of a value's JSON type."""
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "number"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "array" if isinstance(value, list) else "object"


def _run(text: str, bindings: Bindings) -> Any:
    expression = Jsonata.jsonata(text, timeout=TIMEOUT_MILLISECONDS)
    for name, function in _functions().items():
        expression.register_lambda(name, function)
    # A bare null would read as "not there".
    names = {k: Utils.NULL_VALUE if v is None else v for k, v in bindings.items()}
    return expression.evaluate(None, names)


def _plain(value: Any) -> Any:
    """JSON without the port's own list and number types; a function is no result."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the result is not a number that JSON can hold")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(v) for v in value]
    raise TypeError("the result is a function, which JSON cannot hold")


def _functions() -> dict[str, Callable[..., Any]]:
    """What Step Functions adds ($partition, $range, $hash, $random, $uuid, $parse), from ministack.

    Beside them the port's repairs, also ministack's; ``$eval`` is the one AWS takes away.
    """
    from ministack.services import stepfunctions as engine

    return {
        "toMillis": engine._sfn_jsonata_to_millis,
        "replace": engine._sfn_jsonata_replace,
        "partition": engine._sfn_jsonata_partition,
        "range": engine._sfn_jsonata_range,
        "hash": engine._sfn_jsonata_hash,
        "random": engine._sfn_jsonata_random,
        "uuid": engine._sfn_jsonata_uuid,
        "parse": engine._sfn_jsonata_parse,
        "eval": _no_eval,
    }


def _no_eval(*_: Any) -> Any:
    raise ValueError("$eval is not available in Step Functions; use $parse")
