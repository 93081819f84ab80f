"""Rows that may differ, found by hashes: the few that the exact comparison then reads.

Keys fall into buckets by their hash. A bucket whose rows of both sides are as many, and
whose hashes of (key, row) are the same, holds the same rows on both sides, unless one of its
keys is there twice: those are looked for on one side, as the other has the same. All else
is suspect. That rows which differ hide in a bucket has a chance of 2^-64 each; rows which
are equal only make a suspect bucket greater, for they are compared by their keys afterwards.
A group for each bucket instead of each key is what keeps this within memory and caches.
"""

from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.sql.dialects import DuckDb
from lakehouse_tools.comparison.sql.sides import NEW, OLD, Compared, PairSql
from lakehouse_tools.comparison.sql.types import Kind

TABLE: Final = "suspects"
_KEYS: Final = 8  # to a bucket, or half as many
_FEWEST, _MOST = 16, 24  # bits of a bucket's number


def bits_for(rows: int) -> int:
    """How many bits number the buckets of so many rows of a side."""
    return min(max((rows // _KEYS).bit_length(), _FEWEST), _MOST)


def suspects(sql: PairSql, dialect: DuckDb, *, bits: int) -> tuple[exp.Query, ...]:
    """The suspect buckets, as ``b``, and how many rows they have on both sides, as ``n``.

    To be asked one after the other, as each has groups of its own in memory.
    """
    return _apart(sql, dialect, bits=bits), _broken(sql, dialect, bits=bits)


def is_suspect(sql: PairSql, side: str, dialect: DuckDb, *, bits: int) -> exp.Expr:
    """Whether a row's bucket is in the dialect's set of numbers."""
    return dialect.chosen(_bucket(sql, side, dialect, bits=bits))


def present(sql: PairSql, side: str, columns: tuple[Compared, ...]) -> exp.Select:
    """How many values of each column a side has, as ``c<index>``."""
    parts = [sql.value(side, one, uncut=True).sql.as_(f"c{one.index}") for one in columns]
    rows = sql.rows(side, [*sql.keys_of(side), *parts])
    counts = [f"count(c{one.index}) AS c{one.index}" for one in columns]
    return exp.select(*counts).from_(rows.subquery("s"))


def absent(sql: PairSql, side: str, columns: tuple[Compared, ...]) -> exp.Query:
    """How many nulls each of some columns has, as ``i`` (its index) and ``n``, of all rows.

    A query for each: DuckDB then leaves out what a file's statistics say holds none, and
    counting the values would decode it. For columns as they stand in the table.
    """
    counts = [
        exp.select(f"{one.index} AS i", "count(*) AS n")
        .from_(sql.relation(side).table.copy())
        .where(sql.value(side, one, uncut=True).sql.is_(exp.null()))
        for one in columns
    ]
    return counts[0] if len(counts) == 1 else exp.union(*counts, distinct=False)


def _apart(sql: PairSql, dialect: DuckDb, *, bits: int) -> exp.Select:
    """The buckets whose rows are not the same on both sides."""
    sides = [
        sql.rows(
            side,
            [
                *sql.keys_of(side),
                _bucket(sql, side, dialect, bits=bits).as_("b"),
                _row_hash(sql, side, dialect).as_("c"),
                exp.Literal.number(one).as_("s"),
            ],
        )
        for side, one in ((OLD, 1), (NEW, -1))
    ]
    both = exp.union(
        *(exp.select("b", "c", "s").from_(side.subquery("r")) for side in sides), distinct=False
    )
    return (
        exp.select("b", "count(*) AS n")
        .from_(both.subquery("u"))
        .group_by("b")
        .having("sum(s) <> 0 or bit_xor(c) <> 0")
    )


def _broken(sql: PairSql, dialect: DuckDb, *, bits: int) -> exp.Select:
    """The buckets of the old side's keys that are null or there more than once."""
    null = exp.or_(*(sql.value(OLD, key).sql.is_(exp.null()) for key in sql.keys))
    rows = sql.rows(
        OLD,
        [
            *sql.keys_of(OLD),
            _key_hash(sql, OLD, dialect).as_("h"),
            exp.Case().when(null, "2").else_("1").as_("s"),
        ],
    )
    found = (
        exp.select("h", "sum(s) AS n").from_(rows.subquery("r")).group_by("h").having("sum(s) > 1")
    )
    return exp.select(dialect.bucket(exp.column("h"), bits=bits).as_("b"), "n").from_(
        found.subquery("m")
    )


def _key_hash(sql: PairSql, side: str, dialect: DuckDb) -> exp.Expr:
    """The hash of the key, over the table's own columns."""
    return dialect.hash([sql.value(side, one).sql for one in sql.keys])


def _bucket(sql: PairSql, side: str, dialect: DuckDb, *, bits: int) -> exp.Expr:
    return dialect.bucket(_key_hash(sql, side, dialect), bits=bits)


def _row_hash(sql: PairSql, side: str, dialect: DuckDb) -> exp.Expr:
    parts: list[exp.Expr] = [_key_hash(sql, side, dialect)]
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
