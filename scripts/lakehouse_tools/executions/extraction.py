"""A Glue run's progress lines, folded into the progress of its objects."""

from typing import Any

from lakehouse_jobs.contract import progress as lines
from lakehouse_jobs.contract.progress import Event
from lakehouse_jobs.contract.runs import Status
from lakehouse_tools.executions.progress import READING, GroupProgress, ObjectProgress


def apply(group: GroupProgress, text: str) -> None:
    """Take one line of the run's log. Lines that are no progress lines change nothing."""
    event = lines.parse(text)
    if event is None:
        return
    match event["event"]:
        case Event.RUN_STARTED:
            for name in event.get("objects") or []:
                _object(group, name)
        case Event.OBJECT_STARTED:
            _object(group, event.get("object")).status = READING
        case Event.OBJECT_PROGRESS:
            progress = _object(group, event.get("object"))
            progress.status = READING
            _figures(progress, event)
        case Event.OBJECT_FINISHED:
            progress = _object(group, event.get("object"))
            progress.status = str(event.get("status") or Status.FAILED)
            progress.message = event.get("message")
            _figures(progress, event)


def _object(group: GroupProgress, name: Any) -> ObjectProgress:
    name = str(name)
    if name not in group.objects:
        group.objects[name] = ObjectProgress(name=name, group=group.name)
    return group.objects[name]


def _figures(progress: ObjectProgress, event: dict[str, Any]) -> None:
    progress.rows = int(event.get("rows") or 0)
    progress.bytes = int(event.get("bytes") or 0)
    progress.seconds = float(event.get("seconds") or 0.0)
