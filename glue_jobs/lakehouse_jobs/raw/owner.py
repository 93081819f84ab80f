"""Whose rows the raw database holds: one marker for all of its tables.

A table's own org id tells nothing of objects that have no table yet. The marker is
written once, by the first run, and only where there is none.
"""

import json
from collections.abc import Iterable

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from lakehouse_jobs.contract.raw_log import TableProperty, table_name
from lakehouse_jobs.errors import RawTableError, WrongOrgError
from lakehouse_jobs.raw.store import Store


def owner_key(database: str) -> str:
    """Key of the marker, ``{"org_id": …}``."""
    return f"{database}/_org.json"


def check_owner(
    catalog: Catalog, store: Store, *, database: str, org_id: str, objects: Iterable[str]
) -> None:
    """Refuse a database of another org; mark one that has no marker yet.

    Lakes older than the marker are told by the first of the objects' tables that there
    is. Raises WrongOrgError, or RawTableError for a marker that cannot be read.
    """
    key = owner_key(database)
    data = store.read(key)
    if data is None:
        found = _owner_of_tables(catalog, database, objects)
        _compare(database, found or org_id, org_id)
        if store.claim(key, json.dumps({"org_id": org_id}).encode(), replacing=None):
            return
        data = store.read(key)  # another run was first
    _compare(database, _owner_in(data, store.address(key)), org_id)


def wrong_org(name: str, *, found: str | None, org_id: str) -> WrongOrgError:
    """The error about a table or a database of another org."""
    return WrongOrgError(
        f"{name} holds rows of org {found or '(none named)'}, but these credentials are for "
        f"org {org_id}; use the right credentials, or another environment for this org"
    )


def _compare(database: str, found: str, org_id: str) -> None:
    if found != org_id:
        raise wrong_org(f"database {database}", found=found, org_id=org_id)


def _owner_of_tables(catalog: Catalog, database: str, objects: Iterable[str]) -> str | None:
    for name in objects:
        try:
            table = catalog.load_table((database, table_name(name)))
        except NoSuchTableError:
            continue
        if found := table.properties.get(TableProperty.ORG_ID):
            return found
    return None


def _owner_in(data: bytes | None, address: str) -> str:
    try:
        found = json.loads(data or b"")["org_id"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str) or not found:
        raise RawTableError(
            f"{address} does not say whose rows the database holds; delete it, and the next run "
            "writes it again after a look at the tables"
        )
    return found
