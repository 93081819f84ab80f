"""Read all pages of a query: in parallel from the Bulk API, else one stream over REST.

Every page goes through :class:`Body`, the CSV or REST reader and :func:`shape` into a
sink. A page whose connection breaks is read again from its start, so a sink's result
counts only once it is returned.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pyarrow as pa

from lakehouse_jobs.errors import BulkUnsupportedError, TransferError
from lakehouse_jobs.extract import page_csv, page_rest
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.shape import Stamp, shape
from lakehouse_jobs.salesforce.body import Body
from lakehouse_jobs.salesforce.bulk import Job
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class Part:
    """What became of one page."""

    read: int  # rows that Salesforce sent
    rows: int  # rows kept
    bytes: int = 0  # of Parquet
    file: str | None = None  # address, where rows were kept
    keys: pa.Table | None = None  # of rows in the next lookback window


class Sink(Protocol):
    """Where the rows of pages go."""

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Consume one page; called again for the same number after a broken transfer."""
        ...

    def discard(self, parts: Sequence[Part]) -> None:
        """Undo what was taken, after a failure."""
        ...


@dataclass(kw_only=True)
class Reading:
    """All pages of one query."""

    api: Literal["bulk", "rest"]
    parts: list[Part] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Addresses of the files written."""
        return [p.file for p in self.parts if p.file]

    @property
    def rows(self) -> int:
        """Rows kept."""
        return sum(p.rows for p in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes of Parquet."""
        return sum(p.bytes for p in self.parts)


@dataclass(kw_only=True)
class PageReader:
    """Reads one object's query. ``pool`` is shared by all objects of the process."""

    org: Org
    selection: Selection
    stamp: Stamp
    schema: pa.Schema
    sink: Sink
    pool: Executor
    at_once: int  # pages of this object in the pool
    progress: Callable[[Part], None]

    def read(self, soql: str) -> Reading:
        """Read everything. On failure nothing that the sink took remains."""
        try:
            job_id = self.org.bulk.create(soql)
        except BulkUnsupportedError:
            return self._read_rest(soql)
        reading = Reading(api="bulk")
        try:
            self._read_bulk(self.org.bulk.wait(job_id), reading)
        except BaseException:
            self.sink.discard(reading.parts)
            raise
        finally:
            self.org.bulk.discard(job_id)
        return reading

    def _read_rest(self, soql: str) -> Reading:
        reading = Reading(api="rest")
        records = self.org.query(soql)
        self._done(
            reading, self.sink.take(0, self._shaped(page_rest.batches(records, self.selection)))
        )
        return reading

    def _read_bulk(self, job: Job, reading: Reading) -> None:
        paths = self.org.bulk.pages(job)
        if paths is None:
            self._one_by_one(job, reading)
        else:
            self._side_by_side(paths, reading)
        read = sum(p.read for p in reading.parts)
        if job.records is not None and read < job.records:
            raise TransferError(
                f"query job {job.id} has {job.records} records, its pages only {read}; "
                "run this object again"
            )

    def _side_by_side(self, paths: Iterator[str], reading: Reading) -> None:
        pending: set[Future[Part]] = set()
        try:
            for number, path in enumerate(paths):
                if len(pending) >= self.at_once:
                    pending = self._collect(pending, reading)
                pending.add(self.pool.submit(copy_context().run, self._page, number, path))
            while pending:
                pending = self._collect(pending, reading)
        except BaseException:
            for future in pending:
                future.cancel()
            for future in wait(pending).done:
                if not future.cancelled() and future.exception() is None:
                    reading.parts.append(future.result())
            raise

    def _collect(self, pending: set[Future[Part]], reading: Reading) -> set[Future[Part]]:
        finished, rest = wait(pending, return_when=FIRST_COMPLETED)
        failed = [f for f in finished if f.exception() is not None]
        for future in finished.difference(failed):
            self._done(reading, future.result())
        if failed:
            for future in rest:
                future.cancel()
            reading.parts += [
                f.result() for f in wait(rest).done if not f.cancelled() and not f.exception()
            ]
            failed[0].result()
        return rest

    def _one_by_one(self, job: Job, reading: Reading) -> None:
        path: str | None = self.org.bulk.first_page(job)
        number = 0
        while path is not None:
            locator: list[str | None] = []
            self._done(reading, self._page(number, path, locator))
            path = self.org.bulk.next_page(job, locator[-1])
            number += 1

    def _page(self, number: int, path: str, locator: list[str | None] | None = None) -> Part:
        def reader(body: Body) -> Part:
            if locator is not None:
                locator.append(body.headers.get("Sforce-Locator"))
            tables = self._shaped(page_csv.batches(body, self.selection))
            return self.sink.take(number, tables)

        return self.org.transport.read(path, reader)

    def _shaped(self, batches: Iterator[Sequence[pa.Array]]) -> Iterator[pa.Table]:
        for arrays in batches:
            yield shape(arrays, self.selection, self.stamp, self.schema)

    def _done(self, reading: Reading, part: Part) -> None:
        reading.parts.append(part)
        self.progress(part)
