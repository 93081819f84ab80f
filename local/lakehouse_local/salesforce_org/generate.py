"""Making the records of a new org: the same for the same seed, size and time."""

from collections.abc import Iterator
from typing import Any, Final

from lakehouse_local.salesforce_org.draw import DAY, Draw
from lakehouse_local.salesforce_org.fields import COMPOUND_TYPES, Field, system_fields
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.objects import ALL_OBJECTS
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World
from lakehouse_local.salesforce_org.store import Store

_HOUR: Final = 3_600
_LOADS: Final = 6  # data-loader batches of each object, each with one SystemModstamp
_DELETED: Final = 0.02
_EMPTY: Final = 0.3  # share of nulls in fields that no story fills


def make_org(store: Store, *, records: int, seed: str, now: float, org_id: str) -> None:
    """Fill an empty store. About ``records`` records, none younger than ``now`` less an hour."""
    world = World(
        seed=seed,
        now=now,
        org_id=org_id,
        counts={spec.name: spec.count(records) for spec in ALL_OBJECTS},
        prefixes={spec.name: spec.prefix for spec in ALL_OBJECTS},
    )
    for spec in ALL_OBJECTS:
        sobject = spec.sobject()
        store.add_object(sobject)
        columns = [field.name for field in sobject.stored]
        store.insert(sobject, columns, records_of(spec, world, columns))
        store.finish_object(sobject)


def records_of(spec: ObjectSpec, world: World, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """The records of an object, values in the order of ``columns``."""
    draw = Draw(f"{world.seed}:{spec.name}")
    loads = sorted(world.now - DAY - draw.random() * 90 * DAY for _ in range(_LOADS))
    others = tuple(
        (field, field.name, 1.0 if field.required else 1 - _EMPTY)
        for field in spec.all_fields
        if field.type not in COMPOUND_TYPES and field.name not in _SYSTEM
    )
    for row in _stories(spec, world, draw):
        _stamp(row, draw, world, loads)
        for field, name, share in others:
            if name not in row:
                row[name] = fill_in(field, draw, world) if draw.random() < share else None
        yield tuple([row[name] for name in columns])


def fill_in(field: Field, draw: Draw, world: World) -> Any:
    """A value for a field that no story fills."""
    if field.type != "reference":
        return draw.value(field, world.now)
    known = [name for name in field.to if world.counts.get(name)]
    return world.any(draw.pick(known), draw) if known else None


def _stories(spec: ObjectSpec, world: World, draw: Draw) -> Iterator[Row]:
    if spec.rows is not None:
        for row in spec.rows(world):
            row["Id"] = world.id(spec.name, row.pop("_index"))
            yield row
        return
    for index in range(world.counts[spec.name]):
        row: Row = {"Id": world.id(spec.name, index)}
        spec.fill(row, draw, world, index)
        yield row


_SYSTEM: Final = frozenset({"Id", "IsDeleted", *(field.name for field in system_fields())})


def _stamp(row: Row, draw: Draw, world: World, loads: list[float]) -> None:
    """The system fields. Many records share the stamp of a data-loader batch."""
    last = world.now - _HOUR
    created = row.pop("_created", None) or last - draw.random() * 1_000 * DAY
    modified = row.pop("_modified", None) or created + draw.random() ** 2 * (last - created)
    stamp = modified + draw.random() * 900 if draw.chance(0.05) else modified
    if draw.chance(0.18):
        stamp = max(stamp, draw.pick(loads))
    row["CreatedDate"] = from_seconds(created)
    row["LastModifiedDate"] = from_seconds(modified)
    row["SystemModstamp"] = from_seconds(min(stamp, last))
    row["CreatedById"], row["LastModifiedById"] = world.user(draw), world.user(draw)
    row["IsDeleted"] = int(draw.random() < _DELETED)
