"""Read all pages of a query: from the Bulk API or over REST, into a sink."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.errors import BulkUnsupportedError
from lakehouse_jobs.extract.bulk_pages import BulkPages
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.parts import Part, Reading, Sink
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class PageReader:
    """Reads one object's query. ``pool`` is shared by all objects of the process."""

    org: Org
    shaper: Shaper
    sink: Sink
    pool: Executor
    at_once: int  # pages of this object in the pool
    progress: Callable[[Part], None]

    def read(self, soql: str) -> Reading:
        """Read everything. On failure nothing that the sink took remains."""
        try:
            with step(Step.QUERY):
                job_id = self.org.bulk.create(soql)
        except BulkUnsupportedError:
            return self._read_rest(soql)
        bulk = BulkPages(
            org=self.org,
            shaper=self.shaper,
            sink=self.sink,
            pool=self.pool,
            at_once=self.at_once,
            progress=self.progress,
        )
        return bulk.read(job_id)

    def _read_rest(self, soql: str) -> Reading:
        page = self.shaper.rest(self.org.query(soql))
        with step(Step.REST):
            part = self.sink.take(0, page.tables)
        part = replace(part, rejected=tuple(page.rejected))
        self.progress(part)
        return Reading(api="rest", parts=[part])


def page_reader(subject: Subject, sink: Sink, *, change: Change) -> PageReader:
    """The reader of one subject into a sink."""
    return PageReader(
        org=subject.org,
        shaper=Shaper(
            selection=subject.selection, stamp=subject.stamp(change), schema=subject.schema
        ),
        sink=sink,
        pool=subject.pages,
        at_once=subject.workers,
        progress=subject.progress,
    )
