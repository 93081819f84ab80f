"""Is the new system as fast as the old one, and are its data as fresh? From both run histories."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any

from lakehouse_tools.comparison.checks import Check, judged
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Performance, RunSource
from lakehouse_tools.comparison.quality import Newest, not_compared
from lakehouse_tools.environment import Environment
from lakehouse_tools.s3_objects import read_address
from lakehouse_tools.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Durations:
    """The runs of one system in the window, in seconds."""

    runs: int
    median: float
    worst: float

    def __str__(self) -> str:
        return f"median {self.median:,.0f} s, worst {self.worst:,.0f} s of {self.runs} runs"


def durations(
    source: RunSource, since: datetime, environment: Environment | None, stack: Stack | None
) -> Durations:
    """How long runs took that began since then. Raises :class:`NotComparedError`.

    Of the pipeline only executions count that landed rows and built the models: one that found
    nothing new ends at once, and would make the median look fast.
    """
    spans = _spans(source, since, environment, stack)
    seconds = [(end - begin).total_seconds() for begin, end in spans if begin >= since]
    if not seconds:
        what = "execution landed rows and built the models" if source.pipeline else "run ended"
        raise NotComparedError(
            f"no {what} since {since:%Y-%m-%d}: name another source in performance"
        )
    return Durations(runs=len(seconds), median=median(seconds), worst=max(seconds))


def compare_performance(
    performance: Performance,
    *,
    now: datetime,
    environment: Environment | None,
    stack: Stack | None,
    newest: Mapping[str, Newest],
) -> list[Check]:
    """End-to-end time and data age of both systems. ``newest``: by pair."""
    since = now - timedelta(days=performance.days)
    try:
        old = durations(performance.old, since, environment, stack)
        new = durations(performance.new, since, environment, stack)
    except NotComparedError as error:
        checks = [not_compared("", "end-to-end time", str(error))]
    else:
        checks = [
            Check(
                table="",
                name="end-to-end time",
                status=judged(new.median > old.median) if new.median > old.median
                else judged(new.worst > old.worst, warn=True),
                figure=f"old {old}; new {new}",
                limit="not slower than the old",
                text="the new system takes longer: see docs/benchmarks.md for what to turn",
            )
        ]  # fmt: skip
    for name, seen in newest.items():
        theirs, ours = seen.old, seen.new
        if theirs is None or ours is None:
            checks.append(not_compared(name, "data age", "a side has no newest change"))
            continue
        if seen.behind is None:
            why = "too many keys differ to look at when each changed; mend those that are named"
            checks.append(not_compared(name, "data age", why))
            continue
        quiet = ours < theirs and not seen.behind
        more = "; all that changed in between agrees" if quiet else ""
        checks.append(
            Check(
                table=name,
                name="data age",
                status=judged(seen.behind),
                figure=f"old {_age(now - theirs)}, new {_age(now - ours)}{more}",
                limit="not older than the old",
                text="the new table is behind: is its schedule on?",
            )
        )
    return checks


def _age(span: timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 0)  # clocks differ
    days, rest = divmod(minutes, 24 * 60)
    return f"{days} d {rest // 60} h" if days else f"{rest // 60} h {rest % 60:02d} min"


def _spans(
    source: RunSource, since: datetime, environment: Environment | None, stack: Stack | None
) -> list[tuple[datetime, datetime]]:
    """Begin and end of each run. What AWS refuses concerns this check, not the comparison."""
    from botocore.exceptions import ClientError

    try:
        return _asked(source, since, environment, stack)
    except ClientError as error:
        answer = error.response.get("Error", {})
        what = source.file or ", ".join(source.glue_jobs) or "the pipeline"
        raise NotComparedError(
            f"run times of {what}: AWS refused {error.operation_name}: {answer.get('Code')}:"
            f" {answer.get('Message')}: let these credentials read them, or name another source in"
            " performance"
        ) from None


def _asked(
    source: RunSource, since: datetime, environment: Environment | None, stack: Stack | None
) -> list[tuple[datetime, datetime]]:
    file = source.file
    if file is not None and not file.startswith("s3://"):
        return _of_file(file, lambda: Path(file).read_text(encoding="utf-8"))
    if not (file or source.glue_jobs or source.pipeline):
        raise NotComparedError(
            "no run times of the old system: name them in config/comparison.json, performance.old"
            ' ({"file": …} or {"glue_jobs": […]})'
        )
    if environment is None or stack is None:
        raise NotComparedError("run times need a file on disk, or an environment (--env)")
    if file is not None:
        return _of_file(file, lambda: _object(environment.client("s3"), file))
    if source.glue_jobs:
        pages = environment.client("glue").get_paginator("get_job_runs")
        return [
            (run["StartedOn"], run["CompletedOn"])
            for job in source.glue_jobs
            for page in pages.paginate(JobName=job)
            for run in page["JobRuns"]
            if run["JobRunState"] == "SUCCEEDED"
        ]
    return _of_pipeline(environment.client("stepfunctions"), stack.state_machine_arn, since)


def _of_pipeline(client: Any, machine: str, since: datetime) -> list[tuple[datetime, datetime]]:
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="SUCCEEDED"
    )
    runs = (run for page in pages for run in page["executions"])
    newest = takewhile(lambda run: run["startDate"] >= since, runs)  # they come newest first
    return [
        (run["startDate"], run["stopDate"])
        for run in newest
        if _whole(client.describe_execution(executionArn=run["executionArn"]).get("output"))
    ]


def _whole(output: str | None) -> bool:
    """Whether the state machine's summary of an execution says that it landed rows and built."""
    try:
        summary = json.loads(output or "{}")
    except ValueError:
        return False
    return (
        isinstance(summary, dict)
        and bool(summary.get("landed"))
        and summary.get("build") == "succeeded"
    )


def _object(client: Any, file: str) -> str:
    """An object's text, by its address on S3. Raises FileNotFoundError."""
    try:
        return read_address(client, file).decode()
    except (client.exceptions.NoSuchKey, client.exceptions.NoSuchBucket):
        raise FileNotFoundError(file) from None


def _of_file(file: str, text: Callable[[], str]) -> list[tuple[datetime, datetime]]:
    try:
        runs: list[dict[str, Any]] = json.loads(text())
        return [(_utc(run["started"]), _utc(run["ended"])) for run in runs]
    except FileNotFoundError:
        raise NotComparedError(f"{file}: no such file: performance in config names it") from None
    except OSError as error:
        raise NotComparedError(f"{file}: it cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise NotComparedError(
            f'{file}: it has to be a JSON list of {{"started": …, "ended": …}} in ISO 8601: {error}'
        ) from None


def _utc(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
