"""How many result pages are read at once: as many as keep the cores busy.

One for each core where pages come as fast as they can be written. Where they come more
slowly, a core would wait for the network most of the time, so more of them are read.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MEMORY: Final = 2.0  # seconds that count: older ones halve with each so many


class Lanes:
    """A gate of changing width for one process. Safe to use from several threads."""

    def __init__(self, *, least: int, most: int) -> None:
        self._most = max(1, most)
        self._least = min(max(1, least), self._most)
        self._open = 0
        self._waited = self._worked = 0.0
        self._changed = threading.Condition()

    @property
    def width(self) -> int:
        """Pages that may be read at once now."""
        whole = self._waited + self._worked
        busy = self._worked / whole if whole else 1.0
        return min(int(self._least / max(busy, self._least / self._most)), self._most)

    @contextmanager
    def lane(self) -> Iterator[None]:
        """One page; waits until there is room for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._open < self.width)
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def told(self, *, waited: float, worked: float) -> None:
        """Seconds that one page waited for the network, and those it worked before that."""
        with self._changed:
            before = self.width
            self._waited += waited
            self._worked += worked
            while self._waited + self._worked > 2 * MEMORY:
                self._waited, self._worked = self._waited / 2, self._worked / 2
            if self.width > before:
                self._changed.notify_all()
