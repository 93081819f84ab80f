"""The result pages of one query job, read in parallel.

A page whose connection breaks is read again from its start, so a sink's result counts
only once it is returned.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextvars import copy_context
from dataclasses import dataclass, replace

from lakehouse_jobs.errors import TransferError
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.page_lenient import patiently
from lakehouse_jobs.extract.parts import Part, Reading, Sink
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.salesforce.body import Body
from lakehouse_jobs.salesforce.bulk import Job
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class BulkPages:
    """Reads a job's pages into a sink."""

    org: Org
    shaper: Shaper
    sink: Sink
    pool: Executor
    at_once: int  # pages of this object in the pool
    progress: Callable[[Part], None]

    def read(self, job_id: str) -> Reading:
        """Wait for the job and read everything. On failure nothing that the sink took remains."""
        reading = Reading(api="bulk")
        try:
            with step(Step.WAIT):
                job = self.org.bulk.wait(job_id)
            self._read(job, reading)
        except BaseException:
            self.sink.discard(reading.parts)
            raise
        finally:
            self.org.bulk.discard(job_id)
        return reading

    def _read(self, job: Job, reading: Reading) -> None:
        with step(Step.LIST_PAGES):
            paths = self.org.bulk.pages(job)
        if paths is None:
            self._one_by_one(job, reading)
        else:
            self._side_by_side(paths, reading)
        if job.records is not None and reading.read < job.records:
            raise TransferError(
                f"query job {job.id} has {job.records} records, its pages only {reading.read}; "
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
        def reader(body: Body, block: int | None) -> Part:
            if locator is not None:
                locator.append(body.headers.get("Sforce-Locator"))
            page = self.shaper.csv(body, block=block)
            part = self.sink.take(number, page.tables)
            return replace(part, rejected=tuple(page.rejected))

        with step(Step.PAGE):
            return patiently(
                lambda block: self.org.transport.read(path, lambda body: reader(body, block))
            )

    def _done(self, reading: Reading, part: Part) -> None:
        reading.parts.append(part)
        self.progress(part)
