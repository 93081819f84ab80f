"""Read everything again and keep what differs from the current versions."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.landed import Landed, land
from lakehouse_jobs.extract.pages import page_reader
from lakehouse_jobs.extract.resync.sink import ResyncSink
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import Window, soql, window


@dataclass(frozen=True, kw_only=True)
class FullResync:
    """All columns of all records; the table has rows to compare with."""

    subject: Subject

    def run(self) -> Landed | None:
        """What landed; without a difference there is no commit. Raises what went wrong."""
        subject = self.subject
        with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
            sink = self._sink(Path(folder))
            with ResyncSink.over(
                subject.raw, subject.selection, folder=Path(folder), sink=sink
            ) as resync:
                reader = page_reader(subject, resync, change=Change.RESYNC)
                reading = reader.read(soql(subject.object_name, subject.selection, self.window))
                reading.parts = [*reading.parts, *resync.differences()]
            if not reading.rows:
                return Landed(
                    reading=reading, batch=subject.raw.state.batch, watermark=subject.watermark
                )
            return land(
                subject,
                reading,
                watermark=self._watermark,
                keys_since=self._watermark - subject.lookback,
            )

    @cached_property
    def window(self) -> Window:
        """Everything up to the margin."""
        return window(
            watermark=None,
            server_time=self.subject.now,
            lookback=self.subject.lookback,
            margin=self.subject.margin,
        )

    @property
    def _watermark(self) -> datetime:
        return max(self.window.end, self.subject.watermark or self.window.end)

    def _sink(self, folder: Path) -> FileSink:
        subject = self.subject
        return FileSink(
            store=subject.store,
            prefix=subject.data_prefix,
            folder=folder,
            schema=subject.schema,
            known=subject.keys,
            new_from=None,
            keys_from=self._watermark - subject.lookback,
        )
