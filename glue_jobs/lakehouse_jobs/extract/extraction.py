"""One object's extraction between its opened table and its commit."""

import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from lakehouse_jobs.contract.objects import ObjectRules
from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.lookback import Keys, load_keys
from lakehouse_jobs.extract.pages import PageReader, Part, Reading, Sink
from lakehouse_jobs.extract.resync import ResyncSink
from lakehouse_jobs.extract.shape import Stamp
from lakehouse_jobs.extract.window import Window, soql, window
from lakehouse_jobs.raw.commit import Landing, commit
from lakehouse_jobs.raw.schema import file_schema
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable
from lakehouse_jobs.salesforce.org import Org


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What an extraction left in the table."""

    reading: Reading
    batch: int
    watermark: datetime | None


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """Reads a window, keeps what the table lacks, commits once."""

    org: Org
    store: Store
    raw: RawTable
    object_name: str
    selection: Selection
    rules: ObjectRules
    now: datetime  # the org's time
    run_id: str
    resync: bool  # read everything again and keep what differs from the current versions
    pages: Executor
    workers: int
    progress: Callable[[Part], None]

    def run(self) -> Landed | None:
        """None where there was nothing to read. Raises what went wrong."""
        if self.window.is_empty:
            return None
        with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
            if self._resyncs:
                reading = self._resynced(Path(folder))
            else:
                reading = self._read(self._file_sink(Path(folder)))
            if self._resyncs and not reading.rows:
                return Landed(
                    reading=reading, batch=self.raw.state.batch, watermark=self._watermark_before
                )
            return self._land(reading)

    @property
    def _watermark_before(self) -> datetime | None:
        return self.raw.state.watermark

    @property
    def _resyncs(self) -> bool:
        """A table without rows has nothing to compare with."""
        return self.resync and self._watermark_before is not None

    @property
    def _lookback(self) -> timedelta:
        return timedelta(minutes=self.rules.lookback_minutes or 0)

    @cached_property
    def keys(self) -> Keys:
        """Keys of the lookback window, as the last commit left them."""
        before = self._watermark_before
        return load_keys(
            self.raw, store=self.store, since=before - self._lookback if before else None
        )

    @cached_property
    def window(self) -> Window:
        """The stretch of time to read."""
        return window(
            watermark=None if self.resync else self._watermark_before,
            server_time=self.now,
            lookback=self._lookback,
            margin=timedelta(seconds=self.rules.margin_seconds or 0),
            known_from=self.keys.since,
        )

    @property
    def _watermark(self) -> datetime:
        """The next watermark: never backwards."""
        return max(self.window.end, self._watermark_before or self.window.end)

    @cached_property
    def _schema(self) -> pa.Schema:
        return file_schema(self.raw.table.schema(), self.raw.columns)

    def _file_sink(self, folder: Path) -> FileSink:
        location = self.store.key_of(self.raw.table.location())
        return FileSink(
            store=self.store,
            prefix=f"{location}/data/{self.run_id}/",
            folder=folder,
            schema=self._schema,
            known=self.keys,
            new_from=self.window.new_from,
            keys_from=self._watermark - self._lookback,
        )

    def _read(self, sink: Sink) -> Reading:
        reader = PageReader(
            org=self.org,
            selection=self.selection,
            stamp=Stamp(
                org_id=self.org.org_id,
                run_id=self.run_id,
                extracted_at=self.now,
                batch=self.raw.state.batch + 1,
                change=Change.RESYNC if self._resyncs else Change.READ,
            ),
            schema=self._schema,
            sink=sink,
            pool=self.pages,
            at_once=self.workers,
            progress=self.progress,
        )
        return reader.read(soql(self.object_name, self.selection, self.window))

    def _resynced(self, folder: Path) -> Reading:
        with ResyncSink.over(
            self.raw, self.selection, folder=folder, sink=self._file_sink(folder)
        ) as sink:
            reading = self._read(sink)
            reading.parts = [*reading.parts, *sink.differences()]
            return reading

    def _land(self, reading: Reading) -> Landed:
        watermark = self._watermark
        seen = [p.keys for p in reading.parts if p.keys is not None]
        address = self.keys.moved(seen, since=self._keys_since).save(
            self.store, f"{self._lookback_prefix}{self.run_id}-{uuid.uuid4().hex}.parquet"
        )
        batch = commit(
            self.raw,
            Landing(
                files=reading.files,
                watermark=watermark,
                lookback_file=address,
                run_id=self.run_id,
            ),
            store=self.store,
        )
        return Landed(reading=reading, batch=batch, watermark=watermark)

    @property
    def _keys_since(self) -> datetime:
        """How far back the next keys reach: the lookback, or less where less was read."""
        wanted = self._watermark - self._lookback
        return max(wanted, self.window.start) if self.window.start else wanted

    @property
    def _lookback_prefix(self) -> str:
        database, table = self.raw.table.name()
        return f"{database}/_lookback/{table}/"
