"""Who still waits for what runs: stop, time-outs, and Map siblings that end together.

AWS stops the job or build behind a ``.sync`` task when the execution is stopped, when
the task's or the machine's TimeoutSeconds has passed, and when a sibling iteration
failed (docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html). A scope
is one such "waiting party"; whatever sleeps does so in a scope.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse_local.local_aws.step_functions_errors import TIMEOUT, StatesError, StoppedError


class Scope:
    """StoppedError with its parent; may have an end of its own (``seconds`` from now)."""

    def __init__(self, parent: "Scope | None" = None, *, seconds: float | None = None) -> None:
        self._cancelled = threading.Event()
        self._children: set[Scope] = set()
        self._lock = threading.Lock()
        self._ends: list[tuple[float, Scope]] = list(parent._ends) if parent else []
        self.seconds = seconds
        if seconds is not None:
            self._ends.append((time.monotonic() + seconds, self))

    @contextmanager
    def child(self, *, seconds: float | None = None) -> Iterator["Scope"]:
        """A scope within this one."""
        scope = Scope(self, seconds=seconds)
        with self._lock:
            self._children.add(scope)
            if self._cancelled.is_set():
                scope.cancel()
        try:
            yield scope
        finally:
            with self._lock:
                self._children.discard(scope)

    def cancel(self) -> None:
        """End whatever sleeps in this scope or one within it."""
        with self._lock:
            self._cancelled.set()
            children = list(self._children)
        for child in children:
            child.cancel()

    def check(self) -> None:
        """Raise :class:`StoppedError` or, after the end of this scope, ``States.Timeout``."""
        if self._cancelled.is_set():
            raise StoppedError
        now = time.monotonic()
        for end, owner in self._ends:
            if now >= end:
                if owner is self:
                    raise StatesError(TIMEOUT, f"timed out after {self.seconds:g} seconds")
                raise StoppedError  # an outer end: its owner reports it

    def expired(self) -> bool:
        """Whether this scope's own end has passed."""
        return any(o is self and time.monotonic() >= end for end, o in self._ends)

    def sleep(self, seconds: float) -> None:
        """Wait, or raise as :meth:`check` does as soon as there is a reason to."""
        until = time.monotonic() + seconds
        while True:
            self.check()
            wake = min([until, *(end for end, _ in self._ends)])
            if time.monotonic() >= until:
                return
            self._cancelled.wait(max(0.0, wake - time.monotonic()))
