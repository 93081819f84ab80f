"""The job's log lines: how far it is, and what went wrong without failing it.

Each is one line of JSON on standard output with ``event`` among its keys, beside
``run_id``, ``group`` and (but for the run's own events) ``object``. They carry
counts, names and sentences, never a record's content and never a secret. Lines of the
machine that runs the job may stand between them.
"""

import json
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    """What a progress line reports, with the keys it adds."""

    RUN_STARTED = "run_started"  # objects: list[str]
    OBJECT_STARTED = "object_started"
    OBJECT_PROGRESS = "object_progress"  # rows, bytes, seconds: so far
    OBJECT_FINISHED = "object_finished"  # status, rows, bytes, seconds, message
    RUN_FINISHED = "run_finished"  # landed, unchanged, skipped, failed: counts
    WARNING = "warning"  # message: a sentence; the run goes on
    ERROR = "error"  # error: classes; where: "file:line function", outermost first


def line(event: Event, **fields: Any) -> str:
    """The log line of an event."""
    return json.dumps({"event": event.value, **fields}, ensure_ascii=False, default=str)


def parse(text: str) -> dict[str, Any] | None:
    """The event in a log line, or None where it is another line."""
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) and "event" in fields else None
