"""Extract a group: several objects at once, an outcome each, one failure stops no other."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lakehouse_jobs.contract.arguments import ALL_OBJECTS
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.objects import Group, ObjectsConfig, is_pattern
from lakehouse_jobs.contract.progress import Event
from lakehouse_jobs.contract.runs import (
    Failure,
    GroupOutcome,
    ObjectOutcome,
    Status,
    group_outcome_key,
    object_outcome_key,
)
from lakehouse_jobs.errors import LakehouseError, RequestError
from lakehouse_jobs.extract.pages import Part
from lakehouse_jobs.extract.run import Task, blank_outcome, extract
from lakehouse_jobs.raw.store import Store

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
        outcomes = list(objects.map(lambda name: _one(task, name, report), names))
    summary = summarize(task.group, outcomes)
    write_summary(task.lake.store, task.run_id, summary)
    report(
        Event.RUN_FINISHED,
        **{key: len(summary[key]) for key in ("landed", "unchanged", "skipped", "failed")},
    )
    return summary


def _one(task: Task, name: str, report: Report) -> ObjectOutcome:
    started = time.monotonic()
    progress = _Progress(report, name)
    report(Event.OBJECT_STARTED, object=name)
    try:
        outcome = extract(task, name, progress=progress)
    except Exception as error:
        outcome = failed_outcome(task.group, name, error)
        outcome["seconds"] = round(time.monotonic() - started, 3)
    task.lake.store.write_json(object_outcome_key(task.run_id, name), outcome)
    report(
        Event.OBJECT_FINISHED,
        object=name,
        **{key: outcome[key] for key in ("status", "rows", "bytes", "seconds", "message")},
    )
    return outcome


def failed_outcome(group: str, name: str, error: Exception) -> ObjectOutcome:
    """The outcome of an object whose extraction raised."""
    outcome = blank_outcome(group, name)
    outcome["status"] = Status.FAILED.value
    outcome["error"] = type(error).__name__
    if isinstance(error, LakehouseError | ConfigError):
        outcome["message"] = str(error)
    else:
        # Not foreseen: the log gets the trace, the outcome one line.
        traceback.print_exception(error)
        outcome["message"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return outcome


def summarize(group: str, outcomes: Sequence[ObjectOutcome]) -> GroupOutcome:
    """The group's summary of its objects' outcomes."""

    def named(*statuses: Status) -> list[str]:
        return [o["object"] for o in outcomes if o["status"] in statuses]

    return GroupOutcome(
        group=group,
        landed=named(Status.LANDED),
        unchanged=named(Status.UNCHANGED),
        skipped=named(Status.SKIPPED, Status.SUPERSEDED),
        failed=[
            Failure(object=o["object"], message=o["message"] or "")
            for o in outcomes
            if o["status"] == Status.FAILED
        ],
    )


def write_summary(store: Store, run_id: str, summary: GroupOutcome) -> None:
    """Write the file that the state machine reads."""
    store.write_json(group_outcome_key(run_id, summary["group"]), summary)


def failure_line(summary: GroupOutcome) -> str | None:
    """One line about what failed, or None: what Glue shows as the run's error."""
    failed = summary["failed"]
    if not failed:
        return None
    total = len(failed) + sum(len(summary[k]) for k in ("landed", "unchanged", "skipped"))
    messages = {f["message"] for f in failed}
    if len(messages) == 1 and len(failed) > 1:
        reasons = next(iter(messages))
    else:
        reasons = "; ".join(f"{f['object']}: {f['message']}" for f in failed)
    return f"{len(failed)} of {total} objects failed: {reasons}"


class _Progress:
    """Adds up an object's pages and reports now and then."""

    def __init__(self, report: Report, name: str) -> None:
        self._report = report
        self._name = name
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
            object=self._name,
            rows=rows,
            bytes=size,
            seconds=round(now - self._started, 3),
        )
