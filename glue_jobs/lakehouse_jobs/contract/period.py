"""A stretch of time that is read again: ``--since`` and ``--until``, half-open, UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

# As the state machine takes a moment, in regular expressions of JavaScript and Python alike.
DATE_PATTERN: Final = "20[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
MOMENT_PATTERN: Final = f"^{DATE_PATTERN}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?$"
MOMENT_FORM: Final = "a UTC time such as 2026-01-31T08:00:00Z, or a date such as 2026-01-31"


@dataclass(frozen=True, kw_only=True)
class Period:
    """From ``since``, up to and not including ``until``; None is open. By the record's stamp."""

    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, *, since: str | None, until: str | None) -> Self:
        """Read both ends. Raises ValueError with a line for a person."""
        period = cls(
            since=None if since is None else read_moment(since, name="since"),
            until=None if until is None else read_moment(until, name="until"),
        )
        if period.since and period.until and period.since >= period.until:
            raise ValueError(f"until: got {until!r}; allowed: a time after since, which is {since}")
        return period

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


ALWAYS: Final = Period()  # no range


def read_moment(text: str, *, name: str) -> datetime:
    """A time in ISO 8601, whole seconds, as UTC; without a zone it is UTC, a date its midnight.

    Raises ValueError with a line for a person.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.microsecond or moment.year < 2000:
        raise ValueError(f"{name}: got {text!r}; allowed: {MOMENT_FORM}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """A moment as the state machine takes it: ``2026-01-31T08:00:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
