"""An erasure from its first look to its proof."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from lakehouse_jobs.raw.store import Store
from lakehouse_tools.environment import Environment
from lakehouse_tools.erasure import files, models, note, raw, remains, survey
from lakehouse_tools.erasure.model import Asked, Erasure, Found, Place, Survey, digest
from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions.history import executions
from lakehouse_tools.executions.progress import RUNNING
from lakehouse_tools.iceberg_catalog import catalog
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions import record_id

_LOOKED_AT = 100  # executions


def require_found(
    environment: Environment, stack: Stack, asked: Sequence[Asked], found: Survey
) -> None:
    """Refuse a record that the lake has nothing of. Raises RequestError."""
    begun = {d for digests in note.unfinished(environment, stack).values() for d in digests}
    missing = [
        (one, record)
        for one in asked
        for record in one.ids
        if record not in found.versions and digest(record) not in begun
    ]
    # Rows of models whose raw is gone: whatever took raw, they have to go.
    if not missing or (not found.versions and found.own):
        return
    one, record = missing[0]
    raise record_id.unknown(environment, stack, one.table, record, command="erase")


def require_quiet(environment: Environment, stack: Stack) -> None:
    """Refuse while an execution runs: it may read files that go. Raises RequestError."""
    for past in executions(environment, stack, limit=_LOOKED_AT):
        if past.status == RUNNING:
            raise RequestError(
                f"erase: execution {past.name} is running and may read what goes: wait for its"
                f" end, or end it with `lakehouse stop{environment.option}`"
            )


def erase(
    environment: Environment,
    stack: Stack,
    asked: Sequence[Asked],
    *,
    say: Callable[[str], None],
) -> Erasure:
    """Erase the records and read every place again. Raises ErasureError where it cannot go on."""
    store = Store(stack.lake_bucket_name, client=environment.client("s3"))
    lake = catalog(environment)
    key = note.begin(environment, stack, asked)
    clock = partial(note.touch, environment, stack, key)
    places = raw.erase(lake, store, database=stack.raw_database, asked=asked, clock=clock, say=say)
    objects = [one.object for one in asked]
    rebuilt, clean = models.rebuild(environment, stack, objects, clock=clock, say=say)
    removed = {}
    for name in rebuilt:
        say(f"{'.'.join(name)}: deleting files from before")
        removed[name] = files.purge(lake.load_table(name), store, before=clean).files
    say("reading every place again")
    found = survey.look(environment, stack, asked)
    since = clean.timestamp() * 1000
    for name, number in removed.items():
        table = lake.load_table(name)
        places.append(
            Place(
                database=name[0],
                table=name[1],
                rows=_rows(found.own, name),
                snapshots=sum(s.timestamp_ms < since for s in table.metadata.snapshots),
                former_files=len(files.older(table, store, before=clean)),
                removed=number,
                rebuilt=True,
            )
        )
    erasure = Erasure(
        note=store.address(key),
        places=tuple(places),
        left=tuple(f for f in found.own if (f.database, f.table) not in removed),
        references=found.references,
        remains=remains.look(environment, stack, now=datetime.now(UTC)),
    )
    note.end(environment, stack, key, erasure)
    return erasure


def _rows(found: Sequence[Found], name: tuple[str, str]) -> int:
    return sum(each.rows for each in found if (each.database, each.table) == name)
