"""Which rows differ: counts by key, cells, and the list of keys. One text for every engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.model import KnownDifference
from lakehouse_tools.comparison.sql.sides import NEW, OLD, Compared, PairSql
from lakehouse_tools.comparison.sql.types import Kind
from lakehouse_tools.comparison.sql.values import differs, filled, within

_AT_ONCE: Final = 100  # arguments of a function; Trino takes 127
COUNTS: Final = (
    "pairs", "only_old", "only_new", "duplicated_old", "duplicated_new", "duplicated",
    "null_old", "null_new", "rows_old", "rows_new",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The two sides to be joined.

    ``side``: the rows of a side as :meth:`PairSql.select` names them, with at least these columns.
    """

    sql: PairSql
    side: Callable[[str, tuple[Compared, ...]], exp.Query]

    def by_key(self) -> exp.Select:
        """Each key with the number of its rows on either side."""
        keys = [f"k{one.index}" for one in self.sql.keys]
        sides = [
            exp.select(*keys, f"{o} AS o", f"{n} AS n").from_(self.side(side, ()).subquery("s"))
            for side, o, n in ((OLD, 1, 0), (NEW, 0, 1))
        ]
        both = exp.union(*sides, distinct=False).subquery("u")
        return exp.select(*keys, "sum(o) AS o", "sum(n) AS n").from_(both).group_by(*keys)

    def counts(self) -> exp.Select:
        """Missing, extra, duplicated and null keys in one go. One row."""
        null = " or ".join(f"k{one.index} is null" for one in self.sql.keys)
        here = f"not ({null})"
        return exp.select(
            f"count_if({here} and o = 1 and n = 1) AS pairs",
            f"count_if({here} and o = 1 and n = 0) AS only_old",
            f"count_if({here} and o = 0 and n = 1) AS only_new",
            f"count_if({here} and o > 1) AS duplicated_old",
            f"count_if({here} and n > 1) AS duplicated_new",
            f"count_if({here} and (o > 1 or n > 1)) AS duplicated",
            f"coalesce(sum(case when {null} then o end), 0) AS null_old",
            f"coalesce(sum(case when {null} then n end), 0) AS null_new",
            "coalesce(sum(o), 0) AS rows_old",
            "coalesce(sum(n), 0) AS rows_new",
            dialect="athena",
        ).from_(self.by_key().subquery("g"))

    def duplicates(self, limit: int) -> exp.Select:
        """The keys that a side has more than once, and how often."""
        keys = [f"k{one.index}" for one in self.sql.keys]
        names = [exp.cast(exp.column(k), "varchar").as_(k) for k in keys]
        return (
            exp.select(*names, "o", "n")
            .from_(self.by_key().subquery("g"))
            .where(" and ".join(["(o > 1 or n > 1)", *(f"{k} is not null" for k in keys)]))
            .order_by(*(str(i + 1) for i in range(len(keys))))
            .limit(limit)
        )

    def cells(self, columns: tuple[Compared, ...], *, duplicates: bool) -> exp.Select:
        """Counts of rows, of cells by column and of what known differences explain. One row."""
        parts = [
            "count_if(op = 1 and np = 1) AS pairs",
            "count_if(changed) AS changed",
            "count_if(changed and unexplained) AS changed_unexplained",
            "count_if(op = 1 and np is null) AS only_old",
            "count_if(op = 1 and np is null and unexplained) AS only_old_unexplained",
            "count_if(op is null and np = 1) AS only_new",
            "count_if(op is null and np = 1 and unexplained) AS only_new_unexplained",
        ]
        for one in columns:
            i = one.index
            parts += [f"count_if({n}{i}) AS {n}{i}" for n in ("d", "u", "a", "b", "z", *_also(one))]
        for number, rule in enumerate(self.sql.pair.known_differences):
            if self._applies(rule, columns):
                parts.append(f"count_if(x{number}) AS x{number}")
        return self._flagged(
            exp.select(*parts, dialect="athena").from_("g", copy=False),
            columns,
            duplicates,
            values=False,
        )

    def listing(
        self, columns: tuple[Compared, ...], *, duplicates: bool, limit: int, values: bool
    ) -> exp.Select:
        """The keys that differ: where, in which columns, unexplained first. ``side``: o, n, both.

        ``values``: with both sides' values of the cells that differ, as text.
        """
        keys = [f"k{one.index}" for one in self.sql.keys]
        parts: list[exp.Expr | str] = [exp.cast(exp.column(k), "varchar").as_(k) for k in keys]
        parts += [
            "case when np is null then 'o' when op is null then 'n' else 'both' end AS side",
            "unexplained",
            exp.func("concat", exp.Literal.string(""), *_joined(columns, "d")).as_("differing"),
            exp.func("concat", exp.Literal.string(""), *_joined(columns, "u")).as_("open"),
        ]
        if values:
            parts += [f"{side}{one.index}" for one in columns for side in ("vo", "vn")]
        order = ["case when unexplained then 0 else 1 end", *(str(i + 1) for i in range(len(keys)))]
        query = (
            exp.select(*parts, dialect="athena")
            .from_("g", copy=False)
            .where("changed or op is null or np is null", dialect="athena", copy=False)
            .order_by(*order, dialect="athena", copy=False)
            .limit(limit, copy=False)
        )
        return self._flagged(query, columns, duplicates, values=values)

    def _flagged(
        self, query: exp.Select, columns: tuple[Compared, ...], duplicates: bool, *, values: bool
    ) -> exp.Select:
        for name, part in (
            ("o", self._once(self.side(OLD, columns), duplicates)),
            ("n", self._once(self.side(NEW, columns), duplicates)),
            ("j", self._joined(columns, values)),
            ("g", self._judged(columns, values)),
        ):
            query.with_(name, part, copy=False)  # copies of 800 columns take seconds
        return query

    def _once(self, side: exp.Query, duplicates: bool) -> exp.Query:
        """The rows whose key is there, and there once."""
        keys = self.sql.keys
        here = " and ".join(f"s.k{one.index} is not null" for one in keys)
        query = exp.select("*").from_(side.subquery("s", copy=False)).where(here)
        if not duplicates:
            return query
        renamed = [f"k{one.index} AS m{one.index}" for one in keys]
        many = exp.select(*renamed).from_(self.by_key().subquery("g")).where("o > 1 or n > 1")
        equal = exp.and_(*(f"m.m{one.index} = s.k{one.index}" for one in keys))
        found = exp.select("1").from_(many.subquery("m")).where(equal)
        return query.where(exp.Exists(this=found).not_())

    def _joined(self, columns: tuple[Compared, ...], values: bool) -> exp.Select:
        """Both sides by key, with a flag for each way in which a cell may differ."""
        parts: list[exp.Expr | str] = ["o.p AS op", "n.p AS np"]
        parts += [f"coalesce(o.k{k.index}, n.k{k.index}) AS k{k.index}" for k in self.sql.keys]
        for one in columns:
            i = one.index
            o, n = exp.column(f"v{i}", table="o"), exp.column(f"v{i}", table="n")
            failing = self.sql.failing(one)
            apart = exp.or_(differs(one.column, one.wanted, o, n), *failing)
            # Told by a constant: a null key must not count as missing.
            both = "o.p = 1 and n.p = 1 and "
            parts.append(filled(f"{both} __d", __d=exp.paren(apart)).as_(f"d{i}"))
            if failing:
                bad = exp.paren(exp.or_(*failing))
                parts.append(filled(f"{both} __x", __x=bad).as_(f"e{i}"))
            parts.append(
                filled(f"{both} __o is null and __n is not null", __o=o, __n=n).as_(f"a{i}")
            )
            parts.append(
                filled(f"{both} __o is not null and __n is null", __o=o, __n=n).as_(f"b{i}")
            )
            empty = filled(f"{both} __o is null and __n is null", __o=o, __n=n)
            if failing:
                empty = exp.and_(empty, exp.paren(exp.or_(*failing)).not_())
            parts.append(empty.as_(f"z{i}"))
            if one.wanted.kind is Kind.TEXT:
                alike = f"{both} __o <> __n and lower(trim(__o)) = lower(trim(__n))"
                parts.append(filled(alike, __o=o, __n=n).as_(f"w{i}"))
            near = within(one.column, one.wanted, o, n)
            if near is not None:
                parts.append(
                    filled(f"{both} __o <> __n and __x", __o=o, __n=n, __x=near).as_(f"t{i}")
                )
            if values:
                parts += [
                    filled("cast(__x as varchar)", __x=side).as_(f"v{side.table}{i}")
                    for side in (o, n)
                ]
        for number, rule in enumerate(self.sql.pair.known_differences):
            if self._applies(rule, columns):
                parts.append(self.sql.explained(rule).as_(f"y{number}"))
        on = exp.and_(*(f"o.k{k.index} = n.k{k.index}" for k in self.sql.keys))
        return (
            exp.select(*parts, dialect="athena")
            .from_("o", copy=False)
            .join("n", on=on, join_type="full outer", copy=False)
        )

    def _judged(self, columns: tuple[Compared, ...], values: bool) -> exp.Select:
        """The flags once more, with what remains when the known differences are taken off."""
        parts: list[exp.Expr | str] = ["op", "np", *(f"k{k.index}" for k in self.sql.keys)]
        open_, changed = [], []
        numbered = list(enumerate(self.sql.pair.known_differences))
        numbered = [(number, rule) for number, rule in numbered if self._applies(rule, columns)]
        for one in columns:
            i = one.index
            rules = [f"y{number}" for number, rule in numbered if one.column.name in rule.columns]
            left = f"d{i} and not ({' or '.join(rules)})" if rules else f"d{i}"
            parts += [f"d{i}", f"{left} AS u{i}"]
            parts += [f"{flag}{i}" for flag in ("a", "b", "z", *_also(one))]
            if values:
                parts += [
                    f"case when d{i} then {side}{i} end AS {side}{i}" for side in ("vo", "vn")
                ]
            changed.append(f"d{i}")
            open_.append(f"({left})" if rules else left)
        for side, missing in ((OLD, "np"), (NEW, "op")):
            rules = [f"y{n}" for n, rule in numbered if rule.rows == f"only_{side}"]
            explained = f" and not ({' or '.join(rules)})" if rules else ""
            open_.append(f"({missing} is null{explained})")
        for number, rule in numbered:
            cells = [f"d{one.index}" for one in columns if one.column.name in rule.columns]
            what = " or ".join(cells) or f"{'np' if rule.rows == 'only_old' else 'op'} is null"
            parts.append(f"y{number} and ({what}) AS x{number}")
        parts.append(_any(changed).as_("changed"))
        parts.append(_any(open_).as_("unexplained"))
        return exp.select(*parts, dialect="athena").from_("j", copy=False)

    def _applies(self, rule: KnownDifference, columns: tuple[Compared, ...]) -> bool:
        return rule.rows is not None or any(one.column.name in rule.columns for one in columns)


def _also(one: Compared) -> tuple[str, ...]:
    """Flags that only some kinds have: w only blanks or case, t within the tolerance."""
    text = ("w",) if one.wanted.kind is Kind.TEXT else ()
    zero = exp.Literal.number(0)
    return text + (("t",) if within(one.column, one.wanted, zero, zero) is not None else ())


def _any(conditions: list[str]) -> exp.Expr:
    """Whether one holds; in groups, as an engine's expressions may not be too deep."""
    groups = [
        exp.paren(exp.or_(*conditions[i : i + _AT_ONCE], dialect="athena"))
        for i in range(0, len(conditions), _AT_ONCE)
    ]
    return exp.or_(*groups)


def _joined(columns: tuple[Compared, ...], flag: str) -> list[exp.Expr]:
    """The indexes of the columns for which a flag holds, each with a comma after it."""
    marks = [
        filled(f"case when {flag}{one.index} then '{one.index},' else '' end") for one in columns
    ]
    groups = [marks[i : i + _AT_ONCE] for i in range(0, len(marks), _AT_ONCE)]
    empty = exp.Literal.string("")
    return [exp.func("concat", empty, *group) for group in groups]
