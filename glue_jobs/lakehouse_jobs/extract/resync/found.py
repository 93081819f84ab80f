"""The sink of a resync: what Salesforce sends is kept on local disk until it is compared."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.resync.spill import Spill
from lakehouse_jobs.raw.chunks import chunked


@dataclass(frozen=True, kw_only=True)
class FoundSink:
    """Spills pages. A page counts once it is whole: a broken one comes again."""

    spill: Spill
    folder: Path  # local

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Write one page beside the buckets, then into them."""
        path = self.folder / f"{number:05d}-{uuid.uuid4().hex}.arrow"
        read = 0
        try:
            with pa.ipc.new_file(str(path), self.spill.schema) as writer:
                for table in tables:
                    read += len(table)
                    writer.write_table(table)
            for chunk in chunked(_read(path)):
                self.spill.add(chunk)
        finally:
            path.unlink(missing_ok=True)
        return Part(read=read, rows=0)

    def discard(self, parts: Sequence[Part]) -> None:
        """Nothing to undo: who reads anew begins with another spill."""


def _read(path: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(path), "rb") as source:
        reader = pa.ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(index)])
