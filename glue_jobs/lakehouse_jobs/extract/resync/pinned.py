"""Raw's versions as they are before Salesforce is asked for anything.

Pinned first, so that a record which is made or comes back meanwhile never looks gone:
whatever raw knew at the pin and Salesforce does not send afterwards was removed before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table

from lakehouse_jobs.raw.chunks import CHUNK_ROWS, chunked
from lakehouse_jobs.raw.schema import FIELD_ID


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A table's metadata in hand: later commits do not change what it reads."""

    table: Table

    @cached_property
    def _tasks(self) -> list[FileScanTask]:
        # Not by snapshot id: that brings the snapshot's schema, which lacks the columns that
        # this run has just added.
        return list(self.table.scan().plan_files())

    @property
    def rows(self) -> int:
        """Versions in the table."""
        return sum(task.file.record_count for task in self._tasks)

    def tables(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """All versions with the columns of a schema that carries field ids."""
        for task in self._tasks:
            yield from chunked(self._file(task, schema))

    def _file(self, task: FileScanTask, schema: pa.Schema) -> Iterator[pa.Table]:
        """One file, a part of a row group at a time: PyIceberg holds all of a file at once."""
        if task.delete_files:
            yield from self._scanned(task, schema)
            return
        with (
            self.table.io.new_input(task.file.file_path).open() as source,
            pq.ParquetFile(source) as file,
        ):
            names = {(f.metadata or {}).get(FIELD_ID): f.name for f in file.schema_arrow}
            present = [names.get((field.metadata or {})[FIELD_ID]) for field in schema]
            wanted = [name for name in present if name is not None]
            for batch in file.iter_batches(CHUNK_ROWS, columns=wanted, use_threads=False):
                arrays = [
                    batch[name].cast(field.type) if name else pa.nulls(len(batch), field.type)
                    for name, field in zip(present, schema, strict=True)
                ]
                yield pa.Table.from_arrays(arrays, schema=schema)

    def _scanned(self, task: FileScanTask, schema: pa.Schema) -> Iterator[pa.Table]:
        """A file of which something was deleted: a person's data, by an administrator."""
        scan = self.table.scan(selected_fields=tuple(schema.names))
        arrow = ArrowScan(scan.table_metadata, scan.io, scan.projection(), scan.row_filter)
        for batch in arrow.to_record_batches([task]):
            table = pa.Table.from_batches([batch])
            yield pa.Table.from_arrays([table[f.name].cast(f.type) for f in schema], schema=schema)
