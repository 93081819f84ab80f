"""Who made how many calls: an object's requests, retries and what the org said of its use."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from lakehouse_jobs.salesforce.limits import Usage


@dataclass
class Calls:
    """Requests sent on behalf of one object, retries and logins included. Thread-safe."""

    number: int = 0
    retries: int = 0  # of them, calls made again after a failure
    before: Usage | None = None  # the org's daily requests, as the first answer told them
    after: Usage | None = None  # as the last one did
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self) -> None:
        """Count a request."""
        with self._lock:
            self.number += 1

    def retried(self) -> None:
        """Count a call that is made again."""
        with self._lock:
            self.retries += 1

    def answered(self, usage: Usage | None) -> None:
        """Keep what an answer says of the org's use."""
        if usage is None:
            return
        with self._lock:
            self.before, self.after = self.before or usage, usage


_CALLS: ContextVar[Calls | None] = ContextVar("calls", default=None)


@contextmanager
def counted() -> Iterator[Calls]:
    """Count the requests made in this context and in copies of it (other threads)."""
    calls = Calls()
    token = _CALLS.set(calls)
    try:
        yield calls
    finally:
        _CALLS.reset(token)


def current() -> Calls:
    """The calls of this context; those that nobody counts go nowhere."""
    return _CALLS.get() or Calls()
