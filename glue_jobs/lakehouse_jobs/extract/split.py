"""A query that is too long or too wide is split by columns, its rows are put together again.

Every part reads Id, the stamp and IsDeleted, and the rows of all parts are joined by these
three: a record that changed between two queries agrees with itself in none of them and
is read again by its Id. Rows wait on local disk in buckets by Id, so memory holds
one bucket of each part.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_jobs.errors import TransferError, UnsupportedObjectError
from lakehouse_jobs.extract.columns import STAMP_COLUMN, Selection, Source
from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.extract.lookback import key_texts
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.parts import Part, Reading, Sink
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.extract.resync.found import FoundSink
from lakehouse_jobs.extract.resync.spill import Spill

LONGEST_SOQL = 100_000  # characters; Salesforce refuses a longer query
# Of an object that only REST reads: the query is part of an address of 16,000 bytes, in which
# commas, blanks and quotes are escaped.
LONGEST_REST_SOQL = 10_000
BUCKETS: Final = 512
ROWS_AT_ONCE: Final = 10_000  # joined, where buckets are smaller
ROWS_PER_FILE: Final = 250_000
ROUNDS: Final = 4  # in which records that change while they are read are read again
_ROOM_FOR_IDS: Final = 4_400  # characters: 200 ids
_ID: Final = 22


class OneQuery(Protocol):
    """Reads one query into the sink that it was made with."""

    def read(self, soql: str, *, likely_small: bool = False) -> Reading:
        """Read everything."""
        ...


@dataclass(kw_only=True)
class SplitReader:
    """Reads one query in parts. ``one`` makes the reader of a part."""

    shaper: Shaper
    sink: Sink
    one: Callable[[Shaper, Sink], OneQuery]
    groups: Sequence[Sequence[Source]]  # the columns of each part
    longest: int  # characters of a query
    _read: list[Reading] = field(default_factory=list)

    def read(self, soql: str, *, likely_small: bool = False) -> Reading:
        """Read everything. On failure nothing that the sink took remains.

        Raises TransferError for records that never agree with themselves.
        """
        tail = soql[soql.index(" FROM ") :]
        parts: list[Part] = []
        try:
            with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
                tables = self._joined(tail, Path(folder), likely_small=likely_small)
                for number, some in enumerate(_files(tables)):
                    parts.append(self.sink.take(number, some))
        except BaseException:
            self.sink.discard(parts)
            raise
        api = self._read[0].api
        return Reading(api=api, parts=[*parts, Part(read=0, rows=0, rejected=self._rejected())])

    def _rejected(self) -> tuple[Rejected, ...]:
        return tuple(r for reading in self._read for r in reading.rejected)

    def _joined(self, tail: str, folder: Path, *, likely_small: bool) -> Iterator[pa.Table]:
        """The rows, bucket by bucket, and at the end those that were read again."""
        shapers = list(self._parts())
        odd: list[str] = []
        for table, disagreeing in self._round(
            shapers, tail, folder, buckets=BUCKETS, likely_small=likely_small
        ):
            odd += disagreeing
            yield table
        for _ in range(ROUNDS):
            if not odd:
                return
            again, odd = odd, []
            for condition in self._by_id(again):
                some = f"{tail} {'AND' if ' WHERE ' in tail else 'WHERE'} {condition}"
                for table, still in self._round(
                    shapers, some, folder, buckets=1, likely_small=True
                ):
                    odd += still
                    yield table
        if odd:
            raise TransferError(
                f"{len(odd)} records changed each time that their columns were read by several "
                "queries; run this object again, or exclude fields until one query holds all"
            )

    def _round(
        self,
        shapers: Sequence[Shaper],
        tail: str,
        folder: Path,
        *,
        buckets: int,
        likely_small: bool,
    ) -> Iterator[tuple[pa.Table, list[str]]]:
        """Each bucket's joined rows, and the ids of the records that do not agree."""
        with ExitStack() as open_spills:
            spills: list[Spill] = []
            for number, shaper in enumerate(shapers):
                path = folder / f"part-{number}.arrow"
                spill = open_spills.enter_context(Spill(path, shaper.schema, buckets=buckets))
                reader = self.one(shaper, FoundSink(spill=spill, folder=folder))
                names = ", ".join(s.field.name for s in shaper.selection.sources)
                self._read.append(reader.read(f"SELECT {names}{tail}", likely_small=likely_small))
                spills.append(spill)
            for tables in _together(spills):
                yield join(tables, self.shaper.schema)

    def _parts(self) -> Iterator[Shaper]:
        """A shaper for each part."""
        schema = self.shaper.schema
        kept = {STAMP_COLUMN, *SystemColumn}
        for sources in self.groups:
            names = kept | {s.column.name for s in sources}
            yield replace(
                self.shaper,
                selection=replace(self.shaper.selection, sources=tuple(sources)),
                schema=pa.schema([f for f in schema if f.name in names]),
            )

    def _by_id(self, ids: Sequence[str]) -> Iterator[str]:
        at_once = max(1, min(_ROOM_FOR_IDS, self.longest // 4) // _ID - 1)
        for start in range(0, len(ids), at_once):
            quoted = ",".join(f"'{i}'" for i in ids[start : start + at_once])
            yield f"Id IN ({quoted})"


def room_for_names(soql: str, longest: int) -> int:
    """Characters for the names of columns in each part of a query, which gets ids too."""
    tail = len(soql) - soql.index(" FROM ")
    return longest - len("SELECT ") - tail - min(_ROOM_FOR_IDS, longest // 4)


def halves(selection: Selection) -> list[list[Source]] | None:
    """The sources in two parts with the keys in both; None where there is nothing to halve."""
    keys, others = _keys_first(selection)
    if len(others) < 2:
        return None
    middle = len(others) // 2
    return [[*keys, *others[:middle]], [*keys, *others[middle:]]]


def _keys_first(selection: Selection) -> tuple[list[Source], list[Source]]:
    wanted = {"id", "isdeleted", selection.stamp_field.lower()}
    keys = [s for s in selection.sources if s.field.name.lower() in wanted]
    return keys, [s for s in selection.sources if s.field.name.lower() not in wanted]


def split(selection: Selection, room: int) -> list[list[Source]]:
    """The sources in parts whose names, with commas, fit into a room; the keys are in each.

    Raises UnsupportedObjectError where not one more field fits beside them.
    """
    keys, others = _keys_first(selection)
    start = sum(len(s.field.name) + 2 for s in keys)
    parts: list[list[Source]] = []
    used = room
    for source in others:
        length = len(source.field.name) + 2
        if start + length > room:
            raise UnsupportedObjectError(
                f"{source.field.name}: no query of the allowed length can name it; exclude it"
            )
        if used + length > room:
            parts.append([*keys])
            used = start
        parts[-1].append(source)
        used += length
    return parts


def join(tables: Sequence[pa.Table], schema: pa.Schema) -> tuple[pa.Table, list[str]]:
    """The rows that all parts have alike, with the columns of all; the ids of the others."""
    first, *others = tables
    keys = [flat(key_texts(table)) for table in tables]
    agreed = pa.repeat(pa.scalar(True), len(first))
    for other in keys[1:]:
        agreed = pc.and_(agreed, pc.is_in(keys[0], value_set=other))
    for table in tables:
        # Twice in one part: which of the two versions belongs to which is not to be told.
        agreed = pc.and_(agreed, pc.invert(pc.is_in(flat(first["id"]), value_set=_twice(table))))
    rows = first.filter(agreed)
    columns = {name: rows[name] for name in rows.column_names}
    for other, theirs in zip(others, keys[1:], strict=True):
        place = pc.index_in(keys[0].filter(agreed), value_set=theirs)
        found = other.take(place)
        columns |= {n: found[n] for n in found.column_names if n not in columns}
    ids = pc.unique(pa.chunked_array([c for t in tables for c in t["id"].chunks], pa.string()))
    odd = ids.filter(pc.invert(pc.is_in(ids, value_set=flat(rows["id"]))))
    return (
        pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema),
        odd.to_pylist(),
    )


def _together(spills: Sequence[Spill]) -> Iterator[list[pa.Table]]:
    """The rows of some buckets of every part, as many as are worth a join."""
    waiting: list[list[pa.Table]] = []
    rows = 0
    for bucket in range(spills[0].buckets):
        tables = [spill.take(bucket) for spill in spills]
        rows += max(map(len, tables))
        waiting.append(tables)
        if rows >= ROWS_AT_ONCE or bucket + 1 == spills[0].buckets:
            yield [pa.concat_tables(part) for part in zip(*waiting, strict=True)]
            waiting, rows = [], 0


def _twice(table: pa.Table) -> pa.Array:
    counts = pc.value_counts(flat(table["id"]))
    return counts.field("values").filter(pc.greater(counts.field("counts"), 1))


def _files(tables: Iterator[pa.Table]) -> Iterator[Iterator[pa.Table]]:
    """Runs of about ROWS_PER_FILE rows, at least one; each must be used up before the next."""
    following = next(tables, None)

    def run() -> Iterator[pa.Table]:
        nonlocal following
        rows = 0
        while following is not None and rows < ROWS_PER_FILE:
            rows += len(following)
            yield following
            following = next(tables, None)

    yield run()
    while following is not None:
        yield run()
