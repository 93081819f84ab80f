"""Which files a table refers to: its snapshots' manifest lists, a few of them at a time.

Snapshots list nearly the same manifests, so what is held is one set of paths and never all
lists: an old table can have 2,000 snapshots with up to 2,000 manifests each.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.utils.concurrent import ExecutorFactory

# Read side by side, to wait for S3 once and not for each.
_AT_ONCE: Final = 8


def manifest_lists(
    table: Table, snapshots: Sequence[Snapshot]
) -> Iterator[tuple[Snapshot, list[ManifestFile]]]:
    """Each of the snapshots with its manifests, in their order."""
    executor = ExecutorFactory.get_or_create()
    for start in range(0, len(snapshots), _AT_ONCE):
        some = snapshots[start : start + _AT_ONCE]
        yield from zip(some, executor.map(lambda s: s.manifests(table.io), some), strict=True)


def unreferred(table: Table, suspects: Iterable[str], *, data: bool) -> set[str]:
    """Those of the addresses that no snapshot of this very state of the table refers to.

    :param data: whether data files may be among them: then manifests are read as well.
    """
    left = set(suspects) - {s.manifest_list for s in table.metadata.snapshots}
    if not left:
        return left
    seen: set[str] = set()
    # The newest first: it refers to most of what lives.
    for _, manifests in manifest_lists(table, table.metadata.snapshots[::-1]):
        new = [m for m in manifests if m.manifest_path not in seen]
        seen.update(m.manifest_path for m in new)
        left -= seen
        if data:
            for manifest in new:
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                left.difference_update(entry.data_file.file_path for entry in entries)
        if not left:
            break
    return left
