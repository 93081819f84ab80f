"""Which ids a page holds, and whether they ascend: then no id is in it twice."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, kw_only=True)
class IdRange:
    """Both ends are in it."""

    low: str
    high: str
    ascending: bool  # strictly, row by row


@dataclass(kw_only=True)
class IdOrder:
    """Watches the ids of one page."""

    _low: str | None = None
    _high: str = ""
    _ascending: bool = True

    def add(self, rows: pa.Table) -> None:
        """The next rows."""
        if not len(rows):
            return
        ids = rows["id"].combine_chunks()
        first, last = ids[0].as_py() or "", ids[-1].as_py() or ""
        self._ascending = (
            self._ascending
            and (self._low is None or first > self._high)
            and pc.all(pc.greater(ids[1:], ids[:-1]), skip_nulls=False).as_py() is True
        )
        if not self._ascending:
            ends = pc.min_max(ids).as_py()
            first, last = ends["min"] or "", ends["max"] or ""
        self._low = first if self._low is None else min(self._low, first)
        self._high = max(self._high, last)

    @property
    def range(self) -> IdRange | None:
        """None where there were no rows."""
        if self._low is None:
            return None
        return IdRange(low=self._low, high=self._high, ascending=self._ascending)
