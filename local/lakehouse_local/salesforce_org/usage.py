"""What clients used of the org's limits: over the last 24 hours, and at this moment.

As in Salesforce the 24 hours roll: what was used leaves the count a day later, and deleting
a bulk job gives nothing back. Counted by the hour of the org's clock.
"""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

_HOUR: Final = 3_600
_HOURS: Final = 24


@dataclass(frozen=True, kw_only=True)
class Used:
    """Use within the last 24 hours."""

    requests: int = 0
    bulk_jobs: int = 0
    bulk_bytes: int = 0  # of results that jobs stored, whether fetched or not


class Usage:
    """The counters; ``kept`` is what :meth:`dump` gave before a restart."""

    def __init__(self, kept: str = "") -> None:
        self._lock = threading.Lock()
        self._hours: dict[int, list[int]] = {
            int(hour): counts for hour, counts in json.loads(kept or "{}").items()
        }
        self._under_way: dict[int, float] = {}
        self._pages: Counter[str] = Counter()
        self._numbers = itertools.count()

    def add(
        self, now: float, *, requests: int = 0, bulk_jobs: int = 0, bulk_bytes: int = 0
    ) -> None:
        """Count what was used at a time of the org's clock, in seconds."""
        with self._lock:
            counts = self._hours.setdefault(int(now // _HOUR), [0, 0, 0])
            for place, number in enumerate((requests, bulk_jobs, bulk_bytes)):
                counts[place] += number

    def used(self, now: float) -> Used:
        """What was used in the 24 hours before a time of the org's clock."""
        first = int(now // _HOUR) - _HOURS + 1
        with self._lock:
            for hour in [hour for hour in self._hours if hour < first]:
                del self._hours[hour]
            totals = [sum(column) for column in zip(*self._hours.values(), strict=True)]
        requests, bulk_jobs, bulk_bytes = totals or (0, 0, 0)
        return Used(requests=requests, bulk_jobs=bulk_jobs, bulk_bytes=bulk_bytes)

    def page_sent(self, object_name: str) -> None:
        """Count a page of a bulk job's results that was sent to its end."""
        with self._lock:
            self._pages[object_name] += 1

    def pages(self) -> dict[str, int]:
        """Pages of bulk results sent since the start, by object."""
        with self._lock:
            return dict(self._pages)

    def dump(self) -> str:
        """The counters as text, to be kept over a restart."""
        with self._lock:
            return json.dumps(self._hours)

    @contextmanager
    def under_way(self) -> Iterator[int]:
        """While a request is answered, up to the last byte; gives the request's number."""
        with self._lock:
            number = next(self._numbers)
            self._under_way[number] = time.monotonic()
        try:
            yield number
        finally:
            with self._lock:
                del self._under_way[number]

    def long_requests(self, after_seconds: float, *, but: int) -> int:
        """How many requests but one have been under way for so long by now."""
        since = time.monotonic() - after_seconds
        with self._lock:
            return sum(began <= since for n, began in self._under_way.items() if n != but)
