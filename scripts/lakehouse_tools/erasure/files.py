"""Files of a table from before an erasure: none may stay in the bucket.

All snapshots but the current one go, then every file below the table that nothing refers to, as
runs that died and rewrites that lost leave some. Metadata files stay: they hold names and counts,
and no value of a row.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pyiceberg.table import Table

from lakehouse_jobs.raw.live import unreferred
from lakehouse_jobs.raw.maintenance.expiry import expire
from lakehouse_jobs.raw.maintenance.garbage import files_of
from lakehouse_jobs.raw.maintenance.orphans import metadata_files
from lakehouse_jobs.raw.store import Store
from lakehouse_tools.errors import ErasureError

ATTEMPTS: Final = 20  # times that other commits may come first
_METADATA: Final = ".metadata.json"


@dataclass(frozen=True, kw_only=True)
class Purged:
    """A table without its past."""

    table: Table
    files: int  # that were deleted


def purge(table: Table, store: Store, *, before: datetime, spare: Collection[str] = ()) -> Purged:
    """Expire all snapshots but the current one and delete what nothing refers to.

    :param before: only what was written before it: what is younger may belong to a commit under
        way, and was written without the records.
    :param spare: addresses that something outside the table refers to.

    Raises ErasureError where other commits came first too often.
    """
    table = table.catalog.load_table(table.name())
    deleted = 0
    for _ in range(ATTEMPTS):
        heads = {ref.snapshot_id for ref in table.metadata.refs.values()}
        old = [s for s in table.metadata.snapshots if s.snapshot_id not in heads]
        if not old:
            break
        garbage = files_of(table, old)
        # Upkeep's own properties are for whoever keeps the table.
        landed = expire(table, old, properties={}, defaults={})
        table = table.catalog.load_table(table.name())
        if landed:
            deleted += _delete(garbage.certain(table), store)
    else:
        raise crowded(table)
    deleted += _delete(former(table, store, before=before, spare=spare), store)
    return Purged(table=table, files=deleted)


def former(
    table: Table, store: Store, *, before: datetime, spare: Collection[str] = ()
) -> set[str]:
    """Addresses of files below a table that nothing refers to, as for :func:`purge`."""
    suspects = older(table, store, before=before) - {*spare}
    # Looked up after the files were listed: a commit in between may have named one of them.
    table = table.catalog.load_table(table.name())
    suspects -= metadata_files(table)
    return unreferred(table, suspects, data=True) if suspects else set()


def older(table: Table, store: Store, *, before: datetime) -> set[str]:
    """Addresses of files below a table that are older, whether something refers to them or not."""
    prefix = f"{store.key_of(table.location())}/"
    return {
        address
        for address in store.older_than(before, prefix=prefix)
        if not address.endswith((_METADATA, "/"))
    }


def crowded(table: Table) -> ErasureError:
    """What to raise where other commits came first so often."""
    return ErasureError(
        f"erase: {'.'.join(table.name())}: other commits came first {ATTEMPTS} times: give the"
        " same command when fewer runs are under way"
    )


def _delete(addresses: Collection[str], store: Store) -> int:
    store.delete_keys(sorted(map(store.key_of, addresses)))
    return len(addresses)
