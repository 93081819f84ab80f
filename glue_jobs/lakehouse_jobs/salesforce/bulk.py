"""Bulk API 2.0 queries: make a job, wait for it, list its pages, delete it.

simple-salesforce's own module reads no deleted rows, has no retry and no time-out,
and fetches no pages in parallel.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lakehouse_jobs.errors import (
    AnswerRefusedError,
    JobUnfinishedError,
    ObjectNotFoundError,
    SalesforceError,
    TransferError,
)
from lakehouse_jobs.salesforce.budget import REQUESTS_OF_A_JOB
from lakehouse_jobs.salesforce.job_end import ended, told_gone
from lakehouse_jobs.salesforce.transport import Transport

FIRST_POLL = 0.2  # seconds; small objects are ready at once
LONGEST_POLL = 10.0
STEADY_POLL = 1.0  # until a twentieth of the time waited is longer: a job's end is met soon


@dataclass(frozen=True, kw_only=True)
class Job:
    """A query job that is complete."""

    id: str
    records: int | None  # that Salesforce says it processed


class BulkApi:
    """Query jobs of one org."""

    def __init__(
        self,
        transport: Transport,
        *,
        api_version: str,
        until: float = math.inf,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``until``, by the clock, is when waiting for jobs ends."""
        self._transport = transport
        self._until = until
        self._clock = clock
        self._jobs = f"/services/data/v{api_version}/jobs/query"
        self._sleep = sleep

    def create(self, soql: str) -> str:
        """A new job's id; deleted rows are included.

        Raises BulkUnsupportedError or BudgetSpentError.
        """
        budget = self._transport.budget
        budget.check(requests=REQUESTS_OF_A_JOB, jobs=1)
        answer = self._transport.json(
            "POST",
            self._jobs,
            body={
                "operation": "queryAll",
                "query": soql,
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
            },
            # One whose answer is lost may have made a job all the same.
            before=budget.job_made,
        )
        return str(_value(answer, "id"))

    def wait(self, job_id: str) -> Job:
        """The job once it is complete.

        Raises BulkJobError, BulkUnsupportedError, FieldVanishedError or
        JobUnfinishedError.
        """
        pause, waited = FIRST_POLL, 0.0
        while True:
            with told_gone(job_id):
                answer = self._transport.json("GET", f"{self._jobs}/{job_id}")
            state = _value(answer, "state")
            if state == "JobComplete":
                records = answer.get("numberRecordsProcessed")
                return Job(id=job_id, records=records if isinstance(records, int) else None)
            if state in ("Failed", "Aborted"):
                raise ended(job_id, state, answer.get("errorMessage"))
            # Any other state, a new one of Salesforce's too, is one before the end.
            if self._clock() + pause > self._until:
                raise JobUnfinishedError(
                    f"query job {job_id} is still {state} when the time of this run is up; the "
                    "next incremental run goes on with it, a resync begins anew; raise "
                    "timeout_minutes of the group in salesforce_objects.json"
                )
            self._sleep(pause)
            waited += pause
            pause = min(pause * 1.5, max(STEADY_POLL, waited / 20), LONGEST_POLL)

    def pages(self, job: Job) -> Iterator[str] | None:
        """Paths of the result pages, which can be read in parallel.

        None where the API version has no such list: then pages are read one after
        the other, from :meth:`first_page` and each page's ``Sforce-Locator``.
        """
        try:
            first = self._transport.json("GET", f"{self._jobs}/{job.id}/resultPages")
        except ObjectNotFoundError:
            return None
        return self._listed(first)

    def _listed(self, answer: Any) -> Iterator[str]:
        while answer:
            for page in answer.get("resultPages") or []:
                yield str(_value(page, "resultUrl"))
            following = answer.get("nextRecordsUrl")
            if not following or answer.get("done") is True:
                return
            answer = self._transport.json("GET", following)

    def first_page(self, job: Job) -> str:
        """Path of the first result page."""
        return f"{self._jobs}/{job.id}/results"

    def next_page(self, job: Job, locator: str | None) -> str | None:
        """Path of the page after the one that carried this ``Sforce-Locator``."""
        if not locator or locator == "null":
            return None
        return f"{self._jobs}/{job.id}/results?locator={locator}"

    def discard(self, job_id: str) -> None:
        """Delete a job, or abort it where it still runs.

        Failures do not matter: Salesforce deletes jobs by itself after seven days.
        """
        try:
            self._transport.json("DELETE", f"{self._jobs}/{job_id}")
        except AnswerRefusedError:
            try:
                self._transport.json("PATCH", f"{self._jobs}/{job_id}", body={"state": "Aborted"})
            except SalesforceError:
                return
        except SalesforceError:
            return


def _value(answer: Any, key: str) -> Any:
    if not isinstance(answer, dict) or key not in answer:
        raise TransferError(f"the answer about a query job has no {key!r}; run the object again")
    return answer[key]
