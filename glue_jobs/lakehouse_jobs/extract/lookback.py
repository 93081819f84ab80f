"""The keys of the lookback window: what of the overlap is in the table already.

Windows overlap, so rows of the overlap come twice. Their keys (id, systemmodstamp,
``_is_deleted``) are kept in one small Parquet file beside the table, named in the same
commit as the watermark. Orphan clean-up deletes what a table does not refer to, so
the file lies under ``<database>/_lookback/``, not under the table's own location.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import GreaterThanOrEqual

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable

_SINCE: Final = b"lakehouse.since"
KEY_SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        (STAMP_COLUMN, UTC_MICROSECONDS),
        (SystemColumn.IS_DELETED.value, pa.bool_()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """All keys in the table with a stamp from ``since`` on. None: there are none at all."""

    since: datetime | None
    rows: pa.Table

    def new(self, rows: pa.Table, *, below: datetime | None) -> pa.Table:
        """The rows that are not among these keys.

        Only rows stamped ``below`` the watermark can be: windows are half-open.
        """
        if not len(self.rows) or below is None or not len(rows):
            return rows
        overlap = pc.less(rows[STAMP_COLUMN], pa.scalar(below, UTC_MICROSECONDS))
        overlap = pc.fill_null(overlap, True)
        if not pc.any(overlap).as_py():
            return rows
        known = pc.is_in(key_texts(rows.filter(overlap)), value_set=key_texts(self.rows))
        taken = pc.replace_with_mask(
            pa.repeat(pa.scalar(True), len(rows)), flat(overlap), pc.invert(flat(known))
        )
        return rows.filter(taken)

    def moved(self, seen: Iterable[pa.Table], *, since: datetime) -> "Keys":
        """These keys and those just seen, as far as they are stamped from ``since`` on."""
        return Keys(
            since=since,
            rows=pa.concat_tables([from_time(t, since) for t in (self.rows, *seen)])
            .group_by(KEY_SCHEMA.names)
            .aggregate([])
            .select(KEY_SCHEMA.names),
        )

    def save(self, store: Store, key: str) -> str:
        """Write the file; its address."""
        moment = self.since.isoformat() if self.since else ""
        sink = io.BytesIO()
        pq.write_table(
            self.rows.replace_schema_metadata({_SINCE: moment}), sink, compression="zstd"
        )
        return store.write(key, sink.getvalue())


def no_keys() -> Keys:
    """The keys of an empty table."""
    return Keys(since=None, rows=KEY_SCHEMA.empty_table())


def from_time(rows: pa.Table, since: datetime) -> pa.Table:
    """The keys of rows stamped from a time on."""
    keys = rows.select(KEY_SCHEMA.names).cast(KEY_SCHEMA)
    return keys.filter(pc.greater_equal(keys[STAMP_COLUMN], pa.scalar(since, UTC_MICROSECONDS)))


def load_keys(raw: RawTable, *, store: Store, since: datetime | None) -> Keys:
    """The keys that the last commit named.

    Where the file is gone they are read from the table again, from ``since`` on.
    """
    if raw.state.watermark is None or since is None:
        return no_keys()
    address = raw.state.lookback_file
    data = store.read(store.key_of(address)) if address else None
    if data is None:
        return _from_table(raw, since)
    rows = pq.read_table(pa.BufferReader(data))
    moment = (rows.schema.metadata or {}).get(_SINCE, b"").decode()
    return Keys(
        since=datetime.fromisoformat(moment).astimezone(UTC) if moment else None,
        rows=rows.replace_schema_metadata(None).cast(KEY_SCHEMA),
    )


def _from_table(raw: RawTable, since: datetime) -> Keys:
    # Its signature comes from a generic base class that pyright does not see through.
    stamped = GreaterThanOrEqual(STAMP_COLUMN, since.isoformat())  # pyright: ignore[reportCallIssue]
    scan = raw.table.scan(
        row_filter=stamped,
        selected_fields=tuple(KEY_SCHEMA.names),
    )
    rows = scan.to_arrow().select(KEY_SCHEMA.names).cast(KEY_SCHEMA)
    return Keys(since=since, rows=rows)


def key_texts(keys: pa.Table) -> pa.ChunkedArray:
    """Each version's key as one string."""
    stamp = pc.cast(pc.cast(keys[STAMP_COLUMN], pa.int64()), pa.string())
    deleted = pc.cast(keys[SystemColumn.IS_DELETED.value], pa.string())
    return pc.binary_join_element_wise(keys["id"], stamp, deleted, "|", null_handling="replace")
