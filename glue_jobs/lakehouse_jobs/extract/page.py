"""One page of an answer as tables of the data file's schema, and what did not fit them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lakehouse_jobs.extract import page_csv, page_lenient, page_rest
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.rejects import Rejected, Rejects, Tally
from lakehouse_jobs.extract.shape import Stamp, shape
from lakehouse_jobs.salesforce.body import Body


@dataclass(frozen=True, kw_only=True)
class Shaper:
    """Turns pages into tables, the same way for every page of a reading."""

    selection: Selection
    stamp: Stamp
    schema: pa.Schema
    tally: Tally

    def csv(self, body: Body, *, block: int | None = None) -> "Page":
        """A Bulk result page; with a block leniently (:func:`page_lenient.patiently`).

        Its tables raise MisfitError where only a lenient reading can take them.
        """
        if block is None:
            return Page(tables=(self._shaped(a) for a in page_csv.batches(body, self.selection)))
        rejects = Rejects(tally=self.tally)
        arrays = page_lenient.batches(body, self.selection, rejects, block=block)
        return Page(tables=(self._shaped(a) for a in arrays), rejected=rejects.found)

    def rest(self, records: Iterable[dict[str, Any]]) -> "Page":
        """Records of a REST query."""
        rejects = Rejects(tally=self.tally)
        arrays = page_rest.batches(records, self.selection, rejects)
        return Page(tables=(self._shaped(a) for a in arrays), rejected=rejects.found)

    def _shaped(self, arrays: Any) -> pa.Table:
        return shape(arrays, self.selection, self.stamp, self.schema)


@dataclass(kw_only=True)
class Page:
    """Its tables, once; after them the values that did not fit."""

    tables: Iterator[pa.Table]
    rejected: list[Rejected] = field(default_factory=list)
