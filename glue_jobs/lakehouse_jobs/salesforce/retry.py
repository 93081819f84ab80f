"""When a call to Salesforce is made again, and after how long: the only such policy and loop."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lakehouse_jobs.errors import SalesforceError, TransferError, UnreachableError
from lakehouse_jobs.salesforce.answers import LIMIT_CODES, Refusal
from lakehouse_jobs.salesforce.calls import current

# 406 and 420 are what some connectors report from overloaded instances; 412 and 204 are
# how results that are not ready yet are refused in different API versions.
RETRIED_STATUSES = frozenset({406, 408, 412, 420, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with jitter, overruled by Retry-After. Times in seconds."""

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 300.0  # the most that a Retry-After can make us wait
    connect_timeout: float = 10.0
    read_timeout: float = 120.0

    def retries(self, refusal: Refusal) -> bool:
        """Whether the same call may succeed in a while."""
        if refusal.is_daily_limit:
            return False
        return refusal.status in RETRIED_STATUSES or refusal.code in LIMIT_CODES

    def wait(self, attempt: int, headers: Mapping[str, str] | None = None) -> float:
        """Seconds before the attempt after number ``attempt`` (the first is 1)."""
        asked = _retry_after(headers or {})
        if asked is not None:
            return min(asked, self.longest_asked)
        full = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


@dataclass(kw_only=True)
class Attempt:
    """One call, and the headers of its answer if one came."""

    answered: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Retries:
    """A call made again as the policy says."""

    policy: RetryPolicy
    sleep: Callable[[float], None]

    def attempts(self) -> Iterator[Attempt]:
        """Whoever asks for the next attempt has failed with the one before."""
        for number in range(1, self.policy.attempts + 1):
            attempt = Attempt()
            yield attempt
            if number < self.policy.attempts:
                self.sleep(self.policy.wait(number, attempt.answered))
                current().retried()

    def gave_up(self, last: SalesforceError, what: str, *, address: str) -> SalesforceError:
        """The error to raise after the last attempt."""
        if isinstance(last, UnreachableError):
            return UnreachableError(
                f"{address} gave no answer after {self.policy.attempts} attempts ({last}); check "
                "the secret's instance_url, that the org is up, and the network between"
            )
        if isinstance(last, TransferError):
            return TransferError(
                f"{what}: {last} ({self.policy.attempts} attempts); run this object again, and "
                "check the network to the org if it stays so"
            )
        return last


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in a Retry-After header, which holds a number or a date of the server's clock."""
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = http_date(value)
        if moment is None:
            return None
        now = http_date(headers.get("Date")) or datetime.now(UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def http_date(header: str | None) -> datetime | None:
    """The moment in a header, UTC; None where there is none that can be read."""
    try:
        moment = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
