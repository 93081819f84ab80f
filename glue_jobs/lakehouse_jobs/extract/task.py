"""What one Glue run does, and where its rows go."""

import math
import uuid
from concurrent.futures import Executor
from dataclasses import dataclass, field

from pyiceberg.catalog import Catalog

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.period import ALWAYS, Period
from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_jobs.extract.loads import BEAT_SECONDS, DEAD_AFTER_SECONDS, Claim
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class Lake:
    """Where rows go."""

    catalog: Catalog
    store: Store
    database: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one Glue run does, the same for all of its objects."""

    org: Org
    lake: Lake
    config: ObjectsConfig
    run_id: str  # the execution's name
    group: str
    mode: Mode
    pages: Executor  # shared by the objects
    workers: int  # threads in it
    period: Period = ALWAYS  # by stamps; empty: as the mode says
    # By time.monotonic: no backfill begins after the one, and none reads on after the other.
    fill_before: float = math.inf
    fill_until: float = math.inf
    process: str = field(default_factory=lambda: uuid.uuid4().hex)
    beat: float = BEAT_SECONDS
    dead_after: float = DEAD_AFTER_SECONDS

    def claim(self, name: str) -> Claim:
        """The right to read an object, to be held while it is read."""
        return Claim(
            store=self.lake.store,
            table=table_name(name),
            owner=f"{self.run_id}/{self.group}/{self.process}",
            beat=self.beat,
            dead_after=self.dead_after,
        )
