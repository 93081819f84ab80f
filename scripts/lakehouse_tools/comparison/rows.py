"""The comparison of one pair, row by row and cell by cell."""

from dataclasses import replace
from typing import Any

from sqlglot import exp

from lakehouse_tools.comparison.counts import MOST_KEYS, ColumnCounts, Differing, RowCounts
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.sql.rows import COUNTS, Rows
from lakehouse_tools.comparison.sql.sides import NEW, OLD, Compared, PairSql

_SIDES = {"o": "old", "n": "new", "both": "both"}
_FLAGS = {"d": "mismatches", "u": "unexplained", "a": "null_old", "b": "null_new", "w": "alike",
          "t": "near"}  # fmt: skip
_PROBE = 8  # columns whose text tells how long that of all will be
_FULL = 0.8  # of the engine's limit
_ROWS = ("only_old", "only_old_unexplained", "only_new", "only_new_unexplained")


def compare_rows(engine: Engine, sql: PairSql, *, values: bool = False) -> RowCounts:
    """Compare all rows of both sides. ``values``: keep the cells that differ, not keys alone.

    Raises :class:`NotComparedError` where a side is empty or moved while it was read.
    """
    rows = {side: count_rows(engine, sql, side) for side in (OLD, NEW)}
    for side, number in rows.items():
        if number == 0:
            raise NotComparedError(
                f"{getattr(sql.pair, side)}: 0 rows to compare: nothing can be said; look at its"
                " filter and its cutoff"
            )
    total = RowCounts(rows_old=rows[OLD], rows_new=rows[NEW])
    total.columns = [ColumnCounts(name=c.column.name, type=c.wanted.text) for c in sql.values]
    total.explained = {rule.name: 0 for rule in sql.pair.known_differences}
    filled = dict.fromkeys((one.index for one in sql.values), 0)
    inside = dict.fromkeys((OLD, NEW), 0)
    for part in engine.parts(sql, rows=rows[OLD]):
        counted = engine.answer(part.counts())[0]
        counts = {name: int(counted[name] or 0) for name in COUNTS}
        inside[OLD] += counts["rows_old"]
        inside[NEW] += counts["rows_new"]
        for name in (
            "pairs",
            "duplicated_old",
            "duplicated_new",
            "duplicated",
            "null_old",
            "null_new",
        ):
            setattr(total, name, getattr(total, name) + counts[name])
        if counts["duplicated"]:
            total.differing += _duplicates(engine, part)
        _cells(engine, part, counts, total, filled, values=values)
    outside = rows[OLD] - inside[OLD]
    if outside != rows[NEW] - inside[NEW]:
        raise NotComparedError(
            f"{sql.pair.old} and {sql.pair.new}: the rows do not add up ({outside} and"
            f" {rows[NEW] - inside[NEW]} beside those that differ): a side changed while it was"
            " read; compare again"
        )
    total.pairs += outside
    wrong = tuple(one for one in sql.values if total.columns[one.index].mismatches)
    for index, number in engine.outside(sql, wrong).items():
        total.columns[index].compared = number + filled[index]
    total.differing.sort(key=lambda d: (not d.unexplained, d.side, [k or "" for k in d.key]))
    del total.differing[MOST_KEYS:]
    return total


def count_rows(engine: Engine, sql: PairSql, side: str) -> int:
    """How many rows of a side are compared: filtered, and brought to the cutoff."""
    rows = sql.rows(side, sql.keys_of(side)).subquery("s")
    return int(engine.answer(exp.select("count(*) AS n").from_(rows))[0]["n"])


