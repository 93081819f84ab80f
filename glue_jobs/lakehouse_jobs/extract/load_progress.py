"""The progress of one load, as the process that reads it keeps it.

Every finished page is written down as soon as its data file is uploaded, so that a run
that dies costs the pages it was reading and no more. ``load.json`` is only ever
replaced as it was last seen: of two processes that mean to go on with a load, or one
to go on and one to delete it, the first to write wins.
"""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from lakehouse_jobs import log
from lakehouse_jobs.contract.runs import LOADS_PREFIX
from lakehouse_jobs.errors import SupersededError
from lakehouse_jobs.extract.id_range import IdOrder
from lakehouse_jobs.extract.load_record import LoadRecord, PageRecord, fingerprint, state_of
from lakehouse_jobs.extract.lookback import KEY_SCHEMA, from_time
from lakehouse_jobs.extract.parts import Part, Reading
from lakehouse_jobs.extract.read_back import keys_in
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import Window, soql


def loads_prefix(subject: Subject) -> str:
    """Key below which an object's loads have a folder each, beside its claim."""
    return f"{LOADS_PREFIX}{subject.raw.name}/"


def record_key(subject: Subject, load_id: str) -> str:
    """Key of a load's record."""
    return f"{loads_prefix(subject)}{load_id}/load.json"


def page_key(subject: Subject, load_id: str, number: int) -> str:
    """Key of the record of a page."""
    return f"{loads_prefix(subject)}{load_id}/pages/{number:05d}.json"


def data_prefix(subject: Subject, load_id: str) -> str:
    """Key below which a load's data files lie: nothing else does."""
    return f"{subject.store.key_of(subject.raw.table.location())}/data/{load_id}/"


@dataclass(kw_only=True)
class Load:
    """A load that this process owns. Its methods may be called from several threads."""

    subject: Subject
    record: LoadRecord
    tag: str | None = None  # of load.json as written last; None: not yet
    pages: Mapping[int, PageRecord] = field(default_factory=dict)  # done by an earlier run
    resumed: bool = False  # whether an earlier run began it
    advanced: bool = False  # whether this process has finished a page of it
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def new(cls, subject: Subject, window: Window) -> "Load":
        """A load of this run. Nothing is written before there is something to find again."""
        record = LoadRecord(
            id=f"{subject.run_id}-{uuid.uuid4().hex[:12]}",
            owner=uuid.uuid4().hex,
            org_id=subject.org.org_id,
            api_version=subject.org.api_version,
            soql=soql(subject.object_name, subject.selection, window),
            columns=fingerprint(subject),
            window=window,
            state=state_of(subject),
        )
        return cls(subject=subject, record=record)

    @property
    def data_prefix(self) -> str:
        """Key below which its data files go."""
        return data_prefix(self.subject, self.record.id)

    def begin(self) -> None:
        """Make sure that others find the load; called before anything else of it is left."""
        with self._lock:
            if self.tag is None:
                self._write()

    def job_created(self, job_id: str) -> None:
        """Write the Bulk job down."""
        with step(Step.RECORD_JOB), self._lock:
            self.record = replace(self.record, job_id=job_id)
            self._write()

    def done(self, number: int, path: str) -> tuple[Part, str | None] | None:
        """A page that needs no reading, with its next locator; None if it does."""
        found = self.pages.get(number)
        if found is None or found.path != path:
            return None
        keys = [KEY_SCHEMA.empty_table()]
        order = IdOrder()
        if found.file:
            since = self.record.window.end - self.subject.lookback
            try:
                with step(Step.READ_PROGRESS):
                    for part in keys_in(self.subject.raw.table.io, found.file, rows=found.rows):
                        keys.append(from_time(part, since))
                        order.add(part)
            except OSError:
                return None
        part = replace(found.part, keys=pa.concat_tables(keys), ids=order.range)
        return part, found.next_locator

    def page_done(self, number: int, path: str, next_locator: str | None, part: Part) -> None:
        """Write a page down."""
        record = PageRecord(
            path=path,
            next_locator=next_locator,
            read=part.read,
            rows=part.rows,
            size=part.bytes,
            file=part.file,
            rejected=part.rejected,
        )
        with step(Step.RECORD_PAGE):
            key = page_key(self.subject, self.record.id, number)
            self.subject.store.write(key, record.to_bytes())
        self.advanced = True

    def finish(self, reading: Reading, *, spare_files: bool) -> None:
        """Forget the load once it has landed. Never raises: what remains, the next run removes.

        ``spare_files``: there are data files of this load that did not land.
        """
        if self.tag is None:
            return
        store = self.subject.store
        try:
            with step(Step.CLEAN_UP):
                if self.record.job_id:
                    self.subject.org.bulk.discard(self.record.job_id)
                if self.resumed or spare_files:
                    landed = {store.key_of(file) for file in reading.files}
                    store.delete_keys(store.sizes(self.data_prefix).keys() - landed)
                store.delete_keys(
                    page_key(self.subject, self.record.id, number)
                    for number in range(len(reading.parts))
                )
                store.delete_keys([record_key(self.subject, self.record.id)])
        except Exception as error:
            log.warn(f"load {self.record.id} landed, its progress stays: {log.told(error)}")

    def give_up(self) -> bool:
        """Mark the load as being deleted; False where another run has taken it over."""
        with self._lock:
            if self.tag is None:
                return False
            try:
                self.record = replace(self.record, dropped=True)
                self._write()
            except SupersededError:
                return False
        return True

    def _write(self) -> None:
        key = record_key(self.subject, self.record.id)
        self.tag = self.subject.store.swap(key, self.record.to_bytes(), tag=self.tag)
        if self.tag is None:
            raise SupersededError(
                f"another run took load {self.record.id} of {self.subject.object_name} over; "
                "this run stops and nothing is lost"
            )
