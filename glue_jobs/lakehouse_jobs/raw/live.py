"""Which data files a table refers to."""

from pyiceberg.table import Table


def live_files(table: Table, *, below: str) -> set[str]:
    """Addresses below a prefix that any snapshot of the table has, read afresh.

    It reads the manifests of all snapshots, so it is for rare occasions.
    """
    fresh = table.catalog.load_table(table.name())
    manifests = {
        manifest.manifest_path: manifest
        for snapshot in fresh.snapshots()
        for manifest in snapshot.manifests(fresh.io)
    }
    return {
        entry.data_file.file_path
        for manifest in manifests.values()
        for entry in manifest.fetch_manifest_entry(fresh.io)
        if entry.data_file.file_path.startswith(below)
    }
