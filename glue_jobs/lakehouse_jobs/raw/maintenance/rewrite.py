"""Small files are replaced by larger ones with the same rows, in one commit.

It lands on the snapshot that it was made from or not at all: where a run's commit came
first, the rewrite deletes its own files, and a later one does the work. A run whose
commit comes second is rebased on the rewrite by PyIceberg, as nothing it read has changed.
"""

import tempfile
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table

from lakehouse_jobs.raw.added import described
from lakehouse_jobs.raw.fence import pin_snapshots
from lakehouse_jobs.raw.maintenance.merged_file import Keep, merge
from lakehouse_jobs.raw.maintenance.small_files import LiveFile
from lakehouse_jobs.raw.schema import ARROW, RawColumn, arrow_schema
from lakehouse_jobs.raw.store import Store

# In the summary of the rewrite's snapshot: how it is found after a lost answer.
REWRITE: Final = "lakehouse.rewrite"
# A run extracts several objects at once, and a merge takes up to 300 MB.
_ONE_AT_A_TIME: Final = threading.Lock()


def rewrite(
    table: Table, files: Sequence[LiveFile], *, store: Store, keep: Keep | None = None
) -> bool:
    """Merge these files of the table's current snapshot; whether that landed.

    ``keep``: which rows of a table are written again; default: all.

    Raises what S3 and Glue raise; the new files are kept where the commit may have landed.
    """
    columns = [
        RawColumn(name=f.name, type=str(f.field_type), comment="") for f in table.schema().fields
    ]
    if any(column.type not in ARROW for column in columns):
        return False  # somebody else's column: leave the files to whoever added it
    prefix = f"{store.key_of(table.location())}/data/merged-{uuid.uuid4().hex}"
    written: list[str] = []

    def upload(path: Path) -> str:
        written.append(store.upload(path, f"{prefix}/{len(written):05d}.parquet"))
        return written[-1]

    try:
        with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
            merge(
                [f.file.file_path for f in files],
                io=table.io,
                schema=arrow_schema(table.schema(), columns),
                folder=Path(folder),
                upload=upload,
                keep=keep,
            )
    except BaseException:
        store.discard(written)
        raise
    return _replace(table, files, written, store=store, name=prefix.rsplit("/", 1)[-1])


def _replace(
    table: Table, files: Sequence[LiveFile], written: Sequence[str], *, store: Store, name: str
) -> bool:
    try:
        with table.transaction() as transaction:
            pin_snapshots(transaction)
            replace = transaction.update_snapshot({REWRITE: name}).overwrite()
            # Of a table without partitions PyIceberg looks into no manifest otherwise.
            replace.delete_by_predicate(AlwaysTrue())
            for live in files:
                replace.delete_data_file(live.file)
            for file in described(table, written, footers={}):
                replace.append_data_file(file)
            replace.commit()
    except (CommitFailedException, ValidationException):
        if _landed(table, name):
            return True
        store.discard(written)
        return False
    except Exception:
        if _landed(table, name):
            return True
        raise
    return True


def _landed(table: Table, name: str) -> bool:
    fresh = table.catalog.load_table(table.name())
    return any(
        s.summary is not None and s.summary.get(REWRITE) == name for s in fresh.metadata.snapshots
    )
