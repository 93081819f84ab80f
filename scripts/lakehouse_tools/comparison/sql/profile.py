"""How the values of one side are spread, how fresh they are, and which references lead nowhere."""

from sqlglot import exp

from lakehouse_tools.comparison.sql.sides import Compared, PairSql


def profile(sql: PairSql, side: str) -> exp.Select:
    """Rows, and for each column the values that are there and how many distinct (about)."""
    parts = [sql.value(side, one, uncut=True).sql.as_(f"v{one.index}") for one in sql.values]
    rows = sql.rows(side, [*sql.keys_of(side), *parts])
    counts = ["count(*) AS rows_seen"]
    for one in sql.values:
        i = one.index
        counts += [f"count(v{i}) AS c{i}", f"approx_distinct(v{i}) AS a{i}"]
    return exp.select(*counts, dialect="athena").from_(rows.subquery("s"))


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
    """The greatest value of a timestamp over the whole table, as text."""
    value = exp.Max(this=sql.value(side, one, uncut=True).sql)
    return exp.select(exp.cast(value, "varchar").as_("newest")).from_(
        sql.relation(side).table.copy()
    )


def cutoff(table: exp.Expr, moment: exp.Expr) -> exp.Select:
    """How far the old load goes: the greatest moment in it, as text."""
    return exp.select(exp.cast(exp.Max(this=moment), "varchar").as_("newest")).from_(table.copy())
