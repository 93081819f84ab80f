"""What an org is made from and how it behaves; kept with the data."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from lakehouse_local.salesforce_org.identifiers import record_id

DEFAULT_RECORDS: Final = 100_000
MEGABYTE: Final = 1_000_000
SMALLEST_VERSION, LARGEST_VERSION = 47, 67


@dataclass(frozen=True, kw_only=True)
class Birth:
    """What a new org is made from. The same values give the same data."""

    records: int = DEFAULT_RECORDS
    seed: str = "1"
    now: float | None = None  # seconds since 1970; None: the hour in which it is made
    client_id: str = field(default_factory=lambda: "3MVG9" + secrets.token_urlsafe(40))
    client_secret: str = field(default_factory=lambda: secrets.token_hex(32).upper())
    org_number: int = field(default_factory=lambda: secrets.randbelow(10**12))

    @property
    def org_id(self) -> str:
        """The org's own Id."""
        return record_id("00D", self.org_number)


@dataclass(kw_only=True)
class Behaviour:
    """How the server behaves all the time; moods come on top. Not kept over a restart."""

    latency_seconds: float = 0.0  # before each answer
    bytes_per_second: float = 0.0  # of each connection; 0: as fast as it can
    job_seconds: float = 0.0  # a bulk job takes at least this long
    page_rows: int = 10_000  # of a bulk result, where the client asks for no number
    rest_rows: int = 2_000  # of a REST answer
    gzip: bool = True  # answer compressed when the client can read it
    api_requests: int = 1_000_000  # in 24 hours, as the two below
    bulk_jobs: int = 10_000
    bulk_megabytes: int = 976_562  # of results stored; what a real org's /limits shows for 1 TB
    long_requests: int = 25  # under way at once for longer than …
    long_after_seconds: float = 20.0
    soql_characters: int = 100_000  # of a statement
    uri_bytes: int = 16_384  # of path and query; with the headers together as well
    deleted_ids: int = 600_000  # in one answer of …/deleted
