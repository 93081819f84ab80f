"""Points in time as Salesforce writes them, and the org's clock.

Everywhere in the org a point in time is text, ``2024-04-16T19:00:00.000Z``, always UTC and
always with milliseconds, so that text order is time order. Dates are ``2024-04-16``.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import formatdate
from functools import lru_cache

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def from_seconds(seconds: float) -> str:
    """The text of whole seconds since 1970, UTC. System fields carry no milliseconds."""
    days, rest = divmod(int(seconds), 86_400)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{day_text(days)}T{hour:02}:{minute:02}:{second:02}.000Z"


def to_seconds(text: str) -> float:
    """Seconds since 1970 of a text that :func:`from_seconds` or :func:`parse` made."""
    return datetime.fromisoformat(text).timestamp()


@lru_cache(maxsize=20_000)
def day_text(days: int) -> str:
    """The text of a date, as days since 1970."""
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def parse(text: str) -> str | None:
    """The canonical text of a SOQL dateTime literal, None where it is not one."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    milliseconds = int((match[7] or "0").ljust(3, "0")[:3])
    zone = UTC
    if match[8] not in "zZ":
        hours, minutes = int(match[8][1:3]), int(match[8][-2:])
        offset = timedelta(hours=hours, minutes=minutes)
        zone = timezone(-offset if match[8][0] == "-" else offset)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z".rjust(24, "0")


def is_date(text: str) -> bool:
    """Whether a text is a date that exists."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Clock:
    """The org's clock: the machine's, moved by an offset that can be changed."""

    def __init__(self, offset: float = 0.0, *, now: Callable[[], float] = time.time) -> None:
        self.offset = offset
        self._now = now

    def seconds(self) -> float:
        """Seconds since 1970 by the org's clock."""
        return self._now() + self.offset

    def text(self) -> str:
        """Now, cut to the second."""
        return from_seconds(self.seconds())

    def http_date(self) -> str:
        """Now, as the ``Date`` header of HTTP."""
        return formatdate(self.seconds(), usegmt=True)
