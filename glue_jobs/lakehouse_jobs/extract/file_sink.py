"""The sink of an incremental read: each page's new rows become one data file."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_jobs.extract.data_file import DataFile, Repetitive
from lakehouse_jobs.extract.id_range import IdOrder
from lakehouse_jobs.extract.lookback import KEY_SCHEMA, Keys, from_time
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS
from lakehouse_jobs.raw.store import Store


@dataclass(frozen=True, kw_only=True)
class FileSink:
    """Writes pages below a table's location."""

    store: Store
    prefix: str  # key under which data files go
    folder: Path  # local, for files being written
    schema: pa.Schema
    known: Keys  # keys that are in the table
    new_from: datetime | None  # rows stamped from here on cannot be in the table
    keys_from: datetime  # keys stamped from here on are wanted back
    before_upload: Callable[[], None] | None = None
    # Rows stamped from here on are left to the next window: they changed while they were read,
    # and there they would be taken for new ones again.
    until: datetime | None = None
    repetitive: Repetitive = field(default_factory=Repetitive)

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Write one page's rows, less those that the table has."""
        read = 0
        order = IdOrder()
        keys = [KEY_SCHEMA.empty_table()]
        name = f"{number:05d}-{uuid.uuid4().hex}.parquet"
        with DataFile(self.folder / name, self.schema, self.repetitive) as file:
            for table in tables:
                read += len(table)
                table = self._within(table)
                keys.append(from_time(table, self.keys_from))
                new = self.known.new(table, below=self.new_from)
                order.add(new)
                file.add(new)
            written = file.finish(lambda path: self._upload(path, name))
            address, footer = written or (None, None)
            return Part(
                read=read,
                rows=file.rows,
                bytes=footer.size if footer else 0,
                file=address,
                footer=footer if footer and footer.is_kept else None,
                keys=pa.concat_tables(keys),
                ids=order.range,
            )

    def _within(self, table: pa.Table) -> pa.Table:
        if self.until is None:
            return table
        late = pc.greater_equal(table[STAMP_COLUMN], pa.scalar(self.until, UTC_MICROSECONDS))
        if not pc.any(late).as_py():
            return table
        return table.filter(pc.fill_null(pc.invert(late), True))

    def _upload(self, path: Path, name: str) -> str:
        if self.before_upload is not None:
            self.before_upload()
        with step(Step.UPLOAD):
            return self.store.upload(path, self.prefix + name)

    def discard(self, parts: Sequence[Part]) -> None:
        """Delete the files of these pages."""
        self.store.delete(p.file for p in parts if p.file)
