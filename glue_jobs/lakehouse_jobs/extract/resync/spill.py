"""Rows on local disk, in buckets by record id."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.extract.resync.buckets import bucket_numbers


class Spill:
    """One Arrow file that holds, chunk after chunk, a batch for each bucket.

    Several threads may add; after the ``with`` ends nothing is left. Add chunks of many
    rows: each costs a batch per bucket.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, buckets: int) -> None:
        self.schema = schema
        self.buckets = buckets
        self.rows = 0
        self._path = path
        self._places: list[list[int]] = [[] for _ in range(buckets)]  # bucket -> batches
        self._written = 0
        self._lock = threading.Lock()
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._source: pa.NativeFile | None = None
        self._reader: pa.ipc.RecordBatchFileReader | None = None

    def __enter__(self) -> Self:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_file(str(self._path), self.schema, options=options)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close_writer()
        if self._source is not None:
            self._source.close()
        self._path.unlink(missing_ok=True)

    def add(self, rows: pa.Table) -> None:
        """Put each row into its bucket. The columns of the schema are taken."""
        rows = rows.select(self.schema.names).cast(self.schema)
        if not len(rows):
            return
        numbers = bucket_numbers(rows["id"], self.buckets)
        order = pc.sort_indices(numbers)
        ordered = rows.take(order).combine_chunks()
        runs = pc.run_end_encode(flat(numbers.take(order)))
        with self._lock:
            start = 0
            for bucket, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
                self._write(bucket, ordered.slice(start, end - start))
                start = end

    def _write(self, bucket: int, rows: pa.Table) -> None:
        if self._writer is None:
            raise ValueError(f"{self._path} is being read, nothing can be added")
        for batch in rows.to_batches():
            self._writer.write_batch(batch)
            self._places[bucket].append(self._written)
            self._written += 1
            self.rows += len(batch)

    def tables(self, bucket: int) -> Iterator[pa.Table]:
        """One bucket's rows, a table for each chunk; no more rows can be added."""
        reader = self._reading()
        for place in self._places[bucket]:
            yield pa.Table.from_batches([reader.get_batch(place)])

    def take(self, bucket: int) -> pa.Table:
        """One bucket's rows."""
        return pa.concat_tables([self.schema.empty_table(), *self.tables(bucket)])

    def _reading(self) -> pa.ipc.RecordBatchFileReader:
        if self._reader is None:
            self._close_writer()
            # Not a memory map: its pages would count as the process's own memory.
            self._source = pa.OSFile(str(self._path), "rb")
            self._reader = pa.ipc.open_file(self._source)
        return self._reader

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
