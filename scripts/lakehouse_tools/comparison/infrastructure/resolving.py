"""What is known of a template's values: defaults of parameters, mappings, joined texts.

Intrinsic functions: docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference, "Intrinsic
function reference". What cannot be known before a deployment stays as it stands.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# Names of what nobody else should read; not those of where such a thing is kept.
SECRET: Final = re.compile(
    r"(?i)(passw|passphrase|secret|token|private_?key|api_?key|access_?key)(?!.*(arn|name|id|path)$)"
)
_IN_TEXT: Final = re.compile(r"\$\{([^!}]+)\}")
_NOTHING: Final = {"Ref": "AWS::NoValue"}


def conditions_in(value: Any) -> set[str]:
    """The names of the conditions that an ``Fn::If`` in a value asks."""
    return set(_conditions(value))


def resolve(value: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    """A value with its intrinsic functions done; ``falls``: how the conditions fall."""
    if isinstance(value, list):
        items = [resolve(item, template, falls) for item in value]
        return [item for item in items if item != _NOTHING]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        done = _FUNCTIONS.get(function)
        if done is not None:
            return done(argument, template, falls)
    found = {key: resolve(item, template, falls) for key, item in value.items()}
    return {key: item for key, item in found.items() if item != _NOTHING}


def _ref(argument: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    del falls
    parameter = (template.get("Parameters") or {}).get(argument)
    if parameter is None or "Default" not in parameter or is_secret(argument, parameter):
        return {"Ref": argument}
    default = str(parameter["Default"])
    listed = "List" in str(parameter.get("Type", ""))
    return [part.strip() for part in default.split(",")] if listed else default


def _if(argument: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    condition, one, other = argument
    return resolve(one if falls.get(condition, True) else other, template, falls)


def _join(argument: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    parts = resolve(argument[1], template, falls)
    if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
        return argument[0].join(parts)
    return {"Fn::Join": [argument[0], parts]}


def _sub(argument: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    text, given = argument if isinstance(argument, list) else (argument, {})

    def filled(match: re.Match[str]) -> str:
        name = match[1].strip()
        known = resolve(given.get(name, {"Ref": name}), template, falls)
        return known if isinstance(known, str) else match[0]

    return _IN_TEXT.sub(filled, text)


def _find_in_map(argument: Any, template: Mapping[str, Any], falls: Mapping[str, bool]) -> Any:
    found: Any = template.get("Mappings") or {}
    keys = resolve(argument[:3], template, falls)
    for key in keys:
        if not isinstance(key, str) or not isinstance(found, Mapping) or key not in found:
            return {"Fn::FindInMap": keys}
        found = found[key]
    return found


def is_secret(name: str, parameter: Mapping[str, Any]) -> bool:
    """Whether a parameter's value is to be shown nowhere: it says so, or its name does."""
    return str(parameter.get("NoEcho")).lower() == "true" or bool(SECRET.search(name))


_FUNCTIONS: Final = {
    "Ref": _ref,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
    "Fn::FindInMap": _find_in_map,
}


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"Fn::If"}:
            yield value["Fn::If"][0]
        for item in value.values():
            yield from _conditions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _conditions(item)
