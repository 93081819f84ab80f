"""One page of an answer as tables of the data file's schema."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lakehouse_jobs.extract import page_csv, page_rest
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.extract.shape import Stamp, shape
from lakehouse_jobs.salesforce.body import Body


@dataclass(frozen=True, kw_only=True)
class Shaper:
    """Turns pages into tables, the same way for every page of a reading."""

    selection: Selection
    stamp: Stamp
    schema: pa.Schema

    def csv(self, body: Body) -> "Page":
        """A Bulk result page."""
        return Page(
            tables=(self._shaped(a) for a in page_csv.batches(body, self.selection)),
        )

    def rest(self, records: Iterable[dict[str, Any]]) -> "Page":
        """Records of a REST query."""
        return Page(
            tables=(self._shaped(a) for a in page_rest.batches(records, self.selection)),
        )

    def _shaped(self, arrays: Any) -> pa.Table:
        return shape(arrays, self.selection, self.stamp, self.schema)


@dataclass(kw_only=True)
class Page:
    """Its tables, once; after them the values that did not fit."""

    tables: Iterator[pa.Table]
    rejected: list[Rejected] = field(default_factory=list)
