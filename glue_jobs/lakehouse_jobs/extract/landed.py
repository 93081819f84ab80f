"""The end of every read: keys for the next lookback window, then the one commit."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lakehouse_jobs.extract.parts import Reading
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.commit import Landing, commit


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What an extraction left in the table."""

    reading: Reading
    batch: int
    watermark: datetime | None
    tombstones: int = 0
    notes: tuple[str, ...] = field(default=())  # sentences for a person


def land(
    subject: Subject,
    reading: Reading,
    *,
    watermark: datetime,
    keys_since: datetime,
    properties: Mapping[str, str] | None = None,
) -> Landed:
    """Commit what was read. Raises what :func:`lakehouse_jobs.raw.commit.commit` raises."""
    seen = [p.keys for p in reading.parts if p.keys is not None]
    with step(Step.SAVE_KEYS):
        address = subject.keys.moved(seen, since=keys_since).save(
            subject.store, f"{subject.lookback_prefix}{subject.run_id}-{uuid.uuid4().hex}.parquet"
        )
    landing = Landing(
        files=reading.files,
        watermark=watermark,
        lookback_file=address,
        run_id=subject.run_id,
        properties=dict(properties or {}),
    )
    with step(Step.COMMIT):
        batch = commit(subject.raw, landing, store=subject.store)
    return Landed(reading=reading, batch=batch, watermark=watermark)
