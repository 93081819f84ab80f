"""The steps of an object's extraction: how long each took, and where a test may stop it.

``with step(Step.COMMIT):`` adds the seconds to the object's phases. A step that runs
in several threads at once (pages) adds up the seconds of all of them; a step inside
another counts in both.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Step(StrEnum):
    """In the order in which an incremental read meets them; resync and upkeep at the end."""

    CLAIM = "claim"  # the right to read the object
    DESCRIBE = "describe"
    OPEN_TABLE = "open_table"  # made and evolved where needed
    READ_PROGRESS = "read_progress"  # what a run that died left of its load
    DROP_LOAD = "drop_load"  # delete a load that cannot go on
    QUERY = "query"  # create the Bulk job
    RECORD_JOB = "record_job"
    WAIT = "wait"  # for the Bulk job
    LIST_PAGES = "list_pages"
    PAGE = "page"  # one page: read, parsed, written to local disk, uploaded
    UPLOAD = "upload"  # a data file
    RECORD_PAGE = "record_page"
    REST = "rest"  # records over REST instead of pages
    DISTINCT = "distinct"  # find what was sent twice
    COMPARE = "compare"  # a resync with the versions in raw
    SAVE_REJECTED = "save_rejected"  # values that did not fit
    SAVE_KEYS = "save_keys"  # of the lookback window
    COMMIT = "commit"
    CLEAN_UP = "clean_up"  # progress of a load that landed, and its Bulk job
    MAINTAIN = "maintain"  # the table's snapshots and small files
    REPORT = "report"  # the outcome
    RELEASE = "release"  # the claim


Edge = Literal["begin", "end"]
# Called at both edges of every step; at the end only where nothing was raised. None but in
# tests, which stop the process there.
hook: Callable[[Step, Edge], None] | None = None


@dataclass(frozen=True)
class Phases:
    """Seconds by step. Safe to use from several threads."""

    _seconds: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, taken: Step, seconds: float) -> None:
        """Count a step."""
        with self._lock:
            self._seconds[taken.value] = self._seconds.get(taken.value, 0.0) + seconds

    def seconds(self) -> dict[str, float]:
        """What was counted so far, in milliseconds' precision."""
        with self._lock:
            return {name: round(value, 3) for name, value in self._seconds.items()}


_PHASES: ContextVar[Phases | None] = ContextVar("phases", default=None)


@contextmanager
def timed() -> Iterator[Phases]:
    """Count the steps made in this context and in copies of it (other threads)."""
    phases = Phases()
    token = _PHASES.set(phases)
    try:
        yield phases
    finally:
        _PHASES.reset(token)


@contextmanager
def step(taken: Step) -> Iterator[None]:
    """One step of an extraction."""
    if hook is not None:
        hook(taken, "begin")
    started = time.monotonic()
    try:
        yield
    finally:
        phases = _PHASES.get()
        if phases is not None:
            phases.add(taken, time.monotonic() - started)
    if hook is not None:
        hook(taken, "end")
