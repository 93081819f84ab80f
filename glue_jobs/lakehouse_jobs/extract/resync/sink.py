"""Compare everything that Salesforce has with the current versions in raw.

Both sides are spilled to local disk in buckets by record id, then compared bucket by
bucket: memory holds one bucket of each side. Values are compared, not stamps, because
formulas and newly readable fields change without moving SystemModstamp.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.table import DataScan

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_jobs.extract.columns import STAMP_COLUMN, Selection
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.lookback import KEY_SCHEMA, from_time
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.raw.table import RawTable

ROWS_PER_BUCKET: Final = 100_000
MOST_BUCKETS: Final = 256
_ORDER: Final = (STAMP_COLUMN, SystemColumn.BATCH.value)


@dataclass(kw_only=True)
class Spill:
    """Rows on local disk, in buckets by id. Several threads may add."""

    folder: Path
    schema: pa.Schema
    buckets: int
    _writers: dict[int, pa.ipc.RecordBatchFileWriter] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rows: pa.Table) -> None:
        """Put each row into its bucket."""
        buckets = pa.array([crc32(i.encode()) % self.buckets for i in rows["id"].to_pylist()])
        ordered = rows.take(pc.sort_indices(buckets))
        counts = Counter(buckets.to_pylist())
        start = 0
        with self._lock:
            for bucket in sorted(counts):
                self._writer(bucket).write_table(ordered.slice(start, counts[bucket]))
                start += counts[bucket]

    def _writer(self, bucket: int) -> pa.ipc.RecordBatchFileWriter:
        if bucket not in self._writers:
            self._writers[bucket] = pa.ipc.new_file(
                str(self._path(bucket)),
                self.schema,
                options=pa.ipc.IpcWriteOptions(compression="zstd"),
            )
        return self._writers[bucket]

    def _path(self, bucket: int) -> Path:
        return self.folder / f"{bucket:04d}.arrow"

    def close(self) -> None:
        """End all files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def take(self, bucket: int) -> pa.Table:
        """One bucket's rows."""
        path = self._path(bucket)
        if not path.exists():
            return self.schema.empty_table()
        with pa.OSFile(str(path), "rb") as source:
            return pa.ipc.open_file(source).read_all()


@dataclass(kw_only=True)
class ResyncSink:
    """Spills the pages; :meth:`differences` then writes what raw lacks."""

    current: Spill
    found: Spill
    compared: Sequence[str]
    sink: FileSink
    folder: Path

    @classmethod
    def over(cls, raw: RawTable, selection: Selection, *, folder: Path, sink: FileSink) -> Self:
        """Pin raw's snapshot and spill its versions, before Salesforce is asked for anything."""
        compared = [s.column.name for s in selection.sources] + [SystemColumn.IS_DELETED.value]
        # The metadata in hand is the pin. A snapshot id would bring that snapshot's schema,
        # without the columns that this run has just added.
        scan = raw.table.scan(
            selected_fields=tuple(dict.fromkeys([*compared, "id", *_ORDER])),
        )
        rows = sum(task.file.record_count for task in scan.plan_files())
        buckets = min(MOST_BUCKETS, rows // ROWS_PER_BUCKET + 1)
        kept = [f for f in sink.schema if f.name in {*compared, "id", *_ORDER}]
        current = Spill(folder=_made(folder / "current"), schema=pa.schema(kept), buckets=buckets)
        for table in _tables(scan):
            current.add(
                pa.Table.from_arrays(
                    [table[f.name].cast(f.type) for f in kept], schema=current.schema
                )
            )
        current.close()
        found = Spill(folder=_made(folder / "found"), schema=sink.schema, buckets=buckets)
        return cls(current=current, found=found, compared=compared, sink=sink, folder=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.found.close()

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Spill one page, once it is whole: a broken page comes again."""
        path = _made(self.folder / "pages") / f"{number:05d}-{uuid.uuid4().hex}.arrow"
        keys = [KEY_SCHEMA.empty_table()]
        read = 0
        with pa.ipc.new_file(str(path), self.sink.schema) as writer:
            for table in tables:
                read += len(table)
                keys.append(from_time(table, self.sink.keys_from))
                writer.write_table(table)
        with pa.OSFile(str(path), "rb") as source:
            reader = pa.ipc.open_file(source)
            for index in range(reader.num_record_batches):
                self.found.add(pa.Table.from_batches([reader.get_batch(index)]))
        path.unlink()
        return Part(read=read, rows=0, keys=pa.concat_tables(keys))

    def discard(self, parts: Sequence[Part]) -> None:
        """Nothing to undo: the spilled files go with their folder."""

    def differences(self) -> list[Part]:
        """Write the rows that differ from raw's current versions."""
        self.found.close()
        part = self.sink.take(0, self._differing())
        return [Part(read=0, rows=part.rows, bytes=part.bytes, file=part.file)]

    def _differing(self) -> Iterator[pa.Table]:
        for bucket in range(self.found.buckets):
            yield differing(
                self.found.take(bucket), newest(self.current.take(bucket)), self.compared
            )


def newest(versions: pa.Table) -> pa.Table:
    """The current version of each record, by (systemmodstamp, _batch)."""
    order = pc.sort_indices(
        versions.select(["id", *_ORDER]),
        sort_keys=[("id", "ascending"), *((name, "descending") for name in _ORDER)],
        null_placement="at_end",
    )
    ordered = versions.take(order)
    if not len(ordered):
        return ordered
    ids = ordered["id"].combine_chunks()
    first = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1))
    mask = pa.concat_arrays([pa.array([True]), *_chunks(first)])
    return ordered.filter(mask)


def differing(found: pa.Table, current: pa.Table, compared: Sequence[str]) -> pa.Table:
    """The found rows that have no equal among the current versions."""
    place = pc.index_in(found["id"], value_set=current["id"])
    counterpart = current.take(place)
    differs = pc.is_null(place)
    for name in compared:
        ours, theirs = found[name], counterpart[name]
        same = pc.fill_null(pc.equal(ours, theirs), False)
        both_null = pc.and_(pc.is_null(ours), pc.is_null(theirs))
        differs = pc.or_(differs, pc.invert(pc.or_(same, both_null)))
    return found.filter(differs)


def _tables(scan: DataScan) -> Iterator[pa.Table]:
    """The scan's rows, one data file after the other."""
    from pyiceberg.io.pyarrow import ArrowScan

    arrow = ArrowScan(
        scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive
    )
    for task in scan.plan_files():
        for batch in arrow.to_record_batches([task]):
            yield pa.Table.from_batches([batch])


def _chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return values.chunks if isinstance(values, pa.ChunkedArray) else [values]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
