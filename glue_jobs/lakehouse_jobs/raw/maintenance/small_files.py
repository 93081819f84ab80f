"""Which small files are merged: the oldest ones of about the same size, a batch of them at once.

Files are merged when there are enough of a size class, so each row is written again once
per class and not with every commit. Neighbours in the order of ``_batch`` go together, and
stay in that order: a reader of the newest batches skips by statistics what is older, and
reads at most one merged file more than its delta.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import Table
from pyiceberg.types import LongType

from lakehouse_jobs.contract.raw_log import SystemColumn

MB: Final = 1024 * 1024
# Bytes below which a file is of a class; the last one is what "small" means.
CLASSES: Final = (MB, 32 * MB)
ENOUGH: Final = 32  # files of a class
MOST_BYTES: Final = 512 * MB  # read in one go: the rest has its turn after a later commit


@dataclass(frozen=True, kw_only=True)
class LiveFile:
    """A data file of the current snapshot and its place in the log."""

    file: DataFile
    place: tuple[int, int]  # its first batch, where it has one, and its sequence number

    @property
    def size(self) -> int:
        """In bytes."""
        return self.file.file_size_in_bytes


def may_be_due(table: Table) -> bool:
    """Whether it is worth reading the manifests: told from the current snapshot's summary."""
    snapshot = table.metadata.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return False
    files = int(snapshot.summary.get("total-data-files") or 0)
    # Every so often only, as tables with many large files have always enough of them.
    return files >= ENOUGH and (snapshot.sequence_number or 0) % (ENOUGH // 4) == 0


def live_files(table: Table) -> list[LiveFile]:
    """The current snapshot's data files in their order; none where rows of some are deleted.

    The raw log has no delete files. Where somebody erased rows with another engine, that
    engine has to apply them first: merging would bring the rows back.
    """
    snapshot = table.metadata.current_snapshot()
    manifests = snapshot.manifests(table.io) if snapshot else []
    if any(m.content != ManifestContent.DATA for m in manifests):
        return []
    batch = _batch_field(table)
    found = [
        LiveFile(
            file=entry.data_file,
            place=(_first_batch(entry.data_file, batch), entry.sequence_number or 0),
        )
        for manifest in manifests
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    ]
    return sorted(found, key=lambda f: f.place)


def chosen(files: Iterable[LiveFile]) -> list[LiveFile]:
    """The files to merge now, in their order; none where there are too few."""
    ordered = list(files)
    smallest = 0
    for limit in CLASSES:
        same = [f for f in ordered if smallest <= f.size < limit]
        smallest = limit
        if len(same) >= ENOUGH:
            return _within(same, MOST_BYTES)
    return []


def _within(files: list[LiveFile], most: int) -> list[LiveFile]:
    taken: list[LiveFile] = []
    for file in files:
        most -= file.size
        if most < 0:
            break
        taken.append(file)
    return taken


def _batch_field(table: Table) -> int | None:
    for field in table.schema().fields:
        if field.name == SystemColumn.BATCH:
            return field.field_id
    return None


def _first_batch(file: DataFile, field_id: int | None) -> int:
    bounds = file.lower_bounds or {}
    bound = bounds.get(field_id) if field_id is not None else None
    return from_bytes(LongType(), bound) if bound else 0
