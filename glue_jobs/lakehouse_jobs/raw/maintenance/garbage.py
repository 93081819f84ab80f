"""Files that only expired snapshots refer to.

What they are is worked out before the snapshots expire, and they are deleted only once
that is certain. Should the run die in between, they are found later (:mod:`.orphans`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyiceberg.manifest import ManifestEntryStatus, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from lakehouse_jobs.raw.live import manifest_lists, unreferred


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """Addresses of files that nothing refers to once some snapshots are gone."""

    lists: set[str]  # of manifests, one a snapshot
    manifests: set[str]
    data: set[str]

    def certain(self, table: Table) -> set[str]:
        """What may be deleted: no snapshot of the table, as it is by now, refers to it.

        The snapshots are gone by then. It does not trust how the files were found: they
        are few, and a file that is deleted by mistake is a table that cannot be read.
        """
        lists = self.lists - {s.manifest_list for s in table.metadata.snapshots}
        return lists | unreferred(table, self.manifests | self.data, data=bool(self.data))


def files_of(table: Table, expiring: Sequence[Snapshot]) -> Garbage:
    """All files that nothing refers to once these snapshots are gone."""
    gone = {s.snapshot_id for s in expiring}
    ordered = _in_order(table.metadata)
    kept = [s for s in ordered if s.snapshot_id not in gone]
    # Along one line, what the oldest kept snapshot has lost does not come back. It says
    # nothing of snapshots before it: there must be none.
    straight = _is_straight(table.metadata) and kept == ordered[len(expiring) :]
    telling = kept[:1] if straight else kept
    listed: set[str] = set()
    removing: dict[str, ManifestFile] = {}
    for snapshot, manifests in manifest_lists(table, expiring):
        listed.update(m.manifest_path for m in manifests)
        removing |= _removing(snapshot, manifests)
    for snapshot, manifests in manifest_lists(table, telling):
        listed.difference_update(m.manifest_path for m in manifests)
        removing |= _removing(snapshot, manifests)
        if not listed and not straight:
            break
    return Garbage(
        lists={s.manifest_list for s in expiring},
        manifests=listed,
        # On a table with branches, tags or commits taken back the search for orphans finds them.
        data=_removed(table, removing) if straight else set(),
    )


def _removing(snapshot: Snapshot, manifests: Sequence[ManifestFile]) -> dict[str, ManifestFile]:
    """Manifests in which a snapshot says what it removed, by path: only itself says so."""
    return {
        m.manifest_path: m
        for m in manifests
        if m.added_snapshot_id == snapshot.snapshot_id and m.deleted_files_count
    }


def _removed(table: Table, manifests: dict[str, ManifestFile]) -> set[str]:
    return {
        entry.data_file.file_path
        for manifest in manifests.values()
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
        if entry.status == ManifestEntryStatus.DELETED
    }


def _in_order(metadata: TableMetadata) -> list[Snapshot]:
    return sorted(metadata.snapshots, key=lambda s: s.sequence_number or 0)


def _is_straight(metadata: TableMetadata) -> bool:
    """Whether each snapshot was built on the one before it, and the last is the current one."""
    snapshots = _in_order(metadata)
    return (
        len(metadata.refs) == 1
        and metadata.current_snapshot_id == snapshots[-1].snapshot_id
        and all(b.parent_snapshot_id == a.snapshot_id for a, b in pairwise(snapshots))
    )
