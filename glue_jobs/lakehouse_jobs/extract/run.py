"""Extract one object and say how it went."""

import time
from collections.abc import Callable
from typing import Final

from lakehouse_jobs.contract.runs import ObjectOutcome, Status
from lakehouse_jobs.errors import FieldVanishedError, RequestError, SupersededError
from lakehouse_jobs.extract.extraction import Extraction
from lakehouse_jobs.extract.landed import Landed
from lakehouse_jobs.extract.loads import TakenError
from lakehouse_jobs.extract.opening import opened, waits
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.plan import Plan, plan_for
from lakehouse_jobs.extract.resync.resync import Resync
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.task import Task
from lakehouse_jobs.extract.told import add, calls_of, say, telling
from lakehouse_jobs.raw.maintenance.upkeep import maintain

# Describes of an object whose fields vanish between describe and query.
MOST_DESCRIBES: Final = 3
REQUESTS_OF_AN_OBJECT: Final = 2  # describe and one query, where little has changed


def extract(
    task: Task, outcome: ObjectOutcome, *, progress: Callable[[Part], None]
) -> Subject | None:
    """Extract the outcome's object and fill the outcome in as facts become known.

    What comes back has columns that wait to be filled; None where there are none. Errors are
    raised: then nothing of the object landed, and the outcome says how far it came.
    """
    started = time.monotonic()
    name = outcome["object"]
    with calls_of(outcome):
        try:
            task.org.budget.check(requests=REQUESTS_OF_AN_OBJECT)
            with task.claim(name):
                return _begin(task, name, outcome, progress)
        except TakenError as taken:
            outcome["status"] = Status.SKIPPED.value
            say(outcome, taken_by(taken))
        except SupersededError as error:
            outcome["status"] = Status.SUPERSEDED.value
            outcome["message"] = str(error)
            outcome["rows"] = outcome["bytes"] = 0
        finally:
            outcome["seconds"] = round(time.monotonic() - started, 3)
    return None


def taken_by(taken: TakenError) -> str:
    """Who has the object, in a sentence."""
    return f"run {taken.owner.split('/')[0]} is reading this object"


def keep_up(subject: Subject, outcome: ObjectOutcome) -> None:
    """The table's upkeep after a commit."""
    with telling(outcome, "the upkeep"), step(Step.MAINTAIN):
        say(outcome, maintain(subject.raw.table, subject.store, beside=[subject.lookback_prefix]))


def _begin(
    task: Task, name: str, outcome: ObjectOutcome, progress: Callable[[Part], None]
) -> Subject | None:
    """Extract, unless the object waits for a person; again where a field vanishes meanwhile."""
    if waits(task, name, outcome):
        return None
    describes = 0
    while True:
        try:
            return _extract(task, name, outcome, progress)
        except FieldVanishedError:
            describes += 1
            if describes == MOST_DESCRIBES:
                raise


def _extract(
    task: Task, name: str, outcome: ObjectOutcome, progress: Callable[[Part], None]
) -> Subject | None:
    subject = opened(task, name, outcome, progress)
    plan = plan_for(task.mode, task.period)
    landed = _read(subject, plan)
    if landed is not None:
        add(outcome, landed)
        keep_up(subject, outcome)
    marks = subject.raw.state.unfilled
    fills = any(s.column.name in marks for s in subject.selection.sources)
    return subject if fills and plan is None and subject.watermark is not None else None


def _read(subject: Subject, plan: Plan | None) -> Landed | None:
    """Carry out the plan. A table without rows has nothing to compare with: it gets them all."""
    if subject.watermark is None and plan and plan.period:
        raise RequestError(
            f"{subject.object_name} was never loaded, so no range of it can be read again; run it "
            "without since and until first"
        )
    if plan is None or subject.watermark is None:
        return Extraction(subject=subject).run()
    return Resync(subject=subject, plan=plan.filling(subject)).run()
