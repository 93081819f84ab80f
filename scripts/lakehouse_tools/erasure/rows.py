"""Rows leave a table of the raw database: the files that hold them are written anew without them.

Copy on write, a commit for each file, by the same rewrite as merges small files: it lands on the
very snapshot it was made from, or not at all, and moves no watermark and no batch. A run that is
killed has erased what it had committed; the next one finds the rest.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.manifest import ManifestContent
from pyiceberg.table import Table

from lakehouse_jobs.raw.fence import pin_snapshots
from lakehouse_jobs.raw.maintenance.rewrite import rewrite
from lakehouse_jobs.raw.maintenance.small_files import LiveFile, live_files
from lakehouse_jobs.raw.schema import ARROW
from lakehouse_jobs.raw.store import Store
from lakehouse_tools.erasure.files import ATTEMPTS, crowded
from lakehouse_tools.errors import RequestError

_ID: Final = "id"
_AT_ONCE: Final = 8  # files that are looked into


def require_erasable(table: Table) -> None:
    """Refuse a table of which old rows could not be taken away. Raises RequestError."""
    name = ".".join(table.name())
    kept = sorted(ref for ref in table.metadata.refs if ref != "main")
    if kept:
        raise RequestError(
            f"erase: {name} has the tag or branch {kept[0]}, which keeps old rows: remove it"
            " (`table.manage_snapshots().remove_tag(…)` of PyIceberg), then erase"
        )
    snapshot = table.current_snapshot()
    manifests = snapshot.manifests(table.io) if snapshot else []
    if any(manifest.content != ManifestContent.DATA for manifest in manifests):
        raise RequestError(
            f"erase: {name} has delete files of another engine: let that engine apply them"
            " (rewrite its data files), then erase"
        )
    strange = [f.name for f in table.schema().fields if str(f.field_type) not in ARROW]
    if strange:
        raise RequestError(
            f"erase: {name} has the column {strange[0]}, of a type that the job does not write:"
            " whoever added it has to drop it, then erase"
        )


def holding(table: Table, ids: Collection[str]) -> list[LiveFile]:
    """The current snapshot's data files that have a row with one of the ids."""
    wanted = pa.array(sorted(ids), pa.string())

    def has(live: LiveFile) -> bool:
        with (
            table.io.new_input(live.file.file_path).open() as source,
            pq.ParquetFile(source) as file,
        ):
            batches = file.iter_batches(columns=[_ID], use_threads=False)
            return any(pc.any(pc.is_in(batch[_ID], wanted)).as_py() for batch in batches)

    files = live_files(table)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [live for live, found in zip(files, pool.map(has, files), strict=True) if found]


def erase(table: Table, ids: Collection[str], *, store: Store) -> Table:
    """Take the rows with these ids out; the table without them.

    Raises ErasureError where other commits came first too often.
    """
    wanted = pa.array(sorted(ids), pa.string())

    def others(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.invert(pc.is_in(rows[_ID], wanted)))

    missed = 0
    while missed < ATTEMPTS:
        table = _fresh(table)
        require_erasable(table)  # delete files may have come: live files are not known with them
        files = holding(table, ids)
        if not files:
            return _settled(table)
        for live in files:
            if not rewrite(table, [live], store=store, keep=others):
                missed += 1
                break
            table = _fresh(table)
    raise crowded(table)


def _settled(table: Table) -> Table:
    """With a snapshot that no longer lists what was taken out.

    The one that took a file out still says so, with the least and greatest values of its columns.
    """
    for _ in range(ATTEMPTS):
        snapshot = table.current_snapshot()
        if snapshot is None or not any(m.deleted_files_count for m in snapshot.manifests(table.io)):
            return table
        with (
            suppress(CommitFailedException, ValidationException),  # another commit: look again
            table.transaction() as transaction,
        ):
            pin_snapshots(transaction)
            transaction.update_snapshot().fast_append().commit()
        table = _fresh(table)
    raise crowded(table)


def _fresh(table: Table) -> Table:
    return table.catalog.load_table(table.name())
