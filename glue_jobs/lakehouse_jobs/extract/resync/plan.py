"""What a resync reads, and what becomes of the differences it finds."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.period import ALWAYS, Period
from lakehouse_jobs.extract.columns import STAMP_COLUMN, Selection
from lakehouse_jobs.extract.subject import Subject


class Columns(StrEnum):
    """Which fields are read of every record."""

    ALL = "all"
    STAMPS = "stamps"  # Id, the stamp and IsDeleted
    FORMULAS = "formulas"  # these and what Salesforce calculates


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One resync. Where it reads some columns only, rows that differ are fetched whole."""

    columns: Columns = Columns.ALL
    period: Period = ALWAYS  # by stamps
    where: str | None = None  # a further condition, SOQL
    finds_gone: bool = False  # what Salesforce lacks becomes a tombstone
    moves_watermark: bool = False  # up to the margin: everything below was read
    fills: tuple[str, ...] = ()  # columns that are filled once this has landed

    @property
    def reads_all_records(self) -> bool:
        """Whether every record is read, so that raw is compared as a whole."""
        return not self.period and self.where is None

    def filling(self, subject: Subject) -> "Plan":
        """The plan with the columns that it fills: those marked, where it reads everything."""
        if not self.moves_watermark:
            return self
        read = {s.column.name for s in subject.selection.sources}
        return replace(self, fills=tuple(c for c in subject.raw.state.unfilled if c in read))

    def narrowed(self, subject: Subject) -> Subject:
        """The subject with the columns of this plan."""
        if self.columns is Columns.ALL:
            return subject
        kept = self._selection(subject.selection)
        names = {s.column.name for s in kept.sources} | {STAMP_COLUMN}
        columns = tuple(c for c in subject.raw.columns if c.name in names)
        return replace(subject, selection=kept, raw=replace(subject.raw, columns=columns))

    def _selection(self, selection: Selection) -> Selection:
        always = {"id", "isdeleted", selection.stamp_field.lower()}
        formulas = self.columns is Columns.FORMULAS
        return replace(
            selection,
            sources=tuple(
                s
                for s in selection.sources
                if s.field.name.lower() in always or (formulas and s.field.calculated)
            ),
        )


def plan_for(mode: Mode, period: Period) -> Plan | None:
    """The plan of a mode and a range of time; None for the incremental read.

    A range alone is read again with all columns. Of what lies outside of it nothing is
    known, so only a resync of all records finds what is gone.
    """
    if mode is Mode.INCREMENTAL and not period:
        return None
    columns = {Mode.RECONCILE: Columns.STAMPS, Mode.REFRESH: Columns.FORMULAS}
    return Plan(
        columns=columns.get(mode, Columns.ALL),
        period=period,
        finds_gone=mode in (Mode.FULL, Mode.RECONCILE) and not period,
        moves_watermark=mode is Mode.FULL and not period,
    )
