"""Files below a table that nothing refers to: left by runs that died, or by lost answers.

They are known only by their absence from all that the table refers to, and a commit under
way may name them any moment. So they are left alone until they are older than anything
that may still be under way: a load's progress is kept for 30 days.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from pyiceberg.table import Table

from lakehouse_jobs.raw.live import unreferred
from lakehouse_jobs.raw.store import Store

AGE: Final = timedelta(days=35)
EVERY: Final = timedelta(days=1)
# In one go: the rest is found by the next.
MOST: Final = 5_000


def orphans(
    table: Table, store: Store, *, now: datetime, data: bool, beside: Collection[str] = ()
) -> list[str]:
    """Addresses of old files that the table as it is now does not refer to.

    :param data: whether files in ``data/`` are looked at, too.
    :param beside: prefixes outside the table's location that hold files of its properties.
    """
    location = urlsplit(table.location()).path.lstrip("/")
    prefixes = [f"{location}/metadata/", *([f"{location}/data/"] if data else []), *beside]
    old = [
        address
        for prefix in prefixes
        for address in islice(store.older_than(now - AGE, prefix=prefix), 20 * MOST)
    ]
    known = metadata_files(table)
    suspects = [address for address in old if address not in known]
    return sorted(unreferred(table, suspects, data=data))[:MOST]


def metadata_files(table: Table) -> set[str]:
    """Addresses of what the table's metadata names itself; manifests and data are elsewhere."""
    metadata = table.metadata
    return {
        table.metadata_location,
        *(entry.metadata_file for entry in metadata.metadata_log),
        *(snapshot.manifest_list for snapshot in metadata.snapshots),
        *(file.statistics_path for file in metadata.statistics),
        *(file.statistics_path for file in metadata.partition_statistics),
        *table.properties.values(),
    }
