"""One side of a pair as a query: keys k0…, values v0…, failed casts f0…, raw columns r0 …."""

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Column, KnownDifference, Pair, Precision
from lakehouse_tools.comparison.sql.dialects import Dialect
from lakehouse_tools.comparison.sql.types import Kind, SqlType
from lakehouse_tools.comparison.sql.values import Value, filled, parsed, source, target, value

OLD, NEW = "old", "new"
_NAMED: Final = 12  # columns in one message


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table as an engine reads it, pinned. ``types``: of its columns, by lower-case name."""

    table: exp.Expr
    types: dict[str, SqlType]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A column of the key or of the values with the type in which it is compared."""

    index: int
    column: Column
    wanted: SqlType


@dataclass(frozen=True, kw_only=True)
class PairSql:
    """All queries of a pair begin here. ``cutoff``: UTC, as ``YYYY-MM-DD HH:MM:SS.ffffff``."""

    pair: Pair
    old: Relation
    new: Relation
    dialect: Dialect
    cutoff: str | None = None
    keys: tuple[Compared, ...] = field(init=False)
    values: tuple[Compared, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", self._compared(self.pair.key))
        object.__setattr__(self, "values", self._compared(self.pair.columns))

    def _compared(self, columns: tuple[Column, ...]) -> tuple[Compared, ...]:
        found = []
        for index, column in enumerate(columns):
            old, new = self._type(OLD, column.old), self._type(NEW, column.new)
            where = f"{self.pair.old} and {self.pair.new}"
            wanted = target(column, old, new, where=where)
            found.append(Compared(index=index, column=column, wanted=wanted))
        return tuple(found)

    def _type(self, side: str, name: str) -> SqlType | None:
        types = self.relation(side).types
        if name.lower() in types:
            return types[name.lower()]
        known = parsed(name)
        for column in known.find_all(exp.Column):
            self._known(side, column.name)
        return None

    def _known(self, side: str, name: str) -> None:
        types = self.relation(side).types
        if name.lower() not in types:
            table = getattr(self.pair, side)
            near = sorted(types)
            if len(near) > _NAMED:  # of a wide table those that are likely meant
                near = get_close_matches(name.lower(), near, n=3, cutoff=0.3) or near[:3]
                near.append("others")
            raise NotComparedError(
                f"{table}: no column {name}: it has {', '.join(near)};"
                " correct config/comparison.json"
            )

    def relation(self, side: str) -> Relation:
        """The table of a side."""
        return self.old if side == OLD else self.new

    def value(self, side: str, one: Compared, *, uncut: bool = False) -> Value:
        """The normalised value of a column on a side, over the table's own columns.

        ``uncut``: timestamps with all their digits.
        """
        column = one.column
        name = getattr(column, side)
        if uncut:
            column = replace(column, precision=Precision.MICROSECOND)
        return value(column, name, self.relation(side).types, one.wanted, self.dialect)

    def column(self, side: str, name: str) -> exp.Expr:
        """A column of a side's table. Raises :class:`NotComparedError` where it is missing."""
        self._known(side, name)
        return source(name, self.relation(side).types)

    @cached_property
    def raw(self) -> dict[str, list[str]]:
        """The columns of each side that known differences name."""
        found: dict[str, list[str]] = {OLD: [], NEW: []}
        for rule in self.pair.known_differences:
            for column in parsed(rule.where).find_all(exp.Column):
                name = column.name.lower()
                self._known(column.table, name)
                if name not in found[column.table]:
                    found[column.table].append(name)
        return found

    def explained(self, rule: KnownDifference) -> exp.Expr:
        """A rule's condition over the join of both sides, o and n."""
        tree = parsed(rule.where)
        for column in list(tree.find_all(exp.Column)):
            side, name = column.table, column.name.lower()
            place = exp.column(f"r{self.raw[side].index(name)}", table=side[0])
            if column is tree:
                tree = place
            else:
                column.replace(place)
        return exp.func("coalesce", exp.paren(tree), exp.false())

    def keys_of(self, side: str) -> list[exp.Expr]:
        """The key's columns, named k0 …."""
        return [self.value(side, one).sql.as_(f"k{one.index}") for one in self.keys]

    def select(
        self, side: str, columns: tuple[Compared, ...] | None = None, *also: exp.Expr
    ) -> exp.Select:
        """The rows of a side, filtered and aligned; ``columns``: of the values, all if None."""
        wanted = self.values if columns is None else columns
        parts = [*self.keys_of(side), exp.Literal.number(1).as_("p")]
        for one in wanted:
            found = self.value(side, one)
            parts.append(found.sql.as_(f"v{one.index}"))
            if found.failed is not None:
                parts.append(found.failed.as_(f"f{one.index}"))
        for index, name in enumerate(self.raw[side]):
            parts.append(exp.column(name, quoted=True).as_(f"r{index}"))
        return self.rows(side, parts, *also)

    def failing(self, one: Compared) -> list[exp.Expr]:
        """Whether the value of either side could not be cast, over o and n."""
        return [
            exp.func("coalesce", exp.column(f"f{one.index}", table=side[0]), exp.false())
            for side in (OLD, NEW)
            if self.value(side, one).failed is not None
        ]

    def rows(self, side: str, parts: list[exp.Expr], *also: exp.Expr) -> exp.Select:
        """Expressions over the rows of a side that are compared. They include the key.

        ``also``: further conditions, over the table's own columns.
        """
        query = exp.select(*parts).from_(self.relation(side).table.copy())
        for condition in (self._condition(side), *also):
            if condition is not None:
                query = query.where(condition)
        if side == OLD and self._moved is not None:
            moved = exp.select(
                *(self.value(NEW, one).sql.as_(f"m{one.index}") for one in self.keys)
            ).from_(self.new.table.copy())
            moved = moved.where(self._moved)
            equal = exp.and_(*(f"m.m{one.index} = t.k{one.index}" for one in self.keys))
            inner = exp.select("1").from_(moved.subquery("m")).where(equal)
            query = exp.select("*").from_(query.subquery("t")).where(exp.Exists(this=inner).not_())
        return query

    def _condition(self, side: str) -> exp.Expr | None:
        sql = getattr(self.pair, side).filter
        conditions = [parsed(sql)] if sql else []
        alignment = self.pair.alignment
        if side == NEW and alignment is not None and alignment.valid_from and alignment.valid_to:
            # Validity says when it was so in Salesforce, not when it was loaded.
            valid = "__from <= __at and (__to is null or __to > __at)"
            begin, end = self._times(alignment.valid_from, alignment.valid_to)
            conditions.append(filled(valid, __from=begin, __to=end, __at=self._at))
        if side == NEW and self._moved is not None:
            conditions.append(exp.func("coalesce", self._moved, exp.false()).not_())
        return exp.and_(*conditions) if conditions else None

    @cached_property
    def _moved(self) -> exp.Expr | None:
        alignment = self.pair.alignment
        if alignment is None or not alignment.moved:
            return None
        return exp.or_(
            *(
                filled("coalesce(__x > __at, false)", __x=time, __at=self._at)
                for time in self._times(*alignment.moved)
            )
        )

    def whole(self, side: str) -> bool:
        """Whether all rows of a side's table are compared."""
        return self._condition(side) is None and (side == NEW or self._moved is None)

    def filtered(self, side: str) -> exp.Select:
        """How many rows a side has before any is left out because it changed later."""
        query = exp.select("count(*) AS n").from_(self.relation(side).table.copy())
        sql = getattr(self.pair, side).filter
        return query.where(parsed(sql)) if sql else query

    def moved(self) -> exp.Select | None:
        """How many keys changed after the cutoff and are left out on both sides."""
        if self._moved is None:
            return None
        return exp.select("count(*) AS moved").from_(self.new.table.copy()).where(self._moved)

    def _times(self, *names: str) -> list[exp.Expr]:
        for name in names:
            self._known(NEW, name)
        return [
            _zoned(source(name, self.new.types), self.new.types[name.lower()]) for name in names
        ]

    @property
    def _at(self) -> exp.Expr:
        if self.cutoff is None:
            raise NotComparedError(f"{self.pair.old}: its cutoff is not known")
        return exp.cast(exp.Literal.string(f"{self.cutoff} UTC"), _TIME.sql)


_TIME = SqlType(kind=Kind.TIMESTAMP, text="timestamp", zoned=True)


def _zoned(time: exp.Expr, type_: SqlType) -> exp.Expr:
    return time if type_.zoned else exp.cast(time, _TIME.sql)