def _cells(
    engine: Engine,
    part: Rows,
    counts: dict[str, int],
    total: RowCounts,
    filled: dict[int, int],
    *,
    values: bool,
) -> None:
    """Add the cells of a part; its columns in as many queries as their text needs."""
    duplicates = counts["duplicated"] > 0
    alone = counts["only_old"] + counts["only_new"]
    groups = batches(engine, part, part.sql.values, duplicates=duplicates)
    found: dict[tuple[str | None, ...], Differing] = {}
    changed = unexplained = 0
    complete = True
    for number, batch in enumerate(groups):
        row = engine.answer(part.cells(batch, duplicates=duplicates))[0]
        for one in batch:
            column = total.columns[one.index]
            for flag, name in _FLAGS.items():
                more = int(row.get(f"{flag}{one.index}") or 0)
                setattr(column, name, getattr(column, name) + more)
            filled[one.index] += int(row["pairs"] or 0) - int(row[f"z{one.index}"] or 0)
        for index, rule in enumerate(part.sql.pair.known_differences):
            if f"x{index}" in row and (rule.columns or number == 0):
                total.explained[rule.name] += int(row[f"x{index}"] or 0)
        if number == 0:
            for name in _ROWS:
                setattr(total, name, getattr(total, name) + int(row[name] or 0))
        changed += int(row["changed"] or 0)
        unexplained += int(row["changed_unexplained"] or 0)
        if row["changed"] or alone:
            query = part.listing(batch, duplicates=duplicates, limit=MOST_KEYS, values=values)
            listed = [_differing(part, batch, r, values=values) for r in engine.answer(query)]
            complete = complete and len(listed) < MOST_KEYS
            for one in listed:
                before = found.get(one.key)
                found[one.key] = one if before is None else _merged(before, one)
    if len(groups) > 1 and complete:  # a key may differ in columns of several batches
        both = [d for d in found.values() if d.side == "both"]
        changed, unexplained = len(both), sum(d.unexplained for d in both)
    elif len(groups) > 1:
        changed, unexplained = min(changed, counts["pairs"]), min(unexplained, counts["pairs"])
        total.exact = False
    total.changed += changed
    total.changed_unexplained += unexplained
    total.differing += found.values()


def batches(
    engine: Engine, part: Rows, columns: tuple[Compared, ...], *, duplicates: bool
) -> list[tuple[Compared, ...]]:
    """The columns in groups whose queries the engine takes: in parts until they fit."""
    longest = engine.dialect.longest
    # An estimate with room to spare, as to build the text of 800 columns takes seconds. By
    # columns from all over, for each kind has its text.
    some = columns[:: -(-len(columns) // _PROBE)]
    length = _length(engine, part, some, duplicates=duplicates)
    wanted = length * len(columns) / (longest * len(some) * _FULL)
    if wanted < 1:
        return [columns]
    if len(columns) == 1:
        raise NotComparedError(
            f"{part.sql.pair.name}: the query for {columns[0].column.name} alone is {length} bytes"
            f" long, {engine.name} takes {longest}: shorten its expression"
        )
    size = -(-len(columns) // max(2, int(wanted) + 1))
    return [
        batch
        for begin in range(0, len(columns), size)
        for batch in batches(engine, part, columns[begin : begin + size], duplicates=duplicates)
    ]


def _length(engine: Engine, part: Rows, columns: tuple[Compared, ...], *, duplicates: bool) -> int:
    # The list with both sides' values: no other query is as long.
    query = part.listing(columns, duplicates=duplicates, limit=MOST_KEYS, values=True)
    return len(engine.dialect.write(query).encode())


def _differing(
    part: Rows, batch: tuple[Compared, ...], row: dict[str, Any], *, values: bool
) -> Differing:
    by_index = {one.index: one.column.name for one in batch}
    differing = [int(i) for i in (row["differing"] or "").split(",") if i]
    open_ = [int(i) for i in (row["open"] or "").split(",") if i]
    cells = ()
    if values:
        cells = tuple((by_index[i], row[f"vo{i}"], row[f"vn{i}"]) for i in differing)
    return Differing(
        key=tuple(row[f"k{one.index}"] for one in part.sql.keys),
        side=_SIDES[row["side"]],
        columns=tuple(by_index[i] for i in differing),
        open=tuple(by_index[i] for i in open_),
        unexplained=bool(row["unexplained"]),
        values=cells,
    )


def _merged(one: Differing, more: Differing) -> Differing:
    return replace(
        one,
        columns=one.columns + more.columns,
        open=one.open + more.open,
        unexplained=one.unexplained or more.unexplained,
        values=one.values + more.values,
    )


def _duplicates(engine: Engine, part: Rows) -> list[Differing]:
    return [
        Differing(key=tuple(row[f"k{one.index}"] for one in part.sql.keys), side="duplicated")
        for row in engine.answer(part.duplicates(MOST_KEYS))
    ]
