"""How often an expression of EventBridge Scheduler starts something.

Formats: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. Nothing is
known of ``at(…)``, which starts once, and of days like ``L``, ``15W`` and ``2#1``.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440}
_MONTHS: Final = [
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
]
_WEEKDAYS: Final = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Two years from a Sunday: every weekly and monthly pattern shows its longest gap.
_FIRST: Final = date(2023, 1, 1)
_DAYS: Final = 731


def longest_gap(expression: str) -> int | None:
    """The longest time between two starts, in minutes; None where it is not known."""
    if found := _RATE.fullmatch(expression):
        return int(found[1]) * _MINUTES[found[2]]
    starts = _cron_starts(expression)
    gaps = [later - earlier for earlier, later in pairwise(starts or [])]
    return max(gaps) if gaps else None


def starts_a_day(expression: str) -> float | None:
    """How often it starts in a day, on average; None where it is not known."""
    if found := _RATE.fullmatch(expression):
        return 1440 / (int(found[1]) * _MINUTES[found[2]])
    starts = _cron_starts(expression)
    return None if starts is None else len(starts) / _DAYS


def _cron_starts(expression: str) -> list[int] | None:
    """Minutes since the first day; None for what is not known."""
    found = _CRON.fullmatch(expression)
    if not found:
        return None
    minute, hour, day, month, weekday, _year = found.groups()
    try:
        return list(
            _starts(
                times=sorted(
                    60 * h + m for h in _numbers(hour, 0, 23) for m in _numbers(minute, 0, 59)
                ),
                days=_numbers(day, 1, 31),
                months=_numbers(month, 1, 12, _MONTHS),
                weekdays=_numbers(weekday, 1, 7, _WEEKDAYS),
            )
        )
    except ValueError:
        return None


def _starts(
    *, times: list[int], days: set[int], months: set[int], weekdays: set[int]
) -> Iterable[int]:
    """Minutes since the first day."""
    for number in range(_DAYS):
        today = _FIRST + timedelta(days=number)
        if (
            today.month in months
            and today.day in days
            and today.isoweekday() % 7 + 1 in weekdays  # Sunday is 1
        ):
            yield from (number * 1440 + minute for minute in times)


def _numbers(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """What a field matches. Raises ValueError for what it does not know."""
    known = {name: low + number for number, name in enumerate(names or [])}
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        else:
            begin, _, end = span.partition("-")
            first = known.get(begin) or int(begin)
            # "5/10" is every tenth from five on.
            last = (known.get(end) or int(end)) if end else (high if step else first)
        found.update(range(first, last + 1, int(step or 1)))
    return found
