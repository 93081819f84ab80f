"""The incremental read: what changed since the watermark, committed once."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.landed import Landed, land
from lakehouse_jobs.extract.pages import page_reader
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import Window, soql, window


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """Reads a window, keeps what the table lacks."""

    subject: Subject

    def run(self) -> Landed | None:
        """None where there was nothing to read. Raises what went wrong."""
        if self.window.is_empty:
            return None
        with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
            reader = page_reader(self.subject, self._sink(Path(folder)), change=Change.READ)
            subject = self.subject
            reading = reader.read(
                soql(subject.object_name, subject.selection, self.window),
                likely_small=subject.watermark is not None,
            )
            return land(subject, reading, watermark=self._watermark, keys_since=self._keys_since)

    @cached_property
    def window(self) -> Window:
        """The stretch of time to read."""
        subject = self.subject
        return window(
            watermark=subject.watermark,
            server_time=subject.now,
            lookback=subject.lookback,
            margin=subject.margin,
            known_from=subject.keys.since,
        )

    @property
    def _watermark(self) -> datetime:
        """The next watermark: never backwards."""
        return max(self.window.end, self.subject.watermark or self.window.end)

    @property
    def _keys_since(self) -> datetime:
        """How far back the next keys reach: the lookback, or less where less was read."""
        wanted = self._watermark - self.subject.lookback
        return max(wanted, self.window.start) if self.window.start else wanted

    def _sink(self, folder: Path) -> FileSink:
        subject = self.subject
        return FileSink(
            store=subject.store,
            prefix=subject.data_prefix,
            folder=folder,
            schema=subject.schema,
            known=subject.keys,
            new_from=self.window.new_from,
            keys_from=self._watermark - subject.lookback,
        )
