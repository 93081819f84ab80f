"""Loads that earlier runs left behind: go on with one, remove the others.

A run that seems dead may only be slow. Before its files are reused or deleted the
table's fence is moved, so that it cannot make them live any more.
"""

import uuid
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import NoSuchTableError

from lakehouse_jobs import log
from lakehouse_jobs.errors import SupersededError
from lakehouse_jobs.extract.load_progress import (
    Load,
    data_prefix,
    loads_prefix,
    page_key,
    record_key,
)
from lakehouse_jobs.extract.load_record import LoadRecord, PageRecord, fingerprint, state_of
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import soql
from lakehouse_jobs.raw.live import unreferred
from lakehouse_jobs.raw.takeover import shut_out


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """What lies under ``loads/`` of one load."""

    id: str
    pages: int  # records of pages, good or not
    record: LoadRecord | None  # None: it cannot be read
    tag: str | None


def settle(subject: Subject) -> tuple[Subject, Load | None]:
    """The load to go on with, if any; all others are removed.

    The subject that comes back is to be used from then on. Raises SupersededError where
    the owner of a load turns out to be alive.
    """
    with step(Step.READ_PROGRESS):
        found = _found(subject)
        if not found:
            return subject, None
        subject = replace(subject, raw=shut_out(subject.raw, owner=uuid.uuid4().hex))
        _forget_keys(subject)
        usable = [load for load in found if _usable(load.record, subject)]
        best = max(usable, key=lambda load: load.pages, default=None)
        taken = _taken(best, subject) if best else None
    for load in found:
        if taken is None or load.id != taken.record.id:
            remove(subject, load.id, load.record)
    return subject, taken


def drop(load: Load) -> None:
    """Delete a load of this process that cannot go on; after a failure, so it never raises."""
    if not load.give_up():
        return
    try:
        remove(load.subject, load.record.id, load.record)
    except (BotoCoreError, ClientError, OSError, NoSuchTableError) as error:
        log.warn(f"load {load.record.id} is left to the next run to remove: {log.told(error)}")


def remove(subject: Subject, load_id: str, record: LoadRecord | None) -> None:
    """Delete a load that nobody can land any more: all of it but what has landed."""
    store = subject.store
    with step(Step.DROP_LOAD):
        if record is not None and record.job_id:
            subject.org.bulk.discard(record.job_id)
        files = store.sizes(data_prefix(subject, load_id)).keys()
        if files:
            table = subject.raw.table.catalog.load_table(subject.raw.table.name())
            left = unreferred(table, map(store.address, files), data=True)
            store.delete_keys(map(store.key_of, left))
        own = f"{loads_prefix(subject)}{load_id}/"
        last = record_key(subject, load_id)
        # The record goes last: without it nobody would look for the rest.
        store.delete_keys(key for key in store.sizes(own) if key != last)
        store.delete_keys([last])


def _forget_keys(subject: Subject) -> None:
    """Delete files of keys that no commit names: with the fence moved, none ever will."""
    live = subject.raw.state.lookback_file
    found = subject.store.sizes(subject.lookback_prefix)
    subject.store.delete_keys(key for key in found if subject.store.address(key) != live)


def _found(subject: Subject) -> list[Leftover]:
    prefix = loads_prefix(subject)
    parts = [key.removeprefix(prefix).split("/") for key in subject.store.sizes(prefix)]
    folders = [p[0] for p in parts if len(p) > 1]
    return [_read(subject, name, folders.count(name)) for name in dict.fromkeys(folders)]


def _read(subject: Subject, load_id: str, keys: int) -> Leftover:
    found = subject.store.read_tagged(record_key(subject, load_id))
    if found is None:
        return Leftover(id=load_id, pages=keys, record=None, tag=None)
    record = LoadRecord.from_bytes(found[0])
    if record is not None and record.id != load_id:
        record = None
    return Leftover(id=load_id, pages=keys - 1, record=record, tag=found[1])


def _usable(record: LoadRecord | None, subject: Subject) -> bool:
    """Whether this run would read the same, on the same state of the table."""
    return (
        record is not None
        and not record.dropped
        and record.job_id is not None
        and record.state == state_of(subject)
        and record.org_id == subject.org.org_id
        and record.api_version == subject.org.api_version
        and record.columns == fingerprint(subject)
        and record.soql == soql(subject.object_name, subject.selection, record.window)
    )


def _taken(found: Leftover, subject: Subject) -> Load | None:
    """The load as this process's own, with the pages whose files are there."""
    if found.record is None:
        return None
    owned = replace(found.record, owner=uuid.uuid4().hex)
    store = subject.store
    tag = store.swap(record_key(subject, found.id), owned.to_bytes(), tag=found.tag)
    if tag is None:
        raise SupersededError(
            f"another run is taking load {found.id} of {subject.object_name} over; "
            "this run stops and nothing is lost"
        )
    files = store.sizes(data_prefix(subject, found.id))
    pages = _pages(subject, found.id, files)
    named = {store.key_of(page.file) for page in pages.values() if page.file}
    store.delete_keys(files.keys() - named)
    return Load(subject=subject, record=owned, tag=tag, pages=pages, resumed=True)


def _pages(subject: Subject, load_id: str, files: dict[str, int]) -> dict[int, PageRecord]:
    """Records of pages by number, good ones whose file is whole."""
    pages: dict[int, PageRecord] = {}
    prefix = f"{loads_prefix(subject)}{load_id}/pages/"
    for key in subject.store.sizes(prefix):
        name = key.removeprefix(prefix).removesuffix(".json")
        data = subject.store.read(key) if name.isdecimal() else None
        record = PageRecord.from_bytes(data) if data else None
        if record is None or key != page_key(subject, load_id, int(name)):
            continue
        if record.file is None or _has(subject, files, record):
            pages[int(name)] = record
    return pages


def _has(subject: Subject, files: dict[str, int], record: PageRecord) -> bool:
    try:
        return files.get(subject.store.key_of(record.file or "")) == record.size
    except ValueError:  # another bucket
        return False
