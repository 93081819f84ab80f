"""Fill columns that became readable after rows were in the table.

A field is granted, or made with a default, without moving any stamp: what raw has of older
records lacks it, and no incremental read brings them. The run that sees the column marks it
(:mod:`lakehouse_jobs.raw.unfilled`); when all objects of the group have been read it fills it,
if it may. An attempt is noted before it begins: one that kills its run is not made again at once.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from lakehouse_jobs import log
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BulkJobError,
    LimitExceededError,
    TransferError,
    UnreachableError,
)
from lakehouse_jobs.extract.columns import Source
from lakehouse_jobs.extract.landed import Landed, land
from lakehouse_jobs.extract.parts import Reading
from lakehouse_jobs.extract.resync import query
from lakehouse_jobs.extract.resync.plan import Plan
from lakehouse_jobs.extract.resync.resync import Resync
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.unfilled import Unfilled, mark_tried, read_tried, unfilled_text
from lakehouse_jobs.salesforce.budget import REQUESTS_OF_A_JOB

MOST_CONDITIONS: Final = 50  # fields in one WHERE; with more all records are read
ROWS_PER_PAGE: Final = 50_000  # of a Bulk result: what a budget is asked for
BETWEEN_ATTEMPTS: Final = timedelta(hours=6)  # where one did not end well
UNKNOWN_PAGES: Final = 1_000  # where nothing could be counted
# In the refusal of a query, or the reason of a failed job: it may not filter by the field.
_UNFILTERABLE: Final = ("INVALID_FIELD", "MALFORMED_QUERY", "INVALID_QUERY_FILTER_OPERATOR")


@dataclass(frozen=True, kw_only=True)
class Filling:
    """What became of the marked columns."""

    landed: Landed | None = None  # None: nothing was committed
    unfilled: Unfilled  # columns still to be filled, and records that may lack them
    note: str | None = None  # a sentence for a person


@dataclass(frozen=True)
class Backfill:
    """Of one object, whose table is as its last commit left it."""

    subject: Subject

    def run(self) -> Filling:
        """Fill what may be filled now. Errors are told: what was read before has landed."""
        marks = dict(self.subject.raw.state.unfilled)
        if not self._sources or self.subject.watermark is None:
            return Filling(unfilled=marks)
        names = ", ".join(s.field.name for s in self._sources)
        again = self._again
        if again is not None and self.subject.now < again:
            note = (
                f"{names} waits to be filled: an attempt did not end well; the next is made "
                f"after {iso(again)}, a full resync fills it at once"
            )
            return Filling(unfilled=marks, note=note)
        records = None
        try:
            records = self._count()
            landed = self._fill(records)
        except Exception as error:  # what was read before has landed
            counted = marks | dict.fromkeys(self._columns, records)
            if records is not None and counted != marks:
                with suppress(Exception):
                    self._mark(counted)  # for `lakehouse status`
            marks = counted
            note = f"{names} waits to be filled: {log.sentence(error)}"
            log.warn(note)
            return Filling(unfilled=marks, note=note)
        left = {name: n for name, n in marks.items() if name not in self._columns}
        note = "; ".join(landed.notes)
        return Filling(landed=landed, unfilled=left, note=f"{names} filled: {note}")

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        """The marked columns that are read now, with their fields."""
        marks = self.subject.raw.state.unfilled
        return tuple(s for s in self.subject.selection.sources if s.column.name in marks)

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(s.column.name for s in self._sources)

    @property
    def _again(self) -> datetime | None:
        """When another attempt may be made; None where the last one ended well."""
        tried = read_tried(self.subject.raw.properties)
        return tried + BETWEEN_ATTEMPTS if tried else None

    @property
    def _where(self) -> str | None:
        """The records that have a value, where Salesforce can find them."""
        fields = list(dict.fromkeys(s.field.name for s in self._sources))
        if len(fields) > MOST_CONDITIONS or not all(s.field.filterable for s in self._sources):
            return None
        return f"({' OR '.join(f'{name} != null' for name in fields)})"

    def _count(self) -> int | None:
        """How many records may lack a value; None where Salesforce does not count them."""
        below = query.stamped(self.subject, until=self.subject.watermark)
        try:
            soql = query.count(self.subject, self._where, below)
            # Of a large object it may not end in time: what it tells is not worth waiting for.
            return self.subject.org.rest.first(soql, patient=False).total
        except LimitExceededError:
            raise
        except (AnswerRefusedError, TransferError, UnreachableError):
            return None

    def _fill(self, records: int | None) -> Landed:
        """One commit that brings the values and takes the marks away."""
        if records == 0:
            return self._unmarked()
        pages = UNKNOWN_PAGES if records is None else records // ROWS_PER_PAGE
        self.subject.org.budget.check(requests=REQUESTS_OF_A_JOB + pages, jobs=1)
        # First, so that an attempt that kills its run is not made again by every run.
        raw = self.subject.raw
        mark_tried(raw.table, self.subject.now, fenced_by=raw.properties)
        plan = Plan(where=self._where, fills=self._columns)
        try:
            return Resync(subject=self.subject, plan=plan).run()
        except (AnswerRefusedError, BulkJobError) as error:
            if plan.where is None or not _refuses_condition(error):
                raise
            # describe calls fields filterable that a query then refuses: read all records.
            return Resync(subject=self.subject, plan=replace(plan, where=None)).run()

    def _unmarked(self) -> Landed:
        """No older record has a value: only the marks go."""
        marks = self.subject.raw.state.unfilled
        left = {n: r for n, r in marks.items() if n not in self._columns}
        landed = self._mark(left, more={TableProperty.UNFILLED_TRIED.value: ""})
        return replace(landed, notes=("no older record has a value",))

    def _mark(self, unfilled: Unfilled, *, more: Mapping[str, str] | None = None) -> Landed:
        """Change the marks, and more properties; nothing else."""
        subject = self.subject
        watermark = subject.watermark or subject.now
        wanted = watermark - subject.lookback
        return land(
            subject,
            Reading(api="rest"),
            watermark=watermark,
            keys_since=max(wanted, subject.keys.since or wanted),
            properties={TableProperty.UNFILLED.value: unfilled_text(unfilled), **(more or {})},
        )


def _refuses_condition(error: AnswerRefusedError | BulkJobError) -> bool:
    """Whether the query was refused for its condition, so that one without it may do."""
    if isinstance(error, AnswerRefusedError) and error.status not in (200, 400):
        return False  # 200: the answer that tells of a failed job
    return any(code in str(error) for code in _UNFILTERABLE)
