"""How much of the org's limits this run may still use: ``api_budget`` of the configuration.

The limits are read before anything else, again before a Bulk job when they are old, and
every answer's header brings the requests up to date. What everybody uses counts; this
run stops before the total passes its share.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from lakehouse_jobs.contract.objects import ApiBudget, ObjectsConfig
from lakehouse_jobs.errors import AnswerRefusedError, BudgetSpentError, LimitExceededError
from lakehouse_jobs.salesforce.limits import Limit, Usage, read_limits

# Other runs make Bulk jobs too, and only /limits tells of them.
OLD_AFTER_SECONDS: Final = 900.0
# Create, one look at its state, list of pages, one page, delete.
REQUESTS_OF_A_JOB: Final = 5


class Budget:
    """Counts for one process. Safe to use from several threads."""

    def __init__(
        self,
        config: ApiBudget | None = None,
        *,
        long_requests: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        config = config or ApiBudget()
        self.share = config.daily_share
        self._long = threading.BoundedSemaphore(long_requests or config.long_requests)
        self._clock = clock
        self._ask: Callable[[], Any] | None = None
        self._read_at: float | None = None
        self._lock = threading.Lock()
        self._known: dict[Limit, Usage] = {}
        self._under_way = 0  # requests sent and not answered yet
        self._read_bytes = 0  # of results, since the limits were read

    def read(self, ask: Callable[[], Any]) -> list[str]:
        """Read the limits; a sentence for each that stays unknown. ``ask`` answers ``/limits``.

        Without an answer the run goes on with what its requests tell. Raises what else
        stops every request, a limit that is used up among it.
        """
        self._ask = ask
        refused = self._refresh()
        if refused is not None:
            return [f"/limits cannot be read, so only requests are kept within budget: {refused}"]
        return [
            f"/limits does not tell {limit.value}, so it is not kept within api_budget"
            for limit in Limit
            if limit not in self._known
        ]

    def _refresh(self) -> AnswerRefusedError | None:
        if self._ask is None:
            return None
        self._read_at = self._clock()
        try:
            found = read_limits(self._ask())
        except LimitExceededError:
            raise
        except AnswerRefusedError as error:
            return error
        with self._lock:
            self._known |= found
            self._read_bytes = 0
        return None

    def allows(self, *, requests: int = 0, jobs: int = 0) -> bool:
        """Whether so many requests and query jobs still fit."""
        with self._lock:
            return self._beyond(requests, jobs) is None

    def check(self, *, requests: int = 0, jobs: int = 0) -> None:
        """Raise BudgetSpentError where so many requests and query jobs do not fit."""
        if jobs and self._read_at is not None and self._clock() - self._read_at > OLD_AFTER_SECONDS:
            self._refresh()
        with self._lock:
            self._refuse(requests, jobs)

    def job_made(self) -> None:
        """Count a query job."""
        with self._lock:
            self._add(Limit.QUERY_JOBS, 1)

    def results_read(self, size: int) -> None:
        """Count bytes of a job's results, which its files take up at Salesforce."""
        with self._lock:
            self._read_bytes += size

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request. Raises BudgetSpentError instead of sending one too many."""
        with self._lock:
            self._refuse(1, 0)
            self._add(Limit.REQUESTS, 1)
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def answered(self, usage: Usage | None) -> None:
        """Take over what an answer says, inside :meth:`request`.

        Salesforce may not have counted the others that are under way.
        """
        if usage is None:
            return
        with self._lock:
            others = max(0, self._under_way - 1)
            self._known[Limit.REQUESTS] = Usage(used=usage.used + others, limit=usage.limit)

    @contextmanager
    def long_request(self) -> Iterator[None]:
        """One request that may take 20 seconds and more; waits for its turn."""
        with self._long:
            yield

    def _add(self, limit: Limit, number: int) -> None:
        known = self._known.get(limit)
        if known is not None:
            self._known[limit] = Usage(used=known.used + number, limit=known.limit)

    def _refuse(self, requests: int, jobs: int) -> None:
        limit = self._beyond(requests, jobs)
        if limit is None:
            return
        known = self._known[limit]
        raise BudgetSpentError(
            f"{limit.value}: {known.used:,} of {known.limit:,} are used up, by everybody in the "
            f"last 24 hours, and this run stops at {self._ceiling(known):,}; a later run goes on, "
            "as old use drops out by the hour; raise api_budget.daily_share "
            f"({self.share:g}) in salesforce_objects.json to use more"
        )

    def _beyond(self, requests: int, jobs: int) -> Limit | None:
        """The first limit that would be passed. A job writes a megabyte at least."""
        read = self._read_bytes // 1_000_000
        wanted = {Limit.REQUESTS: requests, Limit.QUERY_JOBS: jobs}
        if jobs:
            wanted[Limit.RESULT_MEGABYTES] = read + jobs
        for limit, number in wanted.items():
            known = self._known.get(limit)
            if known is not None and number and known.used + number > self._ceiling(known):
                return limit
        return None

    def _ceiling(self, known: Usage) -> int:
        return int(known.limit * self.share)


def long_requests_of(config: ObjectsConfig, group: str) -> int:
    """A group's part of ``long_requests``, at least one.

    Groups run side by side and know nothing of each other, so each has its own.
    """
    names = [g.name for g in config.groups]
    each, left = divmod(config.api_budget.long_requests, len(names))
    return max(1, each + (names.index(group) < left))
