"""Read all pages of a query, by the API that suits its size, into a sink.

A small result costs one call over REST and at least five through a Bulk job. The
cheapest way to know the size is to ask: the first REST answer carries it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.errors import (
    BulkJobError,
    BulkUnsupportedError,
    QueryTooWideError,
    RestUnsuitedError,
)
from lakehouse_jobs.extract import split
from lakehouse_jobs.extract.bulk_pages import BulkPages
from lakehouse_jobs.extract.columns import Source
from lakehouse_jobs.extract.load_progress import Load
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.parts import Part, Reading, Sink
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.salesforce.org import Org
from lakehouse_jobs.salesforce.rest import RestPage

SMALL: Final = 2_000  # records; what REST puts into one answer, if they are not wide


@dataclass(frozen=True, kw_only=True)
class PageReader:
    """Reads one object's query. ``pool`` is shared by all objects of the process."""

    org: Org
    shaper: Shaper
    sink: Sink
    pool: Executor
    at_once: int  # pages of this object in the pool
    progress: Callable[[Part], None]
    load: Load | None = None  # keeps the progress; None: a failure begins anew

    def read(self, soql: str, *, likely_small: bool = False) -> Reading:
        """Read everything. On failure nothing that the sink took remains, but for a load's.

        ``likely_small`` asks REST first; the Bulk API reads what is not small after all.
        """
        if len(soql) > split.LONGEST_SOQL:
            room = split.room_for_names(soql, split.LONGEST_SOQL)
            groups = split.split(self.shaper.selection, room)
            return self._read_split(soql, groups, likely_small=likely_small)
        try:
            return self._read_whole(soql, likely_small=likely_small)
        except QueryTooWideError:
            groups = split.halves(self.shaper.selection)
            if groups is None:
                raise
        return self._read_split(soql, groups, likely_small=likely_small)

    def _read_whole(self, soql: str, *, likely_small: bool) -> Reading:
        if self.load is not None and self.load.record.job_id:
            return self._read_bulk(self.load.record.job_id)
        first = self._asked(soql) if likely_small else None
        if first is not None and first.total <= SMALL:
            return self._read_rest(first)
        first = None  # a job reads its records again: nothing is used twice
        try:
            return self._read_bulk_anew(soql)
        except BulkUnsupportedError:
            if not self.org.rest.fits(soql):
                room = split.room_for_names(soql, split.LONGEST_REST_SOQL)
                return self._read_split(soql, split.split(self.shaper.selection, room))
            with step(Step.REST):
                first = self.org.rest.first(soql)
            return self._read_rest(first)

    def _read_bulk_anew(self, soql: str) -> Reading:
        """One job, or a second where the first ended for a while before a page was read."""
        job_id = self._created(soql)
        try:
            return self._read_bulk(job_id)
        except BulkJobError as error:
            if not error.passing:
                raise
        if self.load is not None:
            self.org.bulk.discard(job_id)
        return self._read_bulk(self._created(soql))

    def _created(self, soql: str) -> str:
        with step(Step.QUERY):
            job_id = self.org.bulk.create(soql)
        if self.load is not None:
            self.load.job_created(job_id)
        return job_id

    def _read_bulk(self, job_id: str) -> Reading:
        bulk = BulkPages(
            org=self.org,
            shaper=self.shaper,
            sink=self.sink,
            pool=self.pool,
            at_once=self.at_once,
            progress=self.progress,
            load=self.load,
        )
        return bulk.read(job_id)

    def _read_split(
        self, soql: str, groups: Sequence[Sequence[Source]], *, likely_small: bool = False
    ) -> Reading:
        reader = split.SplitReader(
            shaper=self.shaper,
            sink=self.sink,
            # Its parts have a job each: a load that fails begins anew.
            one=lambda shaper, sink: replace(self, shaper=shaper, sink=sink, load=None),
            groups=groups,
            # Short enough for REST too, which reads the few that changed in between.
            longest=min(split.LONGEST_SOQL, split.LONGEST_REST_SOQL),
        )
        return reader.read(soql, likely_small=likely_small)

    def _asked(self, soql: str) -> RestPage | None:
        """REST's first page, or None where REST does not suit the query."""
        if not self.org.rest.fits(soql):
            return None
        try:
            with step(Step.REST):
                return self.org.rest.first(soql, patient=False)
        except RestUnsuitedError:
            return None

    def _read_rest(self, first: RestPage) -> Reading:
        page = self.shaper.rest(self.org.rest.records(first))
        with step(Step.REST):
            part = self.sink.take(0, page.tables)
        part = replace(part, rejected=tuple(page.rejected))
        self.progress(part)
        return Reading(api="rest", parts=[part])


def page_reader(
    subject: Subject, sink: Sink, *, change: Change, load: Load | None = None
) -> PageReader:
    """The reader of one subject into a sink."""
    return PageReader(
        org=subject.org,
        shaper=Shaper(
            selection=subject.selection,
            stamp=subject.stamp(change),
            schema=subject.schema,
            tally=subject.tally,
        ),
        sink=sink,
        pool=subject.pages,
        at_once=subject.workers,
        progress=subject.progress,
        load=load,
    )
