"""The end of every read: keys for the next lookback window, then the one commit."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.errors import CommitFailedError, TooManyRejectedError
from lakehouse_jobs.extract.parts import Reading
from lakehouse_jobs.extract.rejected_table import deliver, write
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.commit import Landing, commit
from lakehouse_jobs.raw.rejected_files import rejected_files_text


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What an extraction left in the table."""

    reading: Reading
    batch: int
    watermark: datetime | None
    tombstones: int = 0
    rejected: int = 0  # values that did not fit
    notes: tuple[str, ...] = field(default=())  # sentences for a person
    resumed: bool = False  # whether an earlier run began the load
    filled: tuple[str, ...] = ()  # columns that older versions lacked until now


def land(
    subject: Subject,
    reading: Reading,
    *,
    watermark: datetime,
    keys_since: datetime,
    properties: Mapping[str, str] | None = None,
    keep_files: bool = False,
) -> Landed:
    """Commit what was read. Raises what :func:`lakehouse_jobs.raw.commit.commit` raises.

    ``keep_files``: the data files of a commit that fails are the caller's to delete.
    """
    named = dict(properties or {})
    with step(Step.SAVE_REJECTED):
        rejected = _rejected(subject, reading, keep_files=keep_files)
    if rejected:
        waiting = (*subject.raw.state.rejected_files, rejected)
        named[TableProperty.REJECTED_FILE] = rejected_files_text(waiting)
    seen = [p.keys for p in reading.parts if p.keys is not None]
    key = f"{subject.lookback_prefix}{subject.run_id}-{uuid.uuid4().hex}.parquet"
    try:
        with step(Step.SAVE_KEYS):
            address = subject.keys.moved(seen, since=keys_since).save(subject.store, key)
    except Exception:
        subject.store.discard([subject.store.address(key), *([rejected] if rejected else [])])
        raise
    landing = Landing(
        files=reading.files,
        footers=reading.footers,
        watermark=watermark,
        lookback_file=address,
        run_id=subject.run_id,
        properties=named,
        keep_files=keep_files,
    )
    try:
        with step(Step.COMMIT):
            batch = commit(subject.raw, landing, store=subject.store)
    except CommitFailedError:
        subject.store.discard([rejected] if rejected else [])
        raise
    notes = [subject.tally.sentence]
    if rejected:
        with step(Step.SAVE_REJECTED):
            # What waited before was tried when the run began.
            notes.append(deliver(subject.raw.table, [rejected], store=subject.store).note)
    return Landed(
        reading=reading,
        batch=batch,
        watermark=watermark,
        rejected=subject.tally.count,
        notes=tuple(filter(None, notes)),
    )


def _rejected(subject: Subject, reading: Reading, *, keep_files: bool) -> str | None:
    """The file of values that did not fit; none is written where there are none."""
    try:
        values = subject.tally.new(reading.rejected)
    except TooManyRejectedError:
        if not keep_files:
            subject.store.discard(reading.files)
        raise
    if not values:
        return None
    return write(
        subject.raw.table,
        values,
        store=subject.store,
        object_name=subject.object_name,
        run_id=subject.run_id,
        batch=subject.raw.state.batch + bool(reading.files),
        now=subject.now,
    )
