"""The sink of a resync: what Salesforce sends is kept on local disk until it is compared."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.chunks import chunked
from lakehouse_jobs.extract.resync.spill import Spill


@dataclass(frozen=True, kw_only=True)
class FoundSink:
    """Spills pages. A page counts once it is whole: a broken one comes again."""

    spill: Spill
    folder: Path  # local
    only: pa.Array | None = None  # ids of the records to keep; None: all

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Write one page beside the buckets, then into them."""
        path = self.folder / f"{number:05d}-{uuid.uuid4().hex}.arrow"
        read = 0
        try:
            with pa.ipc.new_file(str(path), self.spill.schema) as writer:
                for table in tables:
                    read += len(table)
                    writer.write_table(self._kept(table))
            for chunk in chunked(_read(path)):
                self.spill.add(chunk)
        finally:
            path.unlink(missing_ok=True)
        return Part(read=read, rows=0)

    def discard(self, parts: Sequence[Part]) -> None:
        """Nothing to undo: the spilled rows go with their folder."""

    def _kept(self, table: pa.Table) -> pa.Table:
        if self.only is None:
            return table
        return table.filter(pc.is_in(table["id"], value_set=self.only))


def _read(path: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(path), "rb") as source:
        reader = pa.ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(index)])
