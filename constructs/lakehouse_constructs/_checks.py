"""Checks of props at synthesis. A value that is known only at deployment passes.

Each raises SynthesisError with the construct's path, the prop, the value received and what
is allowed.
"""

import re
from collections.abc import Sequence

from aws_cdk import Duration, Token
from constructs import Construct

from lakehouse_constructs._errors import SynthesisError


def refused(scope: Construct, prop: str, value: object, allowed: str) -> SynthesisError:
    """The error about one prop."""
    return SynthesisError(f"{scope.node.path}: {prop}: got {value!r}; allowed: {allowed}")


def check_whole(scope: Construct, prop: str, value: int, *, low: int, high: int) -> None:
    """A whole number between two bounds, both included."""
    if not Token.is_unresolved(value) and not low <= value <= high:
        raise refused(scope, prop, value, f"a whole number from {low} to {high}")


def check_word(scope: Construct, prop: str, value: str, known: Sequence[str]) -> None:
    """One of a few words."""
    if not Token.is_unresolved(value) and value not in known:
        raise refused(scope, prop, value, ", ".join(known))


def check_form(
    scope: Construct, prop: str, value: str, pattern: re.Pattern[str], allowed: str
) -> None:
    """A text of a certain form."""
    if not Token.is_unresolved(value) and not pattern.fullmatch(value):
        raise refused(scope, prop, value, allowed)


def check_minutes(scope: Construct, prop: str, value: Duration, *, low: int, high: int) -> None:
    """A duration of whole minutes between two bounds, both included."""
    if value.is_unresolved():
        return
    minutes = float(value.to_minutes(integral=False))
    if not (minutes.is_integer() and low <= minutes <= high):
        bounds = [Duration.minutes(bound).to_human_string() for bound in (low, high)]
        allowed = f"whole minutes from {bounds[0]} to {bounds[1]}"
        raise refused(scope, prop, value.to_human_string(), allowed)


def check_days(scope: Construct, prop: str, value: Duration, *, low: int, high: int) -> None:
    """A duration of whole days between two bounds, both included."""
    if value.is_unresolved():
        return
    days = float(value.to_days(integral=False))
    if not (days.is_integer() and low <= days <= high):
        allowed = f"whole days from {low} to {high}"
        raise refused(scope, prop, value.to_human_string(), allowed)


def check_folder(scope: Construct, prop: str, value: str, *, below: str = "") -> None:
    """A prefix of keys that ends with a slash, in a folder of the bucket where one is named."""
    if Token.is_unresolved(value):
        return
    parts = value.removeprefix(below).split("/")
    if not value.startswith(below) or parts.pop() != "" or not parts or not all(parts):
        raise refused(scope, prop, value, f"a folder such as {below}name/, ending with a slash")
    if "*" in value or "?" in value:
        raise refused(scope, prop, value, "no wildcard: a folder stands for all that is in it")
