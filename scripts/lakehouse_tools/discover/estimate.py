"""What the first load and a month will take: seconds, API calls, money.

A model, not a measurement. Its figures stand here and are told beside the result.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lakehouse_tools import prices
from lakehouse_tools.discover.findings import ObjectFinding

JOB_SECONDS: Final = 30.0  # until a Bulk query job is complete
MEGABYTES_PER_SECOND: Final = 20.0  # four connections of 5 MB/s
REST_SECONDS: Final = 1.0  # for an answer of 2,000 records
ROWS_PER_PAGE: Final = 50_000  # of a Bulk result; Salesforce chooses
POLLS: Final = 6  # of a job's state
PAGES_PER_LIST: Final = 5
REST_ROWS: Final = 2_000  # records in one answer; more than these go by Bulk
CALLS_PER_RUN: Final = 3  # of each Glue run, beside its objects': login, objects, limits
OBJECT_SECONDS: Final = 3.0  # describe, commit and housekeeping of an object
START_SECONDS: Final = 20.0  # of a Glue run before its first call
AT_ONCE: Final = 4  # objects of a group
WORKERS: Final = 2  # G.1X, Glue's minimum
DAILY_CHANGES: Final = 0.01  # of the records
GOOD_SHARE: Final = 0.5  # of the org's daily calls, at most


@dataclass(frozen=True, kw_only=True)
class Load:
    """One reading of one object."""

    calls: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Of all proposed objects together. Money is US$, extraction alone: dbt comes on top."""

    groups: int
    rows: int  # of the objects whose rows are known
    first_calls: int
    first_minutes: float
    first_cost: float
    every: str
    runs_per_month: int
    month_calls: int
    calls_per_day: int
    run_minutes: float
    month_cost: float


def first_load(found: ObjectFinding) -> Load:
    """Everything, by Bulk where the object allows it."""
    rows = found.rows or 0
    if found.api == "rest":
        return _rest(rows)
    return _bulk(rows, rows * found.row_bytes)


def later(found: ObjectFinding, *, changed: int) -> Load:
    """One run that finds so many records changed: REST first, Bulk if it is not small."""
    if found.api == "rest" or changed <= REST_ROWS:
        return _rest(changed)
    bulk = _bulk(changed, changed * found.row_bytes)
    return Load(calls=bulk.calls + 1, seconds=bulk.seconds + REST_SECONDS)


def estimate(
    groups: Sequence[Sequence[ObjectFinding]], *, every: str, daily_changes: float = DAILY_CHANGES
) -> Estimate:
    """``groups`` of objects, each one Glue run; ``every`` is a key of ``prices.EVERY``."""
    runs = prices.EVERY[every]
    per_day = runs / prices.DAYS_PER_MONTH

    def changed(found: ObjectFinding) -> int:
        return math.ceil((found.rows or 0) * daily_changes / per_day)

    first = [[first_load(o) for o in group] for group in groups]
    run = [[later(o, changed=changed(o)) for o in group] for group in groups]
    run_calls = sum(_calls(loads) for loads in run)
    return Estimate(
        groups=len(groups),
        rows=sum(o.rows or 0 for group in groups for o in group),
        first_calls=sum(_calls(loads) for loads in first),
        first_minutes=max((_minutes(loads) for loads in first), default=0.0),
        first_cost=sum(_cost(loads) for loads in first),
        every=every,
        runs_per_month=runs,
        month_calls=run_calls * runs,
        calls_per_day=math.ceil(run_calls * per_day),
        run_minutes=max((_minutes(loads) for loads in run), default=0.0),
        month_cost=sum(_cost(loads) for loads in run) * runs,
    )


def concern(expected: Estimate, *, limit: int | None) -> str | None:
    """What speaks against the schedule: the org's daily calls are for everybody."""
    if not limit or expected.calls_per_day <= limit * GOOD_SHARE:
        return None
    return (
        f"{expected.calls_per_day:,} calls a day are more than half of the org's {limit:,}: read"
        " less often (--every), or give what changes seldom a group with a schedule of its own"
    )


def assumptions(daily_changes: float) -> str:
    """What the figures rest on, in a sentence."""
    return (
        f"estimated: {daily_changes:.1%} of the records change in a day; a Bulk job takes"
        f" {JOB_SECONDS:.0f} s and gives {MEGABYTES_PER_SECOND:.0f} MB/s in pages of"
        f" {ROWS_PER_PAGE:,} rows; up to {REST_ROWS:,} changes go by REST; {WORKERS} G.1X workers"
        f" a group at ${prices.DPU_HOUR} per DPU-hour, at least a minute a run; dbt comes on top"
    )


def _rest(rows: int) -> Load:
    answers = max(1, math.ceil(rows / REST_ROWS))
    return Load(calls=1 + answers, seconds=OBJECT_SECONDS + answers * REST_SECONDS)


def _bulk(rows: int, size: int) -> Load:
    pages = max(1, math.ceil(rows / ROWS_PER_PAGE))
    # describe, the job, its state, its pages, each page, and the job's deletion
    calls = 1 + 1 + POLLS + math.ceil(pages / PAGES_PER_LIST) + pages + 1
    seconds = OBJECT_SECONDS + JOB_SECONDS + size / 1_000_000 / MEGABYTES_PER_SECOND
    return Load(calls=calls, seconds=seconds)


def _calls(loads: Sequence[Load]) -> int:
    return CALLS_PER_RUN + sum(load.calls for load in loads)


def _minutes(loads: Sequence[Load]) -> float:
    """Of a Glue run. Objects are read side by side, the longest sets the least."""
    seconds = [load.seconds for load in loads]
    return (START_SECONDS + max(max(seconds, default=0.0), sum(seconds) / AT_ONCE)) / 60


def _cost(loads: Sequence[Load]) -> float:
    return prices.glue_run(workers=WORKERS, minutes=_minutes(loads))
