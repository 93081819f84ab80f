"""Snapshots that no reader needs any more leave the table's metadata.

The metadata is written anew by each commit and read by everybody, so its size is what
makes a table old. The raw log needs no snapshots for its history: each past state is
``_batch <= n``. They serve readers that are under way, and a person who takes back a commit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import RemoveSchemasUpdate
from pyiceberg.table.update.snapshot import ExpireSnapshots

from lakehouse_jobs.raw.create import KEPT_YOUNG
from lakehouse_jobs.raw.fence import MovedError, pin_snapshots

# Kept is what was current so lately that a query or build may still read it (a build has four
# hours), and beyond that the newest ones: at most for a week, so that what was erased of a
# person is soon out of the bucket as well.
READERS: Final = timedelta(hours=6)
NEWEST: Final = 40
LONGEST: Final = timedelta(days=7)
# They go by the batch, as each expiry is a commit of its own.
BATCH: Final = 20
# So many in one commit, and so many commits of one upkeep: a table that is old when its first
# upkeep comes is young again after some runs, and no run pays for all of it.
PORTION: Final = 100
PORTIONS: Final = 5
PATIENCE: Final = timedelta(days=1)  # beyond LONGEST, for tables with few commits


def expirable(metadata: TableMetadata, *, now: datetime) -> list[Snapshot]:
    """Snapshots that are not to be kept, oldest first."""
    return [snapshot for snapshot, _ in _expirable(metadata, now)]


def is_due(metadata: TableMetadata, *, now: datetime) -> bool:
    """Whether an expiry is worth its commit."""
    found = _expirable(metadata, now)
    return len(found) >= BATCH or any(age > LONGEST + PATIENCE for _, age in found)


def _expirable(metadata: TableMetadata, now: datetime) -> list[tuple[Snapshot, timedelta]]:
    """With the time since each was the current one: until then readers began with it.

    They are the oldest ones but tags and branches. Times are of the clocks of many hosts and
    need not rise: one that is young, or seems to be, keeps all that came after it.
    """
    heads = {ref.snapshot_id for ref in metadata.refs.values()}
    ordered = sorted(metadata.snapshots, key=lambda s: (s.sequence_number or 0, s.timestamp_ms))
    found: list[tuple[Snapshot, timedelta]] = []
    for place, (snapshot, following) in enumerate(pairwise(ordered), start=1):
        age = timedelta(milliseconds=now.timestamp() * 1000 - following.timestamp_ms)
        newer = len(ordered) - place
        if not (age > LONGEST or (age > READERS and newer >= NEWEST)):
            break
        if snapshot.snapshot_id not in heads:
            found.append((snapshot, age))
    return found


def expire(
    table: Table,
    snapshots: Sequence[Snapshot],
    *,
    properties: dict[str, str],
    defaults: Mapping[str, str] = KEPT_YOUNG,
) -> bool:
    """Take snapshots out of the metadata, and schemas that only they had; whether that landed.

    Sets properties in the same commit, and ``defaults`` that the table lacks. No file is deleted.
    Gives way (False) where another commit came first. Raises what S3 and Glue raise where it is
    not known.
    """
    gone = {s.snapshot_id for s in snapshots}
    used = {s.schema_id for s in table.metadata.snapshots if s.snapshot_id not in gone}
    current = table.metadata.current_schema_id
    schemas = [s.schema_id for s in table.metadata.schemas if s.schema_id not in used | {current}]
    missing = {k: v for k, v in defaults.items() if k not in table.properties}
    try:
        with table.transaction() as transaction:
            pin_snapshots(transaction)
            ExpireSnapshots(transaction).by_ids(sorted(gone)).commit()
            if schemas:
                transaction._stage((RemoveSchemasUpdate.model_validate({"schema-ids": schemas}),))
            transaction.set_properties({**missing, **properties})
    except (CommitFailedException, MovedError, ValueError):
        # ValueError: another expiry took the same ones. After a lost answer it was this one.
        return _is_gone(table, gone)
    except Exception:
        if _is_gone(table, gone):
            return True
        raise
    return True


def _is_gone(table: Table, snapshots: set[int]) -> bool:
    fresh = table.catalog.load_table(table.name())
    return not any(s.snapshot_id in snapshots for s in fresh.metadata.snapshots)
