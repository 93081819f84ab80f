"""Records leave the raw database: the log of their object, and the values that did not fit.

It holds the object as a run does, so no run reads it meanwhile, and moves the fence, so none that
seems dead can bring rows that it had read before.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import datetime
from uuid import uuid4

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import In
from pyiceberg.table import Table

from lakehouse_jobs.contract.raw_log import REJECTED_TABLE
from lakehouse_jobs.contract.runs import LOADS_PREFIX
from lakehouse_jobs.errors import LakehouseError
from lakehouse_jobs.extract.loads import Claim, TakenError
from lakehouse_jobs.extract.rejected_table import deliver
from lakehouse_jobs.raw.rejected_files import read_rejected_files
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable, read_state
from lakehouse_jobs.raw.takeover import shut_out
from lakehouse_tools.erasure import files, rows
from lakehouse_tools.erasure.model import Asked, Place
from lakehouse_tools.errors import ErasureError

Say = Callable[[str], None]


def require_erasable(catalog: Catalog, *, database: str, asked: Sequence[Asked]) -> None:
    """Refuse before anything is done what :func:`erase` could not do. Raises RequestError."""
    rejected = _rejected(catalog, database)
    tables = [catalog.load_table((database, one.table.name)) for one in asked]
    for table in [*tables, *([rejected] if rejected else [])]:
        rows.require_erasable(table)


def erase(
    catalog: Catalog,
    store: Store,
    *,
    database: str,
    asked: Sequence[Asked],
    clock: Callable[[], datetime],
    say: Say,
) -> list[Place]:
    """Erase the records from the tables of their objects and from the rejected values.

    ``clock``: the time by the bucket's own clock, UTC. Raises ErasureError where a run is
    reading one of the objects.
    """
    begun = clock()
    rejected = _rejected(catalog, database)
    if rejected is None and store.holds_any(f"{database}/{REJECTED_TABLE}/data/"):
        raise ErasureError(
            f"erase: the catalog has lost {database}.{REJECTED_TABLE}, whose files are there and"
            f" may hold values of the records: `lakehouse register {REJECTED_TABLE}`, then erase"
        )
    owner = f"lakehouse erase {uuid4().hex}"
    places: list[Place] = []
    with ExitStack() as claims:
        for one in asked:
            _claim(claims, store, one, owner)
        for one in asked:
            say(f"{database}.{one.table.name}: writing anew the files that hold rows of them")
            table = catalog.load_table((database, one.table.name))
            _settle(table, store, owner=owner, say=say)
            # What is older nobody can commit any more; a run that takes the claim over, should
            # this machine sleep, writes younger files.
            places.append(_without(table, one.ids, store, before=clock()))
        if rejected is not None:
            say(f"{database}.{REJECTED_TABLE}: writing anew the files that hold values of them")
            ids = [record for one in asked for record in one.ids]
            spare = _waiting(catalog, database)
            places.append(_without(rejected, ids, store, before=begun, spare=spare))
    return places


def _claim(claims: ExitStack, store: Store, one: Asked, owner: str) -> None:
    try:
        claims.enter_context(Claim(store=store, table=one.table.name, owner=owner))
    except TakenError as error:
        raise ErasureError(
            f"erase: {one.object} is being read by {error.owner}: wait until that has ended, then"
            " give the same command"
        ) from None


def _settle(table: Table, store: Store, *, owner: str, say: Say) -> None:
    """Nothing may wait to be committed: no load of a dead run, no file of rejected values."""
    state = RawTable(
        table=table,
        state=read_state(table),
        columns=(),
        changes=(),
        properties=dict(table.properties),
    )
    table = shut_out(state, owner=owner).table
    prefix = f"{LOADS_PREFIX}{table.name()[-1]}/"
    progress = [key for key in store.sizes(prefix) if "/" in key.removeprefix(prefix)]
    if progress:
        say(f"{table.name()[-1]}: an interrupted load is dropped; the next run starts it over")
        # The records of loads go last: without them nobody would look for the rest.
        store.delete_keys(sorted(progress, key=lambda key: key.endswith("/load.json")))
    waiting = read_rejected_files(table.properties)
    if waiting:
        found = deliver(table, waiting, store=store)
        if {*waiting} - {*found.done}:
            raise ErasureError(
                f"erase: {found.note or 'values that did not fit wait to be delivered'}: give the"
                " same command when that is put right"
            )


def _without(
    table: Table,
    ids: Collection[str],
    store: Store,
    *,
    before: datetime,
    spare: Collection[str] = (),
) -> Place:
    """Take the rows and all former files; what a second look finds."""
    try:
        table = rows.erase(table, ids, store=store)
        purged = files.purge(table, store, before=before, spare=spare)
    except LakehouseError as error:
        raise ErasureError(f"erase: {error}: then give the same command again") from error
    return proved(purged.table, ids, store, before=before, spare=spare, removed=purged.files)


def proved(
    table: Table,
    ids: Collection[str],
    store: Store,
    *,
    before: datetime,
    spare: Collection[str] = (),
    removed: int = 0,
) -> Place:
    """A table of raw, read again from the catalog on."""
    table = table.catalog.load_table(table.name())
    rows.require_erasable(table)
    # Its signature comes from a generic base class that pyright does not see through.
    wanted = In("id", tuple(ids))  # pyright: ignore[reportCallIssue]
    scan = table.scan(row_filter=wanted, selected_fields=("id",))
    return Place(
        database=table.name()[0],
        table=table.name()[-1],
        rows=scan.to_arrow().num_rows,
        snapshots=len(table.metadata.snapshots),
        former_files=len(files.former(table, store, before=before, spare=spare)),
        removed=removed,
    )


def _rejected(catalog: Catalog, database: str) -> Table | None:
    try:
        return catalog.load_table((database, REJECTED_TABLE))
    except NoSuchTableError:
        return None


def _waiting(catalog: Catalog, database: str) -> set[str]:
    """Files of rejected values that commits of any object named, and that are not added yet."""
    return {
        address
        for identifier in catalog.list_tables(database)
        for address in read_rejected_files(catalog.load_table(identifier).properties)
    }
