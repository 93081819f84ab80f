"""All of a table's upkeep, a look at what is due first."""

from collections.abc import Collection
from datetime import UTC, datetime

from pyiceberg.table import Table

from lakehouse_jobs import log
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.raw.maintenance import expiry
from lakehouse_jobs.raw.maintenance.garbage import files_of
from lakehouse_jobs.raw.maintenance.orphans import EVERY, orphans
from lakehouse_jobs.raw.maintenance.rewrite import rewrite
from lakehouse_jobs.raw.maintenance.small_files import chosen, live_files, may_be_due
from lakehouse_jobs.raw.store import Store


def maintain(
    table: Table,
    store: Store,
    *,
    data: bool = True,
    beside: Collection[str] = (),
    now: datetime | None = None,
) -> str | None:
    """Do what is due for a table that was just committed to; None, or a sentence on what failed.

    Never raises. ``table`` may be older than the commit: it is loaded anew before any work.

    :param data: whether files in ``data/`` that nothing refers to may be deleted.
    :param beside: prefixes outside the table's location that hold files of its properties.
    """
    moment = now or datetime.now(UTC)
    if not due(table, now=moment):
        return None
    try:
        if expiry.is_due(table.metadata, now=moment):
            _expire(_fresh(table), store, data=data, beside=beside, now=moment)
        if may_be_due(table):
            _merge(_fresh(table), store)
    except Exception as error:
        message = (
            f"the upkeep of {'.'.join(table.name())} stopped ({type(error).__name__}: "
            f"{log.told(error) or 'no more is known'}); its rows are not touched by that, and "
            "the upkeep goes on after a later commit"
        )
        log.warn(message)
        return message
    return None


def due(table: Table, *, now: datetime) -> bool:
    """Whether there may be anything to do, told from the metadata at hand."""
    return expiry.is_due(table.metadata, now=now) or may_be_due(table)


def _expire(
    table: Table, store: Store, *, data: bool, beside: Collection[str], now: datetime
) -> None:
    for _ in range(expiry.PORTIONS):
        if not expiry.is_due(table.metadata, now=now):
            return  # another run was first, or this one is done
        found = expiry.expirable(table.metadata, now=now)
        portion = found[: expiry.PORTION]
        # The search reads all snapshots, so it waits until they are few.
        sweep = len(portion) == len(found) and _sweep_is_due(table, now=now)
        garbage = files_of(table, portion)
        properties = {TableProperty.SWEPT.value: now.isoformat()} if sweep else {}
        if not expiry.expire(table, portion, properties=properties):
            return
        table = _fresh(table)
        store.delete_keys(sorted(map(store.key_of, garbage.certain(table))))
        if sweep:
            lost = orphans(table, store, now=now, data=data, beside=beside)
            store.delete_keys(map(store.key_of, lost))


def _sweep_is_due(table: Table, *, now: datetime) -> bool:
    swept = table.properties.get(TableProperty.SWEPT)
    return swept is None or now - datetime.fromisoformat(swept) >= EVERY


def _merge(table: Table, store: Store) -> None:
    files = chosen(live_files(table))
    if files:
        rewrite(table, files, store=store)


def _fresh(table: Table) -> Table:
    return table.catalog.load_table(table.name())
