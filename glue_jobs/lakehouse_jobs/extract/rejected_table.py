"""The table of rejected values, ``_rejected``: each value lands there exactly once.

An outbox: the values are written to a file first, the commit that brings the rows names
the file in a property of the object's table, and only then the file is added to
``_rejected`` and the property is taken away. A run that finds the property does what a
dead run left undone. A value that is there already (a window's overlap, a resync) is
not written again.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import ValidatableTableRequirement

from lakehouse_jobs.contract.raw_log import REJECTED_TABLE, TableProperty
from lakehouse_jobs.errors import CommitFailedError
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.schema import RawColumn
from lakehouse_jobs.raw.side_table import SideTable, open_side_table
from lakehouse_jobs.raw.store import Store

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


def known(catalog: Catalog, *, database: str, object_name: str) -> frozenset[int]:
    """Keys of the values of an object that are in the table."""
    try:
        table = catalog.load_table((database, REJECTED_TABLE))
    except NoSuchTableError:
        return frozenset()
    keys: set[int] = set()
    scan = table.scan(
        row_filter=EqualTo("object", object_name),  # pyright: ignore[reportCallIssue]
        selected_fields=("id", "systemmodstamp", "field", "value"),
    )
    for batch in scan.to_arrow_batch_reader():
        for row in batch.to_pylist():
            stamp = row["systemmodstamp"]
            keys.add(
                Rejected(
                    id=row["id"],
                    stamp=iso(stamp.astimezone(UTC)) if stamp else "",
                    field=row["field"],
                    value=row["value"],
                    reason="",
                ).key
            )
    return frozenset(keys)


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


def deliver(table: Table, address: str, *, store: Store) -> str | None:
    """Add the file that a commit of ``table`` named, and forget it; a sentence if it must wait."""
    try:
        _opened(table, store).append(address)
        _forget(table, address)
    except (CommitFailedError, CommitFailedException, BotoCoreError, ClientError, OSError) as error:
        return (
            f"values that did not fit wait in {address}, as {REJECTED_TABLE} could not be "
            f"written ({type(error).__name__}); the next run of this object adds them"
        )
    return None


class _Named(ValidatableTableRequirement):
    """The property still names this file."""

    type: str = "assert-lakehouse-rejected-file"
    address: str

    def validate(self, base_metadata: TableMetadata | None) -> None:
        """Raise CommitFailedException where another run has done it."""
        found = base_metadata.properties if base_metadata else {}
        if found.get(TableProperty.REJECTED_FILE) != self.address:
            raise CommitFailedException(f"{self.address} is not named any more")


def _forget(table: Table, address: str) -> None:
    fresh = table.catalog.load_table(table.name())
    if fresh.properties.get(TableProperty.REJECTED_FILE) != address:
        return
    # Where another run is quicker it has done the same, or named the next file.
    with suppress(CommitFailedException), fresh.transaction() as transaction:
        # As in raw.fence: the union of requirements is closed for REST catalogs only.
        transaction._stage((), (_Named(address=address),))  # pyright: ignore[reportArgumentType]
        transaction.set_properties({TableProperty.REJECTED_FILE: ""})


def _opened(table: Table, store: Store) -> SideTable:
    return open_side_table(
        table.catalog,
        database=table.name()[0],
        bucket=store.bucket,
        name=REJECTED_TABLE,
        columns=COLUMNS,
    )
