"""The incremental read: what changed since the watermark, committed once."""

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BulkJobError,
    CommitUnknownError,
    JobContradictedError,
    JobGoneError,
)
from lakehouse_jobs.extract.distinct import Distinct
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.landed import Landed, land
from lakehouse_jobs.extract.leftovers import drop, settle
from lakehouse_jobs.extract.load_progress import Load
from lakehouse_jobs.extract.pages import page_reader
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.verdict import is_over
from lakehouse_jobs.extract.window import Window, window


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """Reads a window, keeps what the table lacks."""

    subject: Subject

    def run(self) -> Landed | None:
        """None where there was nothing to read. Raises what went wrong."""
        subject, load = settle(self.subject)
        if load is not None:
            try:
                return _read(load)
            except (AnswerRefusedError, BulkJobError, JobContradictedError):
                if not load.record.dropped:
                    raise
                # Its Bulk job is gone, or was aborted: start over.
        part = next_window(subject)
        if part.is_empty:
            return None
        try:
            return _read(Load.new(subject, part))
        except JobGoneError as error:
            if error.passing:  # no page was read yet, and a second job went the same way
                raise
            return _read(Load.new(subject, part))


def next_window(subject: Subject) -> Window:
    """The stretch of time that is next to be read."""
    return window(
        watermark=subject.watermark,
        server_time=subject.now,
        lookback=subject.lookback,
        margin=subject.margin,
        known_from=subject.keys.since,
    )


def _read(load: Load) -> Landed:
    """Read and commit a load. Where an error proves it bad nothing of it remains."""
    try:
        with tempfile.TemporaryDirectory(prefix="lakehouse-", ignore_cleanup_errors=True) as folder:
            landed, spare = _landed(load, Path(folder))
    except CommitUnknownError:
        raise  # its files may be live yet
    except Exception as error:
        over = is_over(error, resumed=load.resumed, advanced=load.advanced)
        if load.record.job_id is None or over:  # without a job no run could go on with it
            drop(load)
        raise
    load.finish(landed.reading, spare_files=spare)
    return landed


def _landed(load: Load, folder: Path) -> tuple[Landed, bool]:
    """What landed, and whether files were left over."""
    subject, part = load.subject, load.record.window
    # Never backwards, whatever the org's clock says.
    watermark = max(part.end, subject.watermark or part.end)
    sink = FileSink(
        store=subject.store,
        prefix=load.data_prefix,
        folder=folder,
        schema=subject.schema,
        known=subject.keys,
        new_from=part.new_from,
        keys_from=watermark - subject.lookback,
        before_upload=load.begin,
        until=part.end,
    )
    reader = page_reader(subject, sink, change=Change.READ, load=load)
    reading = reader.read(load.record.soql, likely_small=subject.watermark is not None)
    kept = reading.rows
    with step(Step.DISTINCT):
        reading.parts = Distinct(io=subject.raw.table.io, sink=sink).of(reading.parts)
    twice = kept - reading.rows
    landed = land(
        subject,
        reading,
        watermark=watermark,
        keys_since=_keys_since(part, watermark, subject),
        keep_files=True,
    )
    notes = (f"Salesforce sent {twice:,} records twice, kept once",) if twice else ()
    return replace(landed, resumed=load.resumed, notes=(*landed.notes, *notes)), twice > 0


def _keys_since(part: Window, watermark: datetime, subject: Subject) -> datetime:
    """How far back the next keys reach: the lookback, or less where less was read."""
    wanted = watermark - subject.lookback
    return max(wanted, part.start) if part.start else wanted
