"""Data quality as a difference: old faults are not the migration's."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from lakehouse_tools.comparison.checks import Check, Status, judged
from lakehouse_tools.comparison.counts import RowCounts, percent_up
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Pair, Thresholds
from lakehouse_tools.comparison.sql.history import INVARIANTS, invariants
from lakehouse_tools.comparison.sql.profile import greatest, loaded, newest, orphans, profile
from lakehouse_tools.comparison.sql.sides import NEW, OLD, PairSql

_MOST = 5  # columns named in one check
_WRONG = 1_000  # keys looked at


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One column of both sides: the share of nulls, and distinct values (about)."""

    column: str
    nulls_old: Fraction
    nulls_new: Fraction
    distinct_old: int
    distinct_new: int

    @property
    def null_shift(self) -> Fraction:
        """How much the share of nulls moved."""
        return abs(self.nulls_new - self.nulls_old)

    @property
    def distinct_shift(self) -> Fraction:
        """How much the number of distinct values moved, of the old one."""
        return Fraction(abs(self.distinct_new - self.distinct_old), max(self.distinct_old, 1))


def profiles(engine: Engine, sql: PairSql) -> list[Profile]:
    """Every compared column, by one scan of each side."""
    seen = {side: engine.answer(profile(sql, side))[0] for side in (OLD, NEW)}
    rows = {side: max(int(row["rows_seen"]), 1) for side, row in seen.items()}

    def nulls(side: str, index: int) -> Fraction:
        return 1 - Fraction(int(seen[side][f"c{index}"]), rows[side])

    return [
        Profile(
            column=one.column.name,
            nulls_old=nulls(OLD, one.index),
            nulls_new=nulls(NEW, one.index),
            distinct_old=int(seen[OLD][f"a{one.index}"]),
            distinct_new=int(seen[NEW][f"a{one.index}"]),
        )
        for one in sql.values
    ]


def compare_data_quality(
    engine: Engine,
    sql: PairSql,
    thresholds: Thresholds,
    found: list[Profile],
    targets: dict[str, PairSql],
) -> list[Check]:
    """Null shares, distinct values, orphans and SCD2 invariants of one pair.

    ``targets``: the pairs that references may name.
    """
    pair = sql.pair
    checks = [
        shifts(pair, "null shares", found, "null_shift", thresholds.null_share_difference),
        shifts(
            pair,
            "distinct values",
            found,
            "distinct_shift",
            thresholds.distinct_difference,
            warn=True,
        ),
    ]
    for column, name in pair.references:
        checks.append(_orphans(engine, sql, thresholds, column, name, targets))
    alignment = pair.alignment
    if alignment is not None and alignment.valid_from:
        row = engine.answer(invariants(sql, alignment))[0]
        checks += history(pair, row)
    return checks


def shifts(
    pair: Pair, name: str, found: list[Profile], which: str, limit: Fraction, *, warn: bool = False
) -> Check:
    """How far the columns moved (``null_shift``, ``distinct_shift``), the worst named."""
    ordered = sorted(found, key=lambda p: (-getattr(p, which), p.column))
    over = [p for p in ordered if getattr(p, which) > limit]
    named = ", ".join(f"{p.column} {percent_up(getattr(p, which))}" for p in over[:_MOST])
    worst = ordered[0]
    return Check(
        table=pair.name,
        name=name,
        status=judged(bool(over), warn=warn),
        figure=named or f"{percent_up(getattr(worst, which))} at most ({worst.column})",
        limit=f"at most {percent_up(limit)} apart",
        text=f"{len(over)} columns moved: look at how they are loaded",
    )


def _orphans(
    engine: Engine,
    sql: PairSql,
    thresholds: Thresholds,
    column: str,
    name: str,
    targets: dict[str, PairSql],
) -> Check:
    title = f"orphans, {column}"
    target = targets.get(name)
    if target is None:
        return not_compared(sql.pair.name, title, f"{name} could not be read")
    one = next(v for v in sql.values if v.column.name == column)
    shares, told = [], []
    for side in (OLD, NEW):
        row = engine.answer(orphans(sql, side, one, target))[0]
        refs, lost = int(row["refs"] or 0), int(row["orphans"] or 0)
        shares.append(Fraction(lost, max(refs, 1)))
        told.append(f"{lost:,} of {refs:,} {side}")
    limit = thresholds.orphan_share_difference
    return Check(
        table=sql.pair.name,
        name=title,
        status=judged(shares[1] - shares[0] > limit),
        figure=", ".join(told),
        limit=f"at most {percent_up(limit)} more than the old",
        text=f"references to {name} lead nowhere: is it behind, or filtered?",
    )


def history(pair: Pair, row: dict[str, Any]) -> list[Check]:
    """The SCD2 invariants of one table, from the answer to their query."""
    broken = {name: int(row[name] or 0) for name in INVARIANTS}
    wrong = [f"{number:,} {INVARIANTS[name]}" for name, number in broken.items() if number]
    return [
        Check(
            table=pair.name,
            name="history (SCD2)",
            status=judged(bool(wrong)),
            figure="; ".join(wrong) or f"{int(row['keys_seen'] or 0):,} keys, nothing broken",
            limit="0",
            text="rebuild the model from raw: `dbt build --full-refresh`",
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest change that either side holds, UTC; None where it holds none.

    ``behind``: whether the new side lacks what the old one has; None where more keys differ
    than were looked at.
    """

    old: datetime | None
    new: datetime | None
    behind: bool | None


def freshness(engine: Engine, sql: PairSql, counts: RowCounts) -> Newest | None:
    """How new both sides are; None where the pair names neither a column nor periods.

    A table with periods is as new as the last that began, but not every change begins one. It is
    behind where a key differs that changed in the old one after that.
    """
    alignment = sql.pair.alignment
    if sql.pair.modified is not None:
        one = next(v for v in sql.values if v.column.name == sql.pair.modified)
        old, new = (moment(engine.answer(newest(sql, s, one))[0]["newest"]) for s in (OLD, NEW))
        return Newest(old=old, new=new, behind=bool(old and new and new < old))
    if alignment is None or not alignment.valid_from:
        return None
    begun = greatest(sql.new.table, sql.column(NEW, alignment.valid_from))
    old, new = moment(sql.cutoff), moment(engine.answer(begun)[0]["newest"])
    # Those that the new side lacks first: what a missing batch brought is among them.
    differing = sorted(counts.differing, key=lambda d: d.side != "old")
    wrong = [d.key for d in differing if d.unexplained and d.side != "new"]
    behind: bool | None = False
    if old and new and new < old and wrong:
        missed = moment(engine.answer(loaded(sql, alignment.cutoff, wrong[:_WRONG]))[0]["newest"])
        behind = missed is not None and missed > new
        if not behind and len(wrong) > _WRONG:
            behind = None
    return Newest(old=old, new=new, behind=behind)


def moment(text: str | None) -> datetime | None:
    """A timestamp as either engine prints it, UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        raise NotComparedError(f"got {text!r} where a timestamp was expected") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def not_compared(table: str, name: str, why: str) -> Check:
    """A check that could not be made; it stops the gate."""
    return Check(
        table=table, name=name, status=Status.NOT_COMPARED, figure="not compared", text=why
    )
