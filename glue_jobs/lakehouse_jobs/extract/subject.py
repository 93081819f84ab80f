"""What an extraction is about: one object, its opened table, and the means to read it."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import pyarrow as pa

from lakehouse_jobs.contract.objects import ObjectRules
from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.lookback import Keys, load_keys
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.rejected_table import known
from lakehouse_jobs.extract.rejects import Tally
from lakehouse_jobs.extract.shape import Stamp
from lakehouse_jobs.raw.schema import file_schema
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One object of one run, for the incremental read and every kind of resync."""

    org: Org
    store: Store
    raw: RawTable
    object_name: str
    selection: Selection
    rules: ObjectRules
    now: datetime  # the org's time
    run_id: str
    pages: Executor  # shared by the objects of the run
    workers: int  # threads in it
    progress: Callable[[Part], None]

    @property
    def watermark(self) -> datetime | None:
        """As the last commit left it."""
        return self.raw.state.watermark

    @property
    def lookback(self) -> timedelta:
        """The overlap of windows."""
        return timedelta(minutes=self.rules.lookback_minutes or 0)

    @property
    def margin(self) -> timedelta:
        """The distance kept from the org's clock."""
        return timedelta(seconds=self.rules.margin_seconds or 0)

    @cached_property
    def keys(self) -> Keys:
        """Keys of the lookback window, as the last commit left them."""
        before = self.watermark
        return load_keys(
            self.raw, store=self.store, since=before - self.lookback if before else None
        )

    @cached_property
    def tally(self) -> Tally:
        """Of the values that do not fit their columns."""
        table = self.raw.table
        return Tally(
            object_name=self.object_name,
            limit=self.rules.max_rejected or 0,
            known=lambda: known(
                table,
                store=self.store,
                object_name=self.object_name,
                waiting=self.raw.state.rejected_files,
            ),
        )

    @cached_property
    def schema(self) -> pa.Schema:
        """Of a data file."""
        return file_schema(self.raw.table.schema(), self.raw.columns)

    @property
    def lookback_prefix(self) -> str:
        """Key below which files of keys go."""
        database, table = self.raw.table.name()
        return f"{database}/_lookback/{table}/"

    def stamp(self, change: Change) -> Stamp:
        """What every row of the run carries."""
        return Stamp(
            org_id=self.org.org_id,
            run_id=self.run_id,
            extracted_at=self.now,
            batch=self.raw.state.batch + 1,
            change=change,
        )
