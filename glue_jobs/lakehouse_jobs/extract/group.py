"""Extract a group: several objects at once, an outcome each, one failure stops no other."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from lakehouse_jobs import log
from lakehouse_jobs.contract.arguments import ALL_OBJECTS
from lakehouse_jobs.contract.objects import Group, ObjectsConfig, is_pattern
from lakehouse_jobs.contract.progress import Event
from lakehouse_jobs.contract.runs import (
    GroupOutcome,
    ObjectOutcome,
    Status,
    blank_outcome,
    object_outcome_key,
)
from lakehouse_jobs.errors import RequestError
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.filling import fill
from lakehouse_jobs.extract.run import extract
from lakehouse_jobs.extract.run_report import append_runs
from lakehouse_jobs.extract.steps import Step, step, timed
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.summary import read_built, summarize, write_summary
from lakehouse_jobs.extract.task import Task
from lakehouse_jobs.raw.owner import check_owner

Report = Callable[..., None]  # report(event, **fields)
PROGRESS_SECONDS = 1.0


def chosen(
    config: ObjectsConfig, group: Group, wanted: str, *, available: Callable[[], Sequence[str]]
) -> list[str]:
    """The objects to extract: those asked for ("A,B"), or all of the group ("*").

    ``available`` lists the org's objects; it is asked only where patterns need it.
    """
    if wanted == ALL_OBJECTS:
        patterns = any(is_pattern(entry) for entry in group.include)
        return config.members(group.name, available() if patterns else ())
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    for name in names:
        found = config.group_of(name)
        if found is None or found.name != group.name:
            raise RequestError(
                f"object {name} is not in group {group.name} ({', '.join(group.include)}); "
                "add it to the configuration and deploy"
            )
    by_lower = {n.lower(): n for n in config.members(group.name, ())}
    return [by_lower.get(name.lower(), name) for name in names]


def extract_group(task: Task, names: Sequence[str], *, report: Report) -> GroupOutcome:
    """Extract the objects and write every outcome; the group's own is written last."""
    report(Event.RUN_STARTED, objects=list(names))
    at_once = max(1, min(task.config.group(task.group).concurrency, len(names)))
    with ThreadPoolExecutor(at_once, thread_name_prefix="object") as objects:
        refused = _refused(task, names)
        contexts = [copy_context() for _ in names]
        extracted = list(
            objects.map(
                lambda context, name: context.run(_one, task, name, report, refused),
                contexts,
                names,
            )
        )
    outcomes = [outcome for outcome, _ in extracted]
    # When every object has been read: what is new comes before what is old.
    for outcome, waiting in extracted:
        if waiting is not None:
            _fill(task, waiting, outcome, report)
    summary = summarize(task.group, outcomes, built=read_built(task.lake.store))
    write_summary(task.lake.store, task.run_id, summary)
    if refused is None:  # else the database may be another org's: not a word is written there
        append_runs(
            task.lake.catalog,
            task.lake.store,
            database=task.lake.database,
            run_id=task.run_id,
            group=task.group,
            outcomes=outcomes,
        )
    report(
        Event.RUN_FINISHED,
        **{key: len(summary[key]) for key in ("landed", "unchanged", "skipped", "failed")},
    )
    return summary


def _refused(task: Task, names: Sequence[str]) -> Exception | None:
    """What forbids writing any object of this org into this lake; asked once."""
    others = (i for group in task.config.groups for i in group.include if not is_pattern(i))
    try:
        check_owner(
            task.lake.catalog,
            task.lake.store,
            database=task.lake.database,
            org_id=task.org.org_id,
            objects=dict.fromkeys([*names, *others]),
        )
    except Exception as error:
        return error
    return None


Extracted = tuple[ObjectOutcome, Subject | None]  # the latter has columns to be filled


def _one(task: Task, name: str, report: Report, refused: Exception | None) -> Extracted:
    with log.about(object=name):
        report(Event.OBJECT_STARTED)
        with timed() as phases:
            outcome, waiting = _outcome(task, name, report, refused)
            outcome["phases"] = phases.seconds()
        _finished(task, outcome, report)
        return outcome, waiting


def _fill(task: Task, waiting: Subject, outcome: ObjectOutcome, report: Report) -> None:
    """Fill columns of an object that was read, and tell its outcome once more."""
    with log.about(object=outcome["object"]):
        with timed() as phases:
            fill(task, waiting, outcome)
        before = outcome["phases"]
        outcome["phases"] = before | {
            name: round(before.get(name, 0.0) + seconds, 3)
            for name, seconds in phases.seconds().items()
        }
        _finished(task, outcome, report)


def _finished(task: Task, outcome: ObjectOutcome, report: Report) -> None:
    name = outcome["object"]
    try:
        with step(Step.REPORT):
            task.lake.store.write_json(object_outcome_key(task.run_id, name), outcome)
    except Exception as error:
        # The group's summary still has it.
        log.warn(f"the outcome of {name} could not be written: {log.told(error)}")
    report(
        Event.OBJECT_FINISHED,
        **{key: outcome[key] for key in ("status", "rows", "bytes", "seconds", "message")},
    )


def _outcome(task: Task, name: str, report: Report, refused: Exception | None) -> Extracted:
    outcome = blank_outcome(task.group, name, mode=task.mode)
    try:
        if refused is not None:
            raise refused
        return outcome, extract(task, outcome, progress=_Progress(report))
    except Exception as error:
        return fail(outcome, error), None


def fail(outcome: ObjectOutcome, error: Exception) -> ObjectOutcome:
    """Note in an outcome that its extraction raised; what it says of the way there stays."""
    outcome["status"] = Status.FAILED.value
    outcome["error"] = type(error).__name__
    outcome["rows"] = outcome["bytes"] = 0
    outcome["message"] = log.sentence(error)
    return outcome


class _Progress:
    """Adds up an object's pages and reports now and then."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._started = self._last = time.monotonic()
        self._rows = self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, part: Part) -> None:
        with self._lock:
            self._rows += part.rows
            self._bytes += part.bytes
            now = time.monotonic()
            if now - self._last < PROGRESS_SECONDS:
                return
            self._last = now
            rows, size = self._rows, self._bytes
        self._report(
            Event.OBJECT_PROGRESS,
            rows=rows,
            bytes=size,
            seconds=round(now - self._started, 3),
        )
