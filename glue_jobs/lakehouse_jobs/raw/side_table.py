"""Tables of the raw database that hold no object: rows are only added, a file at a time.

Nothing fences them, as any number of runs add to them side by side. A file lands once
however often it is sent: each of its rows names it in ``_file``, and every commit lands
only on the snapshot in which the file was looked for. So it is found when a rewrite has
moved the rows to another file since (:mod:`lakehouse_jobs.raw.maintenance`).
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import hashlib
import io
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table

from lakehouse_jobs.errors import CommitFailedError
from lakehouse_jobs.raw.create import load_or_create
from lakehouse_jobs.raw.fence import MovedError, pin_snapshots
from lakehouse_jobs.raw.maintenance.upkeep import due, maintain
from lakehouse_jobs.raw.schema import (
    RawColumn,
    arrow_schema,
    evolution,
    iceberg_type,
    new_schema,
)
from lakehouse_jobs.raw.store import Store

FILE_COLUMN: Final = RawColumn(
    name="_file", type="string", comment="The file that the row came with, by the hash of its name"
)
# Appends that meet each other try again; each try looks at the table anew.
ATTEMPTS: Final = 30
_LONGEST_WAIT: Final = 5.0  # seconds


@dataclass(frozen=True, kw_only=True)
class SideTable:
    """An append-only table. ``columns`` pairs the wanted names with the table's own."""

    table: Table
    columns: tuple[tuple[str, RawColumn], ...]
    sleep: Callable[[float], None] = time.sleep

    def write(self, store: Store, key: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """Write rows to a data file; its address. They are in the table once it is appended.

        ``key`` names the file below the table's location: what has been appended under it
        must not be written again. Values are Python's own, times with a zone; a column that
        a row lacks is null. Raises ValueError without rows, or for a name that is no column.
        """
        if not rows:
            raise ValueError(f"{key}: no rows to write")
        unknown = {name for row in rows for name in row} - {name for name, _ in self.columns}
        if unknown:
            raise ValueError(f"{'.'.join(self.table.name())} has no columns {sorted(unknown)}")
        location = f"{store.key_of(self.table.location())}/data/{key}.parquet"
        schema = arrow_schema(self.table.schema(), [*(c for _, c in self.columns), FILE_COLUMN])
        name = pa.repeat(pa.scalar(_hash(store.address(location))), len(rows))
        arrays = [
            pa.array([row.get(wanted) for row in rows], column.arrow)
            for wanted, column in self.columns
        ]
        sink = io.BytesIO()
        table = pa.Table.from_arrays([*arrays, name], schema=schema)
        pq.write_table(table, sink, compression="zstd", store_schema=False)
        return store.write(location, sink.getvalue())

    def append(self, *addresses: str) -> None:
        """Bring written files into the table, each of them once, in one commit.

        May be repeated after any failure and by any process. Raises CommitFailedError: then
        the files are kept, and the same call again is right.
        """
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                longest = min(_LONGEST_WAIT, 0.05 * 2**attempt)
                self.sleep(longest * random.uniform(0.5, 1))  # noqa: S311 - jitter
            try:
                # Not refresh(): threads may share this object.
                table = self.table.catalog.load_table(self.table.name())
                wanted = [a for a in dict.fromkeys(addresses) if not _holds(table, a)]
                if wanted:
                    _add(table, wanted)
                _keep_young(table)
            except (MovedError, CommitFailedException) as error:
                failure = error
            except FileNotFoundError as error:
                raise CommitFailedError(
                    f"{'.'.join(self.table.name())}: a file to add is neither in the table nor in "
                    f"the bucket ({error}); what it held is lost unless it is written again"
                ) from error
            except (BotoCoreError, ClientError, OSError) as error:
                # The commit may have landed: the next attempt looks for the files first.
                failure = error
            else:
                return
        raise CommitFailedError(
            f"{'.'.join(self.table.name())}: {ATTEMPTS} attempts to add {', '.join(addresses)} "
            f"failed, the last with: {failure}; the files are kept, and the next run adds them"
        ) from failure


def open_side_table(
    catalog: Catalog,
    *,
    database: str,
    bucket: str,
    name: str,
    columns: Sequence[RawColumn],
) -> SideTable:
    """The table with room for the columns; made where there is none."""
    wanted = [*columns, FILE_COLUMN]
    table = load_or_create(
        catalog, (database, name), bucket=bucket, schema=lambda: new_schema(wanted), properties={}
    )
    for _ in range(ATTEMPTS):
        plan = evolution(table.schema(), wanted)
        try:
            if plan.added:
                with table.update_schema() as update:
                    for column in plan.added:
                        update.add_column((column.name,), iceberg_type(column), doc=column.comment)
        except CommitFailedException:
            table = catalog.load_table((database, name))
            continue
        names = zip((c.name for c in columns), plan.columns, strict=False)
        return SideTable(table=table, columns=tuple(names))
    raise CommitFailedError(
        f"{database}.{name}: others changed the schema {ATTEMPTS} times while new columns were "
        "added; the next run adds them"
    )


def _add(table: Table, addresses: list[str]) -> None:
    with table.transaction() as transaction:
        pin_snapshots(transaction)
        transaction.add_files(addresses, check_duplicate_files=False)


def _keep_young(table: Table) -> None:
    if due(table, now=datetime.now(UTC)):
        # Files that nothing refers to may wait here to be appended.
        maintain(table, Store(urlsplit(table.location()).netloc), data=False)


def _holds(table: Table, address: str) -> bool:
    """Whether a file's rows are in the table, be it in the file itself or in another one."""
    scan = table.scan(
        row_filter=EqualTo(FILE_COLUMN.name, _hash(address)),  # pyright: ignore[reportCallIssue]
        selected_fields=(FILE_COLUMN.name,),
    )
    # Statistics rule out every file but itself, and those that rows of many were moved to.
    files = [task.file.file_path for task in scan.plan_files()]
    return address in files or (bool(files) and scan.to_arrow().num_rows > 0)


def _hash(address: str) -> str:
    """As long as Iceberg's bounds of a text are exact."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]
