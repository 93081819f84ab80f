"""An execution as plain lines: one for each thing that happened, for logs and pipes."""

from collections.abc import Iterator
from typing import Final

from lakehouse_jobs.contract.runs import Status
from lakehouse_tools.display.words import count, duration, size, where
from lakehouse_tools.executions.progress import (
    BuildProgress,
    ExecutionProgress,
    GroupProgress,
    ObjectProgress,
)

PROGRESS_EVERY: Final = 10.0  # seconds of reading between two lines on the same object


class PlainLines:
    """Turns each new state of an execution into the lines not printed yet."""

    def __init__(self) -> None:
        self._where = ""
        self._groups: dict[str, str] = {}
        self._objects: dict[tuple[str, str], float] = {}  # seconds at the last line
        self._done: set[tuple[str, str]] = set()
        self._nodes: set[int] = set()

    def update(self, progress: ExecutionProgress) -> list[str]:
        """The lines to print now, each with the elapsed time in front."""
        elapsed = f"{progress.seconds:6.1f} s  "
        return [elapsed + text for text in self._news(progress)]

    def _news(self, progress: ExecutionProgress) -> Iterator[str]:
        for group in progress.groups.values():
            yield from self._group(group)
        if progress.build:
            yield from self._build(progress.build)
        here = where(progress)
        if here != self._where:
            self._where = here
            yield f"{progress.name}: {here}"

    def _group(self, group: GroupProgress) -> Iterator[str]:
        for progress in group.objects.values():
            key = (group.run_id, progress.name)
            if progress.finished and key not in self._done:
                self._done.add(key)
                yield f"{group.name}: {object_line(progress)}"
            elif not progress.finished and progress.rows:
                last = self._objects.get(key, 0.0)
                if progress.seconds - last >= PROGRESS_EVERY:
                    self._objects[key] = progress.seconds
                    yield f"{group.name}: {object_line(progress)}"
        state = group.state
        if self._groups.get(group.run_id) != state:
            self._groups[group.run_id] = state
            reason = f": {group.error}" if group.error else ""
            yield f"{group.name}: Glue run {group.run_id} is {state}{reason}"

    def _build(self, build: BuildProgress) -> Iterator[str]:
        for node in build.finished:
            if node.index not in self._nodes:
                self._nodes.add(node.index)
                yield (
                    f"dbt: {node.index} of {node.total} {node.detail or node.status}"
                    f" {node.text} in {duration(node.seconds)}"
                )


def object_line(progress: ObjectProgress) -> str:
    """One object in one line."""
    if progress.status == Status.FAILED:
        return f"{progress.name} failed: {progress.message or 'no reason given'}"
    text = f"{progress.name} {progress.status}: {count(progress.rows)} rows"
    if progress.rows:
        text += f", {size(progress.bytes)}, {count(round(progress.rate))} rows/s"
    text += f", {duration(progress.seconds)}"
    return f"{text}: {progress.message}" if progress.message else text
