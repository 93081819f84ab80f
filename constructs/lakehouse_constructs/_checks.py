"""Checks of props at synthesis. A value that is known only at deployment passes.

Each raises SynthesisError with the construct's path or the class's name, the prop, the value
received and what is allowed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final, Literal

from aws_cdk import Duration, Token
from constructs import Construct

from lakehouse_constructs._errors import SynthesisError

_UNITS: Final[Mapping[str, Callable[[float], Duration]]] = {
    "minutes": Duration.minutes,
    "days": Duration.days,
}


def refused(where: Construct | str, prop: str, value: object, allowed: str) -> SynthesisError:
    """The error about one prop of a construct, or of a class named."""
    path = where if isinstance(where, str) else where.node.path
    return SynthesisError(f"{path}: {prop}: got {value!r}; allowed: {allowed}")


def check_whole(where: Construct | str, prop: str, value: int, *, low: int, high: int) -> None:
    """A whole number between two bounds, both included."""
    if not Token.is_unresolved(value) and not low <= value <= high:
        raise refused(where, prop, value, f"a whole number from {low} to {high}")


def check_word(where: Construct | str, prop: str, value: str, known: Sequence[str]) -> None:
    """One of a few words."""
    if not Token.is_unresolved(value) and value not in known:
        raise refused(where, prop, value, ", ".join(known))


def check_form(
    where: Construct | str, prop: str, value: str, pattern: re.Pattern[str], allowed: str
) -> None:
    """A text of a certain form."""
    if not Token.is_unresolved(value) and not pattern.fullmatch(value):
        raise refused(where, prop, value, allowed)


def check_duration(
    where: Construct | str,
    prop: str,
    value: Duration,
    *,
    unit: Literal["minutes", "days"],
    low: int,
    high: int,
) -> None:
    """A duration of whole minutes or days between two bounds, both included."""
    if value.is_unresolved():
        return
    one = _UNITS[unit](1).to_seconds()
    count = value.to_seconds(integral=False) / one
    if not (float(count).is_integer() and low <= count <= high):
        bounds = [_UNITS[unit](bound).to_human_string() for bound in (low, high)]
        allowed = f"whole {unit} from {bounds[0]} to {bounds[1]}"
        raise refused(where, prop, value.to_human_string(), allowed)


def check_unused(where: Construct | str, why: str, **props: object) -> None:
    """None of the props was given: what else was given leaves them without effect."""
    for prop, value in props.items():
        if value is not None:
            raise refused(where, prop, _shown(value), why)


def check_folder(scope: Construct, prop: str, value: str, *, below: str = "") -> None:
    """A prefix of keys that ends with a slash, in a folder of the bucket where one is named."""
    if Token.is_unresolved(value):
        return
    parts = value.removeprefix(below).split("/")
    if not value.startswith(below) or parts.pop() != "" or not parts or not all(parts):
        raise refused(scope, prop, value, f"a folder such as {below}name/, ending with a slash")
    if "*" in value or "?" in value:
        raise refused(scope, prop, value, "no wildcard: a folder stands for all that is in it")


def _shown(value: object) -> object:
    """A value as people write it."""
    if isinstance(value, Duration):
        return value.to_human_string()
    return value.name if isinstance(value, Enum) else value
