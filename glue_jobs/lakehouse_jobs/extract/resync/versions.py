"""Versions of records: which is current, and which differ from it."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_jobs.extract.flat import flat
from lakehouse_jobs.extract.lookback import KEY_SCHEMA
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS


def newest(versions: pa.Table) -> pa.Table:
    """The current version of each record, by (systemmodstamp, _batch); ids are sorted."""
    if len(versions) < 2:
        return versions
    order = pc.sort_indices(
        versions.select(["id", STAMP_COLUMN, SystemColumn.BATCH.value]),
        sort_keys=[
            ("id", "ascending"),
            (STAMP_COLUMN, "descending"),
            (SystemColumn.BATCH.value, "descending"),
        ],
        null_placement="at_end",
    )
    ids = flat(versions["id"].take(order))
    is_first = pa.concat_arrays(
        [pa.array([True]), flat(pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)))]
    )
    return versions.take(order.filter(is_first))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a comparison of some found rows with the current versions gave."""

    differing: pa.Table  # found rows that raw lacks
    older: int  # found rows that raw has in a later version
    compared: int  # found rows that were compared at all


def compare(
    found: pa.Table, current: pa.Table, columns: Sequence[str], *, cut: datetime
) -> Difference:
    """Compare found rows, stamped below ``cut``, with current versions by these columns.

    A row that is older than raw's current version is no difference: appended, it would not
    become the current one, and the next resync would append it again.
    """
    place = flat(pc.index_in(found["id"], value_set=current["id"]))
    below = pc.fill_null(pc.less(found[STAMP_COLUMN], pa.scalar(cut, UTC_MICROSECONDS)), True)
    stamps = current[STAMP_COLUMN].take(place)
    older = pc.and_(below, pc.fill_null(pc.less(found[STAMP_COLUMN], stamps), False))
    differs = pc.is_null(place)
    for name in columns:
        differs = pc.or_(differs, _unequal(found[name], current[name].take(place)))
    wanted = pc.and_(differs, pc.and_(below, pc.invert(older)))
    return Difference(
        differing=found.filter(wanted),
        older=pc.sum(older).as_py() or 0,
        compared=pc.sum(below).as_py() or 0,
    )


class Once:
    """Lets each version pass once: an answer may hold a record twice.

    A version is told by id, stamp and ``_is_deleted``. For the rows of one bucket, as it
    remembers the keys of all that passed.
    """

    def __init__(self) -> None:
        self._passed = KEY_SCHEMA.empty_table()

    def of(self, rows: pa.Table) -> pa.Table:
        """The rows that did not pass before, in their order."""
        keys = pa.concat_tables([self._passed, rows.select(KEY_SCHEMA.names).cast(KEY_SCHEMA)])
        places = pa.arange(-len(self._passed), len(rows))
        first = (
            keys.append_column("place", places)
            .group_by(KEY_SCHEMA.names, use_threads=False)
            .aggregate([("place", "min")])["place_min"]
        )
        self._passed = keys.take(pc.add(first, len(self._passed)))
        wanted = pc.is_in(places.slice(len(keys) - len(rows)), value_set=first)
        return rows.filter(wanted)


def _unequal(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> pa.ChunkedArray:
    """Where two columns differ; nulls are equal."""
    same = pc.fill_null(pc.equal(ours, theirs), False)
    return pc.invert(pc.or_(same, pc.and_(pc.is_null(ours), pc.is_null(theirs))))
