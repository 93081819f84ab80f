"""The second pass of a group: columns of objects that were read are filled, time permitting.

A backfill reads as much as it must; a group has until its ``timeout_minutes``. So none
begins where little of it is left, and one that is still reading near its end is given up.
"""

import math
import time
from dataclasses import dataclass, replace

from lakehouse_jobs.contract.runs import ObjectOutcome
from lakehouse_jobs.errors import TimeSpentError
from lakehouse_jobs.extract.loads import TakenError
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.backfill import Backfill
from lakehouse_jobs.extract.run import keep_up, taken_by
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.task import Task
from lakehouse_jobs.extract.told import add, calls_of, say, telling
from lakehouse_jobs.raw.table import reopened


def fill(task: Task, subject: Subject, outcome: ObjectOutcome) -> None:
    """Fill what may be filled now; the outcome says what waits, and why. Never raises."""
    started = time.monotonic()
    names = ", ".join(subject.raw.state.unfilled)
    if started >= task.fill_before:
        say(
            outcome,
            f"{names} waits to be filled: half of group {task.group}'s timeout_minutes are over; "
            "raise it if that is so in every run",
        )
        return
    with telling(outcome, f"the backfill of {names}"), calls_of(outcome):
        try:
            with task.claim(subject.object_name):
                _fill(task, subject, outcome)
        except TakenError as taken:
            say(outcome, f"{names} waits to be filled: {taken_by(taken)}")
    outcome["seconds"] = round(outcome["seconds"] + time.monotonic() - started, 3)


def _fill(task: Task, read: Subject, outcome: ObjectOutcome) -> None:
    raw = reopened(read.raw, org_id=task.org.org_id)
    subject = replace(read, raw=raw, progress=_InTime(until=task.fill_until, group=task.group))
    filling = Backfill(subject).run()
    outcome["unfilled"] = dict(filling.unfilled)
    say(outcome, filling.note)
    if filling.landed is not None:
        add(outcome, filling.landed, told=True)
        keep_up(subject, outcome)


@dataclass(frozen=True, kw_only=True)
class _InTime:
    """Called with every page: ends a read that would run into the group's time-out."""

    group: str
    until: float = math.inf  # by time.monotonic

    def __call__(self, _: Part) -> None:
        if time.monotonic() >= self.until:
            raise TimeSpentError(
                f"the time of group {self.group} is nearly over; raise its timeout_minutes, or "
                "start a full resync of this object alone"
            )
