"""Files that only expired snapshots refer to.

What they are is worked out before the snapshots expire, and they are deleted only once
that is certain. Should the run die in between, they are found later (:mod:`.orphans`).
"""

from collections.abc import Iterable, Sequence

from pyiceberg.manifest import ManifestEntryStatus, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.utils.concurrent import ExecutorFactory


def files_of(table: Table, expiring: Sequence[Snapshot]) -> set[str]:
    """Addresses of all files that nothing refers to once these snapshots are gone."""
    gone = {s.snapshot_id for s in expiring}
    kept = [s for s in table.metadata.snapshots if s.snapshot_id not in gone]
    manifests = manifests_of(table, table.metadata.snapshots)
    live = {m.manifest_path for s in kept for m in manifests[s.snapshot_id]}
    doomed = {m.manifest_path for s in expiring for m in manifests[s.snapshot_id]} - live
    lists = {s.manifest_list for s in expiring}
    return lists | doomed | _data_files(table, expiring, kept, manifests)


def manifests_of(table: Table, snapshots: Iterable[Snapshot]) -> dict[int, list[ManifestFile]]:
    """The manifests of snapshots, by snapshot id."""
    chosen = list(snapshots)
    found = ExecutorFactory.get_or_create().map(lambda s: s.manifests(table.io), chosen)
    return dict(zip((s.snapshot_id for s in chosen), found, strict=True))


def _data_files(
    table: Table,
    expiring: Sequence[Snapshot],
    kept: Sequence[Snapshot],
    manifests: dict[int, list[ManifestFile]],
) -> set[str]:
    """Data files that a snapshot replaced, where every snapshot before it goes.

    A manifest says so only in the snapshot that replaced them. With branches or tags a
    later snapshot may still have them: then the search for orphans takes care of them.
    """
    if len(table.metadata.refs) > 1 or not kept:
        return set()
    oldest = min(s.sequence_number or 0 for s in kept)
    replaced: set[str] = set()
    for snapshot in (*expiring, *kept):
        if (snapshot.sequence_number or 0) > oldest or not _replaced_some(snapshot):
            continue
        for manifest in manifests[snapshot.snapshot_id]:
            if manifest.added_snapshot_id == snapshot.snapshot_id and manifest.deleted_files_count:
                replaced |= {
                    entry.data_file.file_path
                    for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
                    if entry.status == ManifestEntryStatus.DELETED
                }
    return replaced


def _replaced_some(snapshot: Snapshot) -> bool:
    summary = snapshot.summary
    return summary is not None and summary.get("deleted-data-files", "0") != "0"
