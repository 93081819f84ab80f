"""Keys that may differ, found by hashes: the few rows that the exact comparison then reads.

One aggregate over the hash of the key: a group that is not one row of each side with one
hash of the row is suspect. Two keys of one hash only make a suspect more, for the rows are
compared by their keys afterwards; that two different rows have one hash has a chance of
2^-64 a row.
"""

from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.sql.dialects import DuckDb
from lakehouse_tools.comparison.sql.sides import NEW, OLD, Compared, PairSql
from lakehouse_tools.comparison.sql.types import Kind

_NEW: Final = 2**32  # counts of both sides in one sum
TABLE: Final = "suspects"


def suspects(sql: PairSql, dialect: DuckDb) -> exp.Select:
    """The hashes of suspect keys, as ``h``. A null key is always suspect."""
    sides = [
        sql.rows(
            side,
            [
                *sql.keys_of(side),
                key_hash(sql, side, dialect).as_("h"),
                _row_hash(sql, side, dialect).as_("c"),
                _counted(sql, side, one).as_("s"),
            ],
        )
        for side, one in ((OLD, 1), (NEW, _NEW))
    ]
    both = exp.union(
        *(exp.select("h", "c", "s").from_(side.subquery("r")) for side in sides), distinct=False
    )
    return (
        exp.select("h")
        .from_(both.subquery("u"))
        .group_by("h")
        .having(f"sum(s) <> {_NEW + 1} or bit_xor(c) <> 0")
    )


def key_hash(sql: PairSql, side: str, dialect: DuckDb) -> exp.Expr:
    """The hash of the key, over the table's own columns."""
    return dialect.hash([sql.value(side, one).sql for one in sql.keys])


def is_suspect(sql: PairSql, side: str, dialect: DuckDb, *, part: int, parts: int) -> exp.Expr:
    """Whether a row's key is suspect, and of one part of several."""
    chosen = exp.select("h").from_(TABLE)
    if parts > 1:
        chosen = chosen.where(f"h % {parts} = {part}")
    return key_hash(sql, side, dialect).isin(query=chosen)


def present(sql: PairSql, side: str, columns: tuple[Compared, ...]) -> exp.Select:
    """How many values of each column a side has, as ``c<index>``."""
    parts = [sql.value(side, one, uncut=True).sql.as_(f"c{one.index}") for one in columns]
    rows = sql.rows(side, [*sql.keys_of(side), *parts])
    counts = [f"count(c{one.index}) AS c{one.index}" for one in columns]
    return exp.select(*counts).from_(rows.subquery("s"))


def _row_hash(sql: PairSql, side: str, dialect: DuckDb) -> exp.Expr:
    parts: list[exp.Expr] = []
    for one in sql.values:
        found = sql.value(side, one, uncut=True)
        value = found.sql
        if one.wanted.kind is Kind.TIMESTAMP:
            value = dialect.hashable(value, one.column.precision)
        parts.append(value)
        if found.failed is not None:  # a failed cast is never equal to the other side's
            failed = exp.Literal.number(1 if side == OLD else 2)
            parts.append(exp.Case().when(found.failed, failed).else_("0"))
    return dialect.hash(parts)


def _counted(sql: PairSql, side: str, one: int) -> exp.Expr:
    null = exp.or_(*(sql.value(side, key).sql.is_(exp.null()) for key in sql.keys))
    return exp.cast(exp.Case().when(null, "3").else_(str(one)), "bigint")
