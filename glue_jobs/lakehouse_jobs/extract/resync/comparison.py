"""One reading of Salesforce against raw's current versions, bucket by bucket."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.contract.raw_log import Change, SystemColumn
from lakehouse_jobs.errors import JobGoneError
from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.extract.pages import page_reader
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.buckets import buckets_for
from lakehouse_jobs.extract.resync.found import FoundSink
from lakehouse_jobs.extract.resync.pinned import Pinned
from lakehouse_jobs.extract.resync.spill import Spill
from lakehouse_jobs.extract.resync.versions import Once, compare, newest
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.chunks import chunked

# Above so many found records raw is compared as a whole: looking each up would cost more.
MOST_LOOKED_UP: Final = 1_000_000
_ORDER: Final = ("id", STAMP_COLUMN, SystemColumn.BATCH.value, SystemColumn.IS_DELETED.value)


@dataclass(kw_only=True)
class Comparison:
    """Read queries into it, then take the differences. Use within a ``with``."""

    subject: Subject  # with the columns to compare
    pinned: Pinned
    folder: Path
    cut: datetime  # rows stamped from here on are left to the next incremental read
    all_records: bool  # whether every record is read, so that what is missing is gone
    most_gone: int = 0  # ids of so many missing records are kept; of more none is
    parts: list[Part] = field(default_factory=list)
    api: Literal["bulk", "rest"] = "bulk"
    compared: int = 0
    older: int = 0  # found rows that raw has in a later version
    live: int = 0  # records that live in raw; counted where all are read
    gone: int = 0  # of those, records that were not found
    _gone: list[pa.Array] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def read(self, queries: Iterable[str], *, likely_small: bool = False) -> None:
        """Read these queries, one after the other; once more where a job is gone under its pages.

        Raises what the reading raises.
        """
        asked = list(queries)
        try:
            self._read(asked, likely_small=likely_small)
        except JobGoneError as error:
            if error.passing:  # no page was read yet, and a second job went the same way
                raise
            self._open.close()
            self._begin()
            self._read(asked, likely_small=likely_small)

    def _begin(self) -> None:
        """Nothing is found yet."""
        self.parts = []
        path = self.folder / "found.arrow"
        spill = Spill(path, self.subject.schema, buckets=buckets_for(self.pinned.rows))
        self._found = self._open.enter_context(spill)

    def _read(self, queries: Iterable[str], *, likely_small: bool) -> None:
        sink = FoundSink(spill=self._found, folder=self.folder)
        reader = page_reader(self.subject, sink, change=Change.RESYNC)
        for soql in queries:
            reading = reader.read(soql, likely_small=likely_small)
            self.parts += reading.parts
            self.api = reading.api

    def differences(self) -> Iterator[pa.Table]:
        """The found rows that raw lacks, each once; afterwards the counts are there."""
        with self._current() as current:
            for bucket in range(self._found.buckets):
                yield from self._bucket(bucket, newest(current.take(bucket)))

    def _bucket(self, bucket: int, now: pa.Table) -> Iterator[pa.Table]:
        missing = pc.invert(now[SystemColumn.IS_DELETED.value])  # of those that live in raw
        self.live += pc.sum(missing).as_py() or 0
        once = Once()
        for rows in chunked(self._found.tables(bucket)):
            difference = compare(rows, now, self._compared, cut=self.cut)
            self.compared += difference.compared
            self.older += difference.older
            if self.all_records:
                missing = pc.and_not(missing, pc.is_in(now["id"], value_set=rows["id"]))
            if len(difference.differing) and len(new := once.of(difference.differing)):
                yield new
        if self.all_records:
            self._missed(flat(now["id"].filter(missing)))

    def _missed(self, ids: pa.Array) -> None:
        self.gone += len(ids)
        if self.gone > self.most_gone:
            self._gone.clear()
        else:
            self._gone.append(ids)

    @property
    def gone_ids(self) -> pa.Array:
        """Ids of the records that were not found; none where they are more than most_gone."""
        return pa.concat_arrays([pa.array([], pa.string()), *self._gone])

    @property
    def _compared(self) -> list[str]:
        columns = [s.column.name for s in self.subject.selection.sources]
        return [*columns, SystemColumn.IS_DELETED.value]

    def _current(self) -> AbstractContextManager[Spill]:
        """Raw's versions, as far as they are compared, in the same buckets."""
        names = {*self._compared, *_ORDER}
        schema = pa.schema([f for f in self.subject.schema if f.name in names])
        current = Spill(self.folder / "current.arrow", schema, buckets=self._found.buckets)
        wanted = None if self.all_records else self._ids()
        return filled(current, self.pinned, ids=wanted)

    def _ids(self) -> pa.Array | None:
        """The ids found, or None where there are too many to look each up."""
        if self._found.rows > MOST_LOOKED_UP:
            return None
        ids = [
            table["id"]
            for bucket in range(self._found.buckets)
            for table in self._found.tables(bucket)
        ]
        return flat(pa.chunked_array([c for i in ids for c in i.chunks], pa.string()))


@contextmanager
def filled(spill: Spill, pinned: Pinned, *, ids: pa.Array | None) -> Iterator[Spill]:
    """The spill with raw's versions in it: all, or those of some records."""
    with spill:
        for table in pinned.tables(spill.schema):
            spill.add(table if ids is None else table.filter(pc.is_in(table["id"], value_set=ids)))
        yield spill
