"""Files that only expired snapshots refer to.

What they are is worked out before the snapshots expire, and they are deleted only once
that is certain. Should the run die in between, they are found later (:mod:`.orphans`).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pyiceberg.manifest import ManifestEntryStatus, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.utils.concurrent import ExecutorFactory


def files_of(table: Table, expiring: Sequence[Snapshot]) -> set[str]:
    """Addresses of all files that nothing refers to once these snapshots are gone."""
    gone = {s.snapshot_id for s in expiring}
    kept = [s for s in _in_order(table.metadata) if s.snapshot_id not in gone]
    straight = _is_straight(table.metadata)
    # Along one line, what the oldest kept snapshot has lost does not come back.
    telling = kept[:1] if straight else kept
    manifests = manifests_of(table, [*expiring, *telling])
    live = {m.manifest_path for s in telling for m in manifests[s.snapshot_id]}
    doomed = {m.manifest_path for s in expiring for m in manifests[s.snapshot_id]} - live
    # On a table with branches, tags or commits taken back the search for orphans finds them.
    replaced = _replaced(table, [*expiring, *telling], manifests) if straight else set()
    return {s.manifest_list for s in expiring} | doomed | replaced


def manifests_of(table: Table, snapshots: Iterable[Snapshot]) -> dict[int, list[ManifestFile]]:
    """The manifests of snapshots, by snapshot id."""
    chosen = list(snapshots)
    found = ExecutorFactory.get_or_create().map(lambda s: s.manifests(table.io), chosen)
    return dict(zip((s.snapshot_id for s in chosen), found, strict=True))


def _replaced(
    table: Table, snapshots: Sequence[Snapshot], manifests: dict[int, list[ManifestFile]]
) -> set[str]:
    """Data files that these snapshots replaced: only the snapshot that did it says so."""
    return {
        entry.data_file.file_path
        for snapshot in snapshots
        for manifest in manifests[snapshot.snapshot_id]
        if manifest.added_snapshot_id == snapshot.snapshot_id and manifest.deleted_files_count
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
