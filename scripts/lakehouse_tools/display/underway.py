"""Where an execution is, or was when it was ended from outside: its Glue runs and its build."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from lakehouse_tools.display.plain import object_line
from lakehouse_tools.display.words import duration, where
from lakehouse_tools.executions.progress import READING, ExecutionProgress


def lines(progress: ExecutionProgress) -> Iterator[str]:
    """One for the execution, for each Glue run and object being read, and for the build."""
    yield f"{duration(progress.seconds)}: {where(progress)}"
    for group in progress.groups.values():
        end = group.ended or datetime.now(UTC)
        took = f", {duration((end - group.started).total_seconds())}" if group.started else ""
        reason = f": {group.error}" if group.error else ""
        yield f"{group.name}: Glue run {group.run_id} is {group.state}{took}{reason}"
        for one in group.objects.values():
            if one.status == READING:
                yield f"  {object_line(one)}"
    build = progress.build
    if build is not None:
        nodes = f", {len(build.finished)} of {build.total} models and tests" if build.total else ""
        yield f"dbt: build {build.build_id} is {build.state} ({build.phase}){nodes}"


def for_programs(progress: ExecutionProgress) -> dict[str, Any]:
    """``{"states", "runs": [{"group", "run", "state"}], "build": {"id", "state"} or None}``."""
    build = progress.build
    return {
        "states": list(progress.states),
        "runs": [
            {"group": group.name, "run": group.run_id, "state": group.state}
            for group in progress.groups.values()
        ],
        "build": build and {"id": build.build_id, "state": build.state},
    }
