"""How the values of one side are spread, how fresh they are, and which references lead nowhere."""

from collections.abc import Sequence

from sqlglot import exp

from lakehouse_tools.comparison.sql.sides import OLD, Compared, PairSql
from lakehouse_tools.comparison.sql.types import Kind
from lakehouse_tools.comparison.sql.values import moment_of, parsed


def profile(sql: PairSql, side: str) -> exp.Select:
    """Rows, and for each column the values that are there and how many distinct (about)."""
    parts = [sql.value(side, one, uncut=True).sql.as_(f"v{one.index}") for one in sql.values]
    rows = sql.rows(side, [*sql.keys_of(side), *parts])
    counts = ["count(*) AS rows_seen"]
    for one in sql.values:
        i = one.index
        counts += [f"count(v{i}) AS c{i}", f"approx_distinct(v{i}) AS a{i}"]
    return exp.select(*counts, dialect="athena").from_(rows.subquery("s"))


def keys(sql: PairSql, side: str) -> exp.Select:
    """Rows of a side, keys that it has more than once, and rows without a whole key."""
    names = [f"k{one.index}" for one in sql.keys]
    missing = " or ".join(f"{name} is null" for name in names)
    by_key = (
        exp.select("count(*) AS n", exp.column("m"))
        .from_(
            exp.select(*names, f"{missing} AS m")
            .from_(sql.rows(side, sql.keys_of(side)).subquery("s"))
            .subquery("r")
        )
        .group_by(*names, "m")
    )
    return exp.select(
        "sum(n) AS rows_seen",
        "count_if(n > 1 and not m) AS duplicated",
        "sum(case when m then n else 0 end) AS missing",
        dialect="athena",
    ).from_(by_key.subquery("k"))


def ranges(sql: PairSql, side: str, columns: tuple[Compared, ...]) -> exp.Select:
    """The least (l0 …) and the greatest value (g0 …) of columns that have an order, as text."""
    parts = [sql.value(side, one, uncut=True).sql.as_(f"v{one.index}") for one in columns]
    rows = sql.rows(side, [*sql.keys_of(side), *parts])
    bounds = [
        exp.cast(bound(this=exp.column(f"v{one.index}")), "varchar").as_(f"{name}{one.index}")
        for one in columns
        for bound, name in ((exp.Min, "l"), (exp.Max, "g"))
    ]
    return exp.select(*bounds).from_(rows.subquery("s"))


def orphans(sql: PairSql, side: str, one: Compared, target: PairSql) -> exp.Select:
    """References of a column, and those whose key the referenced table lacks on that side."""
    value = sql.value(side, one).sql.as_("v")
    rows = sql.rows(side, [*sql.keys_of(side), value]).subquery("s")
    keys = target.keys_of(side)
    known = exp.select(*keys).distinct().from_(target.relation(side).table.copy()).subquery("t")
    return (
        exp.select(
            "count(s.v) AS refs",
            "count_if(s.v is not null and t.k0 is null) AS orphans",
            dialect="athena",
        )
        .from_(rows)
        .join(known, on="s.v = t.k0", join_type="left")
    )


def newest(sql: PairSql, side: str, one: Compared) -> exp.Select:
    """The greatest moment of a column over the whole table, as text."""
    value = sql.value(side, one, uncut=True).sql
    if one.wanted.kind is Kind.TEXT:  # texts of several zones sort otherwise than their moments
        value = moment_of(value)
    value = exp.Max(this=value)
    return exp.select(exp.cast(value, "varchar").as_("newest")).from_(
        sql.relation(side).table.copy()
    )


def loaded(
    sql: PairSql, cutoff: str, keys: Sequence[tuple[str | None, ...]] | None = None
) -> exp.Select:
    """How far the old table goes: the greatest moment in it, as text; ``keys``: of these alone.

    ``cutoff``: the column or the SQL that tells the moment of a row.
    """
    type_ = sql.old.types.get(cutoff.lower())
    value = sql.column(OLD, cutoff) if type_ else parsed(cutoff)
    if type_ is not None and type_.kind is Kind.TEXT:
        value = moment_of(value)
    query = greatest(sql.old.table, value)
    if keys is None:
        return query
    first, *more = (exp.cast(sql.value(OLD, k).sql, "varchar") for k in sql.keys)
    if not more:
        return query.where(first.isin(*(key[0] for key in keys)))
    # Part by part: "a b" and "c" must not be taken for "a" and "b c".
    rows = [exp.Tuple(expressions=[exp.convert(part) for part in key]) for key in keys]
    return query.where(exp.Tuple(expressions=[first, *more]).isin(*rows))


def greatest(table: exp.Expr, moment: exp.Expr) -> exp.Select:
    """The greatest moment in a whole table, as text."""
    return exp.select(exp.cast(exp.Max(this=moment), "varchar").as_("newest")).from_(table.copy())
