"""Tombstones: versions that say that a record went without a trace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from lakehouse_jobs.contract.raw_log import Change, SystemColumn
from lakehouse_jobs.errors import AnswerRefusedError
from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_jobs.extract.resync.buckets import buckets_for
from lakehouse_jobs.extract.resync.comparison import filled
from lakehouse_jobs.extract.resync.pinned import Pinned
from lakehouse_jobs.extract.resync.spill import Spill
from lakehouse_jobs.extract.resync.versions import newest
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS

# Salesforce tells of deletions of the last 15 days, counted by its own clock: keep off the edge.
REACH: Final = timedelta(days=14, hours=23)
# In whole minutes: the seconds are cut off (api_rest, Get Deleted).
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Tombstones:
    """Of records that raw has alive and Salesforce does not have."""

    subject: Subject
    pinned: Pinned
    folder: Path

    def of(self, ids: pa.Array) -> Iterator[pa.Table]:
        """The last version known of each record, marked as deleted, with the best date known."""
        dates = self._dates()
        schema = self.subject.schema
        spill = Spill(self.folder / "gone.arrow", schema, buckets=buckets_for(len(ids)))
        with filled(spill, self.pinned, ids=ids) as gone:
            for bucket in range(gone.buckets):
                last = newest(gone.take(bucket))
                if len(last):
                    yield self._marked(last, dates)

    def _dates(self) -> Mapping[str, datetime]:
        """When records were deleted, as far as Salesforce tells; not every object does."""
        subject = self.subject
        try:
            return subject.org.deleted(
                subject.object_name, start=subject.now - REACH, end=subject.now
            )
        except AnswerRefusedError:
            return {}

    def _marked(self, last: pa.Table, dates: Mapping[str, datetime]) -> pa.Table:
        """Versions as tombstones: stamp and values stay."""
        stamp = self.subject.stamp(Change.HARD_DELETE)
        rows = len(last)
        found = stamp.extracted_at
        deleted_at = [
            _best_date(dates.get(id, found), changed=changed, found=found)
            for id, changed in zip(
                last["id"].to_pylist(), last[STAMP_COLUMN].to_pylist(), strict=True
            )
        ]
        columns = {
            SystemColumn.RUN_ID: pa.repeat(stamp.run_id, rows),
            SystemColumn.EXTRACTED_AT: pa.repeat(pa.scalar(found, UTC_MICROSECONDS), rows),
            SystemColumn.BATCH: pa.repeat(pa.scalar(stamp.batch, pa.int64()), rows),
            SystemColumn.CHANGE: pa.repeat(stamp.change.value, rows),
            SystemColumn.IS_DELETED: pa.repeat(pa.scalar(True), rows),
            SystemColumn.DELETED_AT: pa.array(deleted_at, UTC_MICROSECONDS),
        }
        return pa.Table.from_arrays(
            [columns.get(n, last[n]) for n in last.schema.names], schema=last.schema
        )


def _best_date(told: datetime, *, changed: datetime | None, found: datetime) -> datetime:
    """When a record went: after its last change, and no later than it was found gone (all UTC).

    Where both fall into one minute, that is its end; where what was told is of an earlier
    deletion, when it was found gone.
    """
    if changed is None or told > changed:
        return told
    ended = min(told + _MINUTE, found)
    return ended if ended > changed else found
