"""The result pages of one query job, read in parallel.

A page whose connection breaks is read again from its start, so a sink's result counts
only once it is returned.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextvars import copy_context
from dataclasses import dataclass, replace

from lakehouse_jobs.errors import JobContradictedError
from lakehouse_jobs.extract.load_progress import Load
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.page_lenient import patiently
from lakehouse_jobs.extract.parts import Part, Reading, Sink
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.salesforce.body import Body
from lakehouse_jobs.salesforce.bulk import Job
from lakehouse_jobs.salesforce.job_end import told_gone
from lakehouse_jobs.salesforce.org import Org

PageDone = tuple[Part, str | None]  # with the locator of the page after it


@dataclass(frozen=True, kw_only=True)
class BulkPages:
    """Reads a job's pages into a sink."""

    org: Org
    shaper: Shaper
    sink: Sink
    pool: Executor
    at_once: int  # pages of this object in the pool
    progress: Callable[[Part], None]
    load: Load | None = None  # keeps job and pages for a run that goes on

    def read(self, job_id: str) -> Reading:
        """Wait for the job and read everything.

        On failure nothing that the sink took remains; where there is a load, what becomes
        of it and of the job is its owner's to say.
        """
        reading = Reading(api="bulk")
        try:
            with step(Step.WAIT):
                job = self.org.bulk.wait(job_id)
            with told_gone(job_id, passing=False):
                self._read(job, reading)
        except BaseException:
            if self.load is None:
                self.sink.discard(reading.parts)
            raise
        finally:
            if self.load is None:
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
            raise JobContradictedError(
                f"query job {job.id} has {job.records} records, its pages only {reading.read}; "
                "run this object again"
            )

    def _side_by_side(self, paths: Iterator[str], reading: Reading) -> None:
        pending: set[Future[PageDone]] = set()
        try:
            for number, path in enumerate(paths):
                # As many again wait their turn: a list has few pages, and the next one is asked
                # for while they are read.
                if len(pending) >= 2 * self.at_once:
                    self._collect(pending, reading)
                pending.add(self.pool.submit(copy_context().run, self._page, number, path))
            while pending:
                self._collect(pending, reading)
        except BaseException:
            for future in pending:
                future.cancel()
            reading.parts += [
                f.result()[0]
                for f in wait(pending).done
                if not f.cancelled() and f.exception() is None
            ]
            raise

    def _collect(self, pending: set[Future[PageDone]], reading: Reading) -> None:
        """Take what is finished out of ``pending``. Raises what a page raised."""
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            part, _ = future.result()
            pending.remove(future)
            self._done(reading, part)

    def _one_by_one(self, job: Job, reading: Reading) -> None:
        path: str | None = self.org.bulk.first_page(job)
        number = 0
        while path is not None:
            part, locator = self._page(number, path)
            self._done(reading, part)
            path = self.org.bulk.next_page(job, locator)
            number += 1

    def _page(self, number: int, path: str) -> PageDone:
        def reader(body: Body, block: int | None) -> PageDone:
            page = self.shaper.csv(body, block=block)
            part = self.sink.take(number, page.tables)
            part = replace(part, rejected=tuple(page.rejected))
            return part, body.headers.get("Sforce-Locator")

        done = self.load.done(number, path) if self.load else None
        if done is not None:
            return done
        with step(Step.PAGE):
            part, locator = patiently(
                lambda block: self.org.transport.read(path, lambda body: reader(body, block))
            )
        if self.load is not None:
            self.load.page_done(number, path, locator, part)
        return part, locator

    def _done(self, reading: Reading, part: Part) -> None:
        reading.parts.append(part)
        self.progress(part)
