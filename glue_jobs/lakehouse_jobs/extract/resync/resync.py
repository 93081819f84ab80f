"""Carry a plan out: pin raw, read Salesforce, compare, append only what differs."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow as pa

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.errors import CommitUnknownError
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.extract.landed import Landed, land
from lakehouse_jobs.extract.leftovers import drop, settle
from lakehouse_jobs.extract.load_progress import Load
from lakehouse_jobs.extract.pages import SMALL
from lakehouse_jobs.extract.parts import Part, Reading
from lakehouse_jobs.extract.resync import query
from lakehouse_jobs.extract.resync.comparison import Comparison
from lakehouse_jobs.extract.resync.guard import allowed_gone, refuse_mass_deletion
from lakehouse_jobs.extract.resync.pinned import Pinned
from lakehouse_jobs.extract.resync.plan import Columns, Plan
from lakehouse_jobs.extract.resync.tombstones import Tombstones
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import Window
from lakehouse_jobs.raw.unfilled import unfilled_text

# Up to so many records are fetched by their ids; for more all is read again with all columns.
MOST_BY_ID: Final = 20_000


@dataclass(kw_only=True)
class Resync:
    """One plan for one object whose table has a watermark. Runs once."""

    subject: Subject
    plan: Plan
    _written: list[Part] = field(default_factory=list)  # data files of this resync
    _read: list[Part] = field(default_factory=list)  # pages

    def run(self) -> Landed:
        """What landed; without a difference there is no commit.

        Raises MassDeletionError before anything is committed, and what reading and
        committing raise. On failure nothing is left behind.
        """
        since = self.plan.period.since
        if since is not None and since >= self.cut:
            return self._nothing(
                "the range begins above the watermark, from where incremental runs read"
            )
        # A load of an incremental run that can go on is left to the next one.
        self.subject, _ = settle(self.subject)
        with tempfile.TemporaryDirectory(prefix="lakehouse-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sink = self._sink(folder)
            try:
                first, gone = self._compare(folder, sink)
                return self._landed(first, gone)
            except CommitUnknownError:
                raise  # its files may be live yet
            except BaseException:
                drop(self._load)
                raise

    @cached_property
    def _load(self) -> Load:
        """Nobody goes on with it: it is there so that its files are found if this run dies."""
        return Load.new(self.subject, Window(start=None, end=self.cut, new_from=None))

    @cached_property
    def cut(self) -> datetime:
        """Rows stamped from here on are left to the next incremental read."""
        subject, until = self.subject, self.plan.period.until
        watermark = subject.watermark or subject.now
        if self.plan.moves_watermark:
            return max(subject.now - subject.margin, watermark)
        return min(until, watermark) if until else watermark

    @property
    def _watermark(self) -> datetime:
        """The next one: moved only where everything below the cut was read."""
        watermark = self.subject.watermark or self.cut
        return self.cut if self.plan.moves_watermark else watermark

    def _compare(self, folder: Path, sink: FileSink) -> tuple[Comparison, int]:
        """Write what differs; the comparison, and how many records are gone."""
        subject, plan = self.subject, self.plan
        pinned = Pinned(table=subject.raw.table)
        if plan.columns is Columns.ALL:
            done = self._whole(pinned, folder, sink)
        else:
            done, ids = self._narrow(pinned, folder)
            if ids is None:  # each of them looked up would cost more than all of them
                done = self._whole(pinned, folder, sink)
            elif len(ids):
                self._fetch(ids, pinned, folder, sink)
        if not plan.finds_gone:
            return done, 0
        if done.gone:
            with step(Step.COMPARE):
                stones = Tombstones(subject=subject, pinned=pinned, folder=folder)
                self._write(sink, stones.of(done.gone_ids))
        return done, done.gone

    def _whole(self, pinned: Pinned, folder: Path, sink: FileSink) -> Comparison:
        """Read all columns and write the records that differ."""
        with self._comparison(self.subject, pinned, folder) as whole:
            whole.read([self._soql(self.subject)], likely_small=self._is_small(pinned))
            with step(Step.COMPARE):
                self._write(sink, whole.differences())
        self._guard(whole)
        self._read += whole.parts
        return whole

    def _narrow(self, pinned: Pinned, folder: Path) -> tuple[Comparison, pa.Array | None]:
        """Read the plan's columns; the ids of records that differ, None where they are many."""
        narrow = self.plan.narrowed(self.subject)
        with self._comparison(narrow, pinned, folder) as first:
            first.read([self._soql(narrow)], likely_small=self._is_small(pinned))
            with step(Step.COMPARE):
                ids = _ids(first.differences(), most=MOST_BY_ID)
        self._guard(first)
        # Of columns read to compare them nothing is kept, so nothing of them is rejected.
        self._read += [replace(p, rejected=()) for p in first.parts]
        return first, ids

    def _fetch(self, ids: pa.Array, pinned: Pinned, folder: Path, sink: FileSink) -> None:
        """Read records that differ in some column with all columns, and compare these."""
        subject = self.subject
        with self._comparison(subject, pinned, folder, all_records=False) as second:
            second.read(query.by_id(subject, ids.to_pylist()), likely_small=True)
            with step(Step.COMPARE):
                self._write(sink, second.differences())
        self._read += second.parts

    def _guard(self, comparison: Comparison) -> None:
        refuse_mass_deletion(
            self.subject.object_name,
            live=comparison.live,
            gone=comparison.gone if self.plan.finds_gone else 0,
            share=self._share,
        )

    @property
    def _share(self) -> float:
        return self.subject.rules.max_delete_share or 0.0

    def _is_small(self, pinned: Pinned) -> bool:
        return not self.plan.reads_all_records or pinned.rows <= SMALL

    def _landed(self, first: Comparison, gone: int) -> Landed:
        subject, plan = self.subject, self.plan
        reading = Reading(api=first.api, parts=[*self._read, *self._written])
        note = _note(first, rows=reading.rows - gone, gone=gone)
        if not reading.rows and not plan.fills and not subject.tally.new(reading.rejected):
            return self._nothing(note, reading)
        wanted = self._watermark - subject.lookback
        landed = land(
            subject,
            reading,
            watermark=self._watermark,
            # Only keys of what is appended are added, so they reach no further than before.
            keys_since=max(wanted, subject.keys.since or wanted),
            properties=self._filled(),
        )
        self._load.finish(Reading(api=reading.api), spare_files=False)
        notes = (*landed.notes, note)
        return replace(landed, tombstones=gone, notes=notes, filled=plan.fills)

    def _nothing(self, note: str, reading: Reading | None = None) -> Landed:
        """The table stays as it is: not even its properties change."""
        return Landed(
            reading=reading or Reading(api="bulk"),
            batch=self.subject.raw.state.batch,
            watermark=self.subject.watermark,
            notes=(note,),
        )

    def _filled(self) -> dict[str, str]:
        """The marks of unfilled columns, less those that this plan fills."""
        if not self.plan.fills:
            return {}
        marks = self.subject.raw.state.unfilled
        left = {name: n for name, n in marks.items() if name not in self.plan.fills}
        return {
            TableProperty.UNFILLED.value: unfilled_text(left),
            TableProperty.UNFILLED_TRIED.value: "",
        }

    def _soql(self, subject: Subject) -> str:
        """The query of the plan with the subject's fields.

        Where records may be gone it has no upper bound: one that changes right now is there.
        """
        plan = self.plan
        bounds = query.stamped(
            subject, since=plan.period.since, until=None if plan.finds_gone else self.cut
        )
        return query.select(subject, plan.where, bounds)

    def _comparison(
        self, subject: Subject, pinned: Pinned, folder: Path, *, all_records: bool | None = None
    ) -> Comparison:
        """``all_records``: where it is not as the plan says."""
        return Comparison(
            subject=subject,
            pinned=pinned,
            folder=folder,
            cut=self.cut,
            all_records=self.plan.reads_all_records if all_records is None else all_records,
            # Raw has no more live records than versions, so what the guard allows is kept.
            most_gone=allowed_gone(pinned.rows, share=self._share) if self.plan.finds_gone else 0,
        )

    def _write(self, sink: FileSink, tables: Iterable[pa.Table]) -> None:
        part = sink.take(len(self._written), iter(tables))
        self._written.append(replace(part, read=0))

    def _sink(self, folder: Path) -> FileSink:
        subject = self.subject
        return FileSink(
            store=subject.store,
            prefix=self._load.data_prefix,
            folder=folder,
            schema=subject.schema,
            known=subject.keys,
            new_from=None,  # the comparison has told what is new
            keys_from=self._watermark - subject.lookback,
            before_upload=self._load.begin,
        )


def _ids(tables: Iterable[pa.Table], *, most: int) -> pa.Array | None:
    """The records' ids, each once, as two versions of one may differ; None where they are many."""
    found = pa.array([], pa.string())
    for table in tables:  # to their end: what is gone is counted on the way
        if len(found) <= most:
            found = pa.concat_arrays([found, flat(table["id"])]).unique()
    return found if len(found) <= most else None


def _note(first: Comparison, *, rows: int, gone: int) -> str:
    """What a person wants to know of a resync, in a sentence."""
    text = f"{first.compared:,} records compared"
    found = []
    if rows:
        found.append(f"{rows:,} differ{'s' if rows == 1 else ''}")
    if gone:
        found.append(f"{gone:,} {'is' if gone == 1 else 'are'} gone")
    if first.older:
        found.append(f"{first.older:,} left as raw has them later")
    return f"{text}: {', '.join(found)}" if found else f"{text}, no difference"
