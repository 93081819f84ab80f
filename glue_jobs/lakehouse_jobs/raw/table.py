"""A raw table: opened or made, guarded, evolved, and its state as the last run left it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import Table

from lakehouse_jobs.contract.raw_log import FORMAT_VERSION, TableProperty, table_name
from lakehouse_jobs.errors import CommitFailedError, NewerFormatError, SupersededError
from lakehouse_jobs.raw.create import load_or_create
from lakehouse_jobs.raw.fence import put_fence
from lakehouse_jobs.raw.gone import refuse_known
from lakehouse_jobs.raw.owner import wrong_org
from lakehouse_jobs.raw.rejected_files import read_rejected_files
from lakehouse_jobs.raw.schema import (
    SYSTEM_COLUMNS,
    Evolution,
    RawColumn,
    evolution,
    iceberg_type,
    new_schema,
)
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.unfilled import marked, read_unfilled, unfilled_text

_SCHEMA_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class State:
    """What the last commit says. The watermark is UTC; batch 0 holds no rows."""

    watermark: datetime | None
    batch: int
    run_id: str | None
    lookback_file: str | None
    rejected_files: tuple[str, ...] = ()  # what earlier runs left to be added to _rejected
    # Columns that rows in the table lack, until a resync fills them: records, None: not counted.
    unfilled: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A table that is safe to write to. ``columns`` are the wanted ones under their names."""

    table: Table
    state: State
    columns: tuple[RawColumn, ...]
    changes: tuple[str, ...]
    properties: dict[str, str]  # as they were when the state was read: what the fence compares

    @property
    def name(self) -> str:
        """The table's name without its database."""
        return self.table.name()[-1]


def find_table(catalog: Catalog, *, database: str, object_name: str) -> Table | None:
    """The table of an object, or None where it has none yet."""
    try:
        return catalog.load_table((database, table_name(object_name)))
    except NoSuchTableError:
        return None


def open_table(
    catalog: Catalog,
    *,
    database: str,
    store: Store,
    object_name: str,
    org_id: str,
    wanted: Sequence[RawColumn],
    built: Callable[[], Mapping[str, int]],
) -> RawTable:
    """The table of an object with room for the wanted columns; made where there was none ever.

    ``built``: up to which batch builds have read each raw table; asked only where there is
    no table. Raises TableGoneError, WrongOrgError or NewerFormatError before anything is written.
    """
    identifier = (database, table_name(object_name))
    table = load_or_create(
        catalog,
        identifier,
        bucket=store.bucket,
        schema=lambda: new_schema([*wanted, *SYSTEM_COLUMNS]),
        properties={
            TableProperty.OBJECT: object_name,
            TableProperty.ORG_ID: org_id,
            TableProperty.FORMAT_VERSION: str(FORMAT_VERSION),
            TableProperty.BATCH: "0",
        },
        before_making=lambda: refuse_known(
            identifier, store=store, object_name=object_name, built=built()
        ),
    )
    changes: dict[str, None] = {}  # of a plan whose answer was lost, too
    for _ in range(_SCHEMA_ATTEMPTS):
        guard(table, org_id=org_id)
        plan = evolution(table.schema(), wanted)
        changes |= dict.fromkeys(plan.changes)
        try:
            if plan.added or plan.commented:
                _evolve(table, plan)
        except (CommitFailedException, SupersededError):
            table = catalog.load_table(identifier)
            continue
        return RawTable(
            table=table,
            state=read_state(table),
            columns=plan.columns,
            changes=tuple(changes),
            properties=dict(table.properties),
        )
    raise CommitFailedError(
        f"{'.'.join(identifier)}: others changed the schema {_SCHEMA_ATTEMPTS} times while new "
        "columns were added; run this object again"
    )


def reopened(raw: RawTable, *, org_id: str) -> RawTable:
    """A table as it is by now, with the columns that it was opened with.

    Raises WrongOrgError or NewerFormatError.
    """
    table = raw.table.catalog.load_table(raw.table.name())
    guard(table, org_id=org_id)
    return replace(raw, table=table, state=read_state(table), properties=dict(table.properties))


def guard(table: Table, *, org_id: str) -> None:
    """Refuse a table of another org or of a newer program."""
    name = ".".join(table.name())
    found = table.properties.get(TableProperty.ORG_ID)
    if found != org_id:
        raise wrong_org(name, found=found, org_id=org_id)
    version = table.properties.get(TableProperty.FORMAT_VERSION, "0")
    if not version.isdecimal() or int(version) > FORMAT_VERSION:
        raise NewerFormatError(
            f"{name} has format {version}, this job writes format {FORMAT_VERSION}; "
            "deploy the newer version again"
        )


def read_state(table: Table) -> State:
    """The state in a table's properties."""
    properties = table.properties
    watermark = properties.get(TableProperty.WATERMARK)
    return State(
        watermark=datetime.fromisoformat(watermark).astimezone(UTC) if watermark else None,
        batch=int(properties.get(TableProperty.BATCH, "0")),
        run_id=properties.get(TableProperty.RUN_ID),
        lookback_file=properties.get(TableProperty.LOOKBACK_FILE) or None,
        rejected_files=read_rejected_files(properties),
        unfilled=read_unfilled(properties),
    )


def _evolve(table: Table, plan: Evolution) -> None:
    """Change the schema and, in the same transaction, mark what the rows there lack."""
    before = read_unfilled(table.properties)
    # Columns that nothing was ever written to need no filling; a first load brings them.
    readable = plan.readable if read_state(table).batch else ()
    after = marked(before, readable=readable, present=(c.name for c in plan.columns))
    with table.transaction() as transaction:
        put_fence(transaction, table.properties)
        with transaction.update_schema() as update:
            for column in plan.added:
                update.add_column((column.name,), iceberg_type(column), doc=column.comment)
            for column in plan.commented:
                update.update_column((column.name,), doc=column.comment)
        if after != before:
            transaction.set_properties({TableProperty.UNFILLED: unfilled_text(after)})
