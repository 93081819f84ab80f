"""What an object of the demo org is made of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import SObject, object_describe
from lakehouse_local.salesforce_org.draw import DAY, Draw
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.identifiers import record_id

Row = dict[str, Any]
_ID: Final = Field(name="Id", type="id", required=True, read_only=True)
_IS_DELETED: Final = Field(name="IsDeleted", type="boolean", required=True, read_only=True)


@dataclass(frozen=True, kw_only=True)
class World:
    """What every record may refer to: how many there are of each object, and the time."""

    seed: str
    org_id: str
    now: float  # seconds since 1970 at which the org is made; nothing is younger
    counts: dict[str, int]
    prefixes: dict[str, str]

    def id(self, name: str, index: int) -> str:
        """Id of the record of an object, counted from 0."""
        return record_id(self.prefixes[name], index + 1)

    def any(self, name: str, draw: Draw) -> str:
        """Id of some record of an object."""
        return self.id(name, int(draw.random() * self.counts[name]))

    def missing(self, name: str, draw: Draw) -> str:
        """Id of a record that the org never had."""
        return self.id(name, 900_000_000 + draw.whole(0, 40))

    def user(self, draw: Draw) -> str:
        """An owner: a few own most, one in 200 does not exist."""
        if draw.chance(0.005):
            return self.missing("User", draw)
        return self.id("User", int(draw.random() ** 2 * self.counts["User"]))

    def maybe(self, name: str, draw: Draw, share: float) -> str | None:
        """A lookup that is filled in a share of the records; one in 150 leads nowhere."""
        roll = draw.random()
        if roll >= share:
            return None
        return self.missing(name, draw) if roll < share / 150 else self.any(name, draw)

    @property
    def today(self) -> int:
        """Days since 1970."""
        return int(self.now // DAY)


Fill = Callable[[Row, Draw, World, int], None]


def plain(_row: Row, _draw: Draw, _world: World, _index: int) -> None:
    """No story: every field gets a value of its type."""


@dataclass(frozen=True, kw_only=True)
class ObjectSpec:
    """An object: its fields and how its records come about.

    ``share`` is its part of all records; ``fixed`` a number that does not grow with them.
    ``fill`` tells a record's story: it sets what types alone do not give, and may set
    ``_created`` and ``_modified`` (seconds). ``rows`` replaces the count where records
    follow from others.
    """

    name: str
    prefix: str
    plural: str
    fields: tuple[Field, ...]
    share: float = 0.0
    fixed: int | None = None
    label: str = ""
    fill: Fill = plain
    rows: Callable[[World], Iterator[Row]] | None = None
    deletable: bool = True
    writeable: bool = True
    bulk: bool = True
    queryable: bool = True
    replicateable: bool = True

    @cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """Fields with those that every object has."""
        first = (_ID, _IS_DELETED) if self.deletable else (_ID,)
        return (*first, *self.fields)

    def count(self, records: int) -> int:
        """How many records, where ``records`` is the size of the whole org."""
        return max(5, round(records * self.share)) if self.fixed is None else self.fixed

    def sobject(self) -> SObject:
        """The object as the org offers it."""
        return SObject(
            object_describe(
                name=self.name,
                prefix=self.prefix,
                label=self.label or self.name,
                plural=self.plural,
                fields=[field.describe() for field in self.all_fields],
                deletable=self.deletable,
                writeable=self.writeable,
                queryable=self.queryable,
                replicateable=self.replicateable,
            ),
            bulk=self.bulk,
        )
