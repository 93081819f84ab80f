"""The forms of a schedule expression, and names of time zones.

Formats: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import available_timezones

EXPRESSIONS: Final = (
    "rate(15 minutes); cron(0 2 * * ? *), with a ? for the day of the month or the day of the "
    "week; at(2030-01-31T02:00:00)"
)
TIME_ZONES: Final = "an IANA time zone, such as Europe/Berlin"
_RATE: Final = re.compile(r"rate\([1-9][0-9]* (minute|hour|day)s?\)")
_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON: Final = re.compile(r"cron\(([^()]+)\)")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_MONTH: Final = r"([0-9]{1,2}|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_WEEKDAY: Final = r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"


def _field(value: str, *others: str) -> re.Pattern[str]:
    """Values, ranges, steps and lists of these; ``others`` are what only this field knows."""
    part = rf"(\*|{value}(-{value})?)(/[0-9]+)?"
    return re.compile("|".join([rf"{part}(,{part})*", *others]), re.IGNORECASE)


_NUMBER: Final = r"[0-9]{1,2}"
_FIELDS: Final = (
    _field(_NUMBER),
    _field(_NUMBER),
    _field(_NUMBER, r"\?", "L", "LW", rf"{_NUMBER}W"),
    _field(_MONTH),
    _field(_WEEKDAY, r"\?", "L", f"{_WEEKDAY}L", f"{_WEEKDAY}#[1-5]"),
    _field(r"[0-9]{4}"),
)
_DAY, _WEEKDAY_AT = 2, 4


def is_expression(text: str) -> bool:
    """Whether EventBridge Scheduler knows an expression of this form."""
    if found := _AT.fullmatch(text):
        return _is_time(found[1])
    if found := _CRON.fullmatch(text):
        fields = found[1].split(" ")
        return (
            len(fields) == len(_FIELDS)
            and all(p.fullmatch(f) for p, f in zip(_FIELDS, fields, strict=True))
            and (fields[_DAY] == "?") != (fields[_WEEKDAY_AT] == "?")
        )
    return _RATE.fullmatch(text) is not None


def is_time_zone(name: str) -> bool:
    """Whether there is such a time zone; by its form where this machine has no list of them."""
    known = _known_zones()
    return name in known if known else _ZONE.fullmatch(name) is not None


@cache
def _known_zones() -> set[str]:
    return available_timezones()


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
