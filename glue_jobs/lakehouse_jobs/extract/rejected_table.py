"""The table of rejected values, ``_rejected``: each value lands there exactly once.

An outbox: the values are written to a file first, the commit that brings the rows names
the file in a property of the object's table, and only then the file is added to
``_rejected`` and its name is taken away. A run that finds names does what dead runs, or
runs that could not write ``_rejected``, left undone: until then each commit keeps the
names that it found. A value that is there already (a window's overlap, a resync) is
not written again.
"""

import io
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import ValidatableTableRequirement

from lakehouse_jobs import log
from lakehouse_jobs.contract.raw_log import REJECTED_TABLE, TableProperty
from lakehouse_jobs.errors import CommitFailedError
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.rejected_files import read_rejected_files, rejected_files_text
from lakehouse_jobs.raw.schema import RawColumn
from lakehouse_jobs.raw.side_table import SideTable, open_side_table
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable

COLUMNS: Final = (
    RawColumn(name="object", type="string", comment="API name of the object"),
    RawColumn(name="id", type="string", comment="Id of the record"),
    RawColumn(name="systemmodstamp", type="timestamptz", comment="Of the version it belongs to"),
    RawColumn(name="field", type="string", comment="API name of the field"),
    RawColumn(name="value", type="string", comment="As Salesforce sent it; hashed where it is"),
    RawColumn(name="reason", type="string", comment="Why the column could not hold it"),
    RawColumn(name="run_id", type="string", comment="Execution that read it"),
    RawColumn(name="batch", type="long", comment="Batch of the object's table it came with"),
    RawColumn(name="rejected_at", type="timestamptz", comment="The org's time when read"),
)
_OF_KEY: Final = ("id", "systemmodstamp", "field", "value")
_ATTEMPTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of files that were to be added."""

    done: tuple[str, ...]  # in the table, or gone for good: not to be named any longer
    note: str | None  # sentences for a person


def known(
    table: Table, *, store: Store, object_name: str, waiting: Sequence[str]
) -> frozenset[int]:
    """Keys of the values of an object that are in the table, or in files that wait to be."""
    keys: set[int] = set()
    for address in waiting:
        data = store.read(store.key_of(address))
        if data is not None:
            keys |= _keys(pq.read_table(io.BytesIO(data), columns=list(_OF_KEY)))
    try:
        side = table.catalog.load_table((table.name()[0], REJECTED_TABLE))
    except NoSuchTableError:
        return frozenset(keys)
    scan = side.scan(
        row_filter=EqualTo("object", object_name),  # pyright: ignore[reportCallIssue]
        selected_fields=_OF_KEY,
    )
    for batch in scan.to_arrow_batch_reader():
        keys |= _keys(batch)
    return frozenset(keys)


def _keys(rows: pa.Table | pa.RecordBatch) -> set[int]:
    return {
        Rejected(
            id=row["id"],
            stamp=iso(row["systemmodstamp"].astimezone(UTC)) if row["systemmodstamp"] else "",
            field=row["field"],
            value=row["value"],
            reason="",
        ).key
        for row in rows.to_pylist()
    }


def write(
    table: Table,
    values: Sequence[Rejected],
    *,
    store: Store,
    object_name: str,
    run_id: str,
    batch: int,
    now: datetime,
) -> str:
    """Write values to a file of their own; the address for the commit of the rows."""
    rows = [
        {
            "object": object_name,
            "id": value.id,
            "systemmodstamp": datetime.fromisoformat(value.stamp) if value.stamp else None,
            "field": value.field,
            "value": value.value,
            "reason": value.reason,
            "run_id": run_id,
            "batch": batch,
            "rejected_at": now,
        }
        for value in {v.key: v for v in values}.values()
    ]
    name = f"{table.name()[-1]}-{run_id}-{uuid.uuid4().hex}"
    return _opened(table, store).write(store, name, rows)


def settle(raw: RawTable, *, store: Store) -> tuple[RawTable, str | None]:
    """Deliver what earlier runs left; the table without it, and sentences for a person."""
    waiting = raw.state.rejected_files
    if not waiting:
        return raw, None
    found = deliver(raw.table, waiting, store=store)
    left = tuple(address for address in waiting if address not in found.done)
    return replace(raw, state=replace(raw.state, rejected_files=left)), found.note


def deliver(table: Table, addresses: Sequence[str], *, store: Store) -> Delivery:
    """Add files that commits of ``table`` named, and take their names away.

    Never raises: the rows have landed, and whatever is not added stays named.
    """
    done: list[str] = []
    notes: list[str] = []
    try:
        side = _opened(table, store)
        for address in addresses:
            try:
                side.append(address)
            except CommitFailedError as error:
                if not _gone(address, error, store):
                    raise
                notes.append(
                    f"{address} with values that did not fit does not exist any more and is named "
                    "no longer; run the object with mode full to read them again"
                )
                log.warn(notes[-1])
            done.append(address)
    except Exception as error:
        left = [address for address in addresses if address not in done]
        cause = error.__cause__ or error
        why = log.told(cause) or "no more is known"
        files = left[0] if len(left) == 1 else f"{len(left)} files, the oldest {left[0]}"
        notes.append(
            f"values that did not fit wait in {files}, as {REJECTED_TABLE} could not be written "
            f"({type(cause).__name__}: {why}); the next run of this object adds them: where it "
            f"says this again, let the job's role write {REJECTED_TABLE}"
        )
    # Where it fails, the next run finds them in the table and takes the names away.
    with suppress(Exception):
        _forget(table, done)
    return Delivery(done=tuple(done), note="; ".join(notes) or None)


def _gone(address: str, error: CommitFailedError, store: Store) -> bool:
    """Whether it is this file that is missing, not one of the table that a rewrite took away."""
    missing = isinstance(error.__cause__, FileNotFoundError)
    return missing and store.tag_of(store.key_of(address)) is None


class _Named(ValidatableTableRequirement):
    """The property is as it was read."""

    type: str = "assert-lakehouse-rejected-file"
    text: str

    def validate(self, base_metadata: TableMetadata | None) -> None:
        """Raise CommitFailedException where another run named or delivered a file since."""
        found = base_metadata.properties if base_metadata else {}
        if found.get(TableProperty.REJECTED_FILE) != self.text:
            raise CommitFailedException("the files of rejected values changed meanwhile")


def _forget(table: Table, done: Collection[str]) -> None:
    """Take exactly these names away, whatever else is named meanwhile."""
    for _ in range(_ATTEMPTS):
        fresh = table.catalog.load_table(table.name())
        named = read_rejected_files(fresh.properties)
        left = [address for address in named if address not in done]
        if len(left) == len(named):
            return
        text = fresh.properties[TableProperty.REJECTED_FILE]
        with suppress(CommitFailedException), fresh.transaction() as transaction:
            # As in raw.fence: the union of requirements is closed for REST catalogs only.
            transaction._stage((), (_Named(text=text),))  # pyright: ignore[reportArgumentType]
            transaction.set_properties({TableProperty.REJECTED_FILE: rejected_files_text(left)})


def _opened(table: Table, store: Store) -> SideTable:
    return open_side_table(
        table.catalog,
        database=table.name()[0],
        bucket=store.bucket,
        name=REJECTED_TABLE,
        columns=COLUMNS,
    )
