"""The org's clock, as its answers' Date headers tell it, without one that cannot be right.

Not compared with this machine's clock, which may be wrong itself: with how fast time
passes here, and with what the login says of its own time. A window that ends ahead of
the org's time would pass rows over that are stamped later.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from lakehouse_jobs import log

TOLERANCE: Final = timedelta(minutes=5)
_REMEMBERED: Final = 9  # answers; a clock that was set forward is believed after half of them


class OrgClock:
    """Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._now: datetime | None = None
        # Each answer's Date less the time that has passed here: equal for all but for latency.
        self._zeros: deque[datetime] = deque(maxlen=_REMEMBERED)

    @property
    def now(self) -> datetime | None:
        """The org's time at its newest answer, UTC, whole seconds; None where none told it."""
        return self._now

    def told(self, moment: datetime) -> None:
        """Take an answer's Date. One far ahead of the others is not believed, as of now."""
        with self._lock:
            passed = timedelta(seconds=int(self._clock() - self._began))
            self._zeros.append(moment - passed)
            # Of an even number the earlier one: too early a time loses nothing.
            expected = statistics.median_low(self._zeros) + passed
            is_ahead = moment - expected > TOLERANCE
            self._now = expected if is_ahead else moment
        if is_ahead:
            log.warn(
                f"an answer's Date is {_text(moment)} where {_text(expected)} was due by the "
                "answers before it: the later time is not used; check the clocks of what stands "
                "between this job and the org"
            )

    def issued(self, moment: datetime) -> None:
        """Compare with when the org says that it made a token, right after that answer.

        A warning and no more: nothing in the documentation says that an org never answers
        with a token that it made earlier.
        """
        now = self._now
        if now is not None and now - moment > TOLERANCE:
            log.warn(
                f"the login's Date header says {_text(now)}, its issued_at {_text(moment)}; if "
                "the token is not an earlier one, check the clocks of what stands between this "
                "job and the org: by the later time rows would be passed over"
            )


def issued_at(milliseconds: object) -> datetime | None:
    """The time in a token's ``issued_at``; None where it tells none."""
    if not isinstance(milliseconds, str) or not milliseconds.isdecimal():
        return None
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
