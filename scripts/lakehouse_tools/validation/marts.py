"""A pair's new table alone: keys, nulls, ranges, references, history."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from lakehouse_tools.comparison.checks import Check, judged
from lakehouse_tools.comparison.counts import percent_up
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import ComparisonConfig, Pair, Thresholds
from lakehouse_tools.comparison.quality import history, moment
from lakehouse_tools.comparison.run import TableReport, read_whole
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.comparison.sql.history import invariants
from lakehouse_tools.comparison.sql.profile import keys, orphans, ranges
from lakehouse_tools.comparison.sql.sides import NEW, PairSql
from lakehouse_tools.comparison.sql.types import Kind
from lakehouse_tools.validation.earlier import records_check

_LEAST, _MOST = datetime(1700, 1, 1).date(), datetime(4000, 12, 31).date()  # Salesforce's own
_SLACK: Final = timedelta(hours=1)  # of clocks
_NUMBERS: Final = (Kind.DOUBLE, Kind.DECIMAL, Kind.WHOLE)
# A number field has at most 18 digits in all: help.salesforce.com, "Custom Field Types".
_GREATEST: Final = 10**18


def alone(pair: Pair) -> Pair:
    """The pair with its new table on both sides: what is asked is asked of the new one."""
    alignment = pair.alignment
    history_ = alignment if alignment is not None and alignment.valid_from else None
    return replace(
        pair,
        old=pair.new,
        key=tuple(replace(c, old=c.new) for c in pair.key),
        columns=tuple(replace(c, old=c.new) for c in pair.columns),
        alignment=history_,
        known_differences=(),
    )


def open_marts(
    engine: DuckDbEngine, sides: Sides, config: ComparisonConfig, now: datetime
) -> dict[str, PairSql | str]:
    """The new table of each pair, as it is valid now; or why it cannot be read."""
    opened: dict[str, PairSql | str] = {}
    for pair in map(alone, config.pairs):
        try:
            found = sides.find(pair.new)
            relation = engine.open(found)
            read_whole(engine, found, relation.table)
            opened[pair.name] = PairSql(
                pair=pair,
                old=relation,
                new=relation,
                dialect=engine.dialect,
                cutoff=f"{now:%Y-%m-%d %H:%M:%S.%f}",
            )
        except NotComparedError as error:
            opened[pair.name] = str(error)
    return opened


def look_at(
    engine: DuckDbEngine,
    sql: PairSql,
    table: TableReport,
    targets: dict[str, PairSql],
    thresholds: Thresholds,
    now: datetime,
    before: dict[str, Any] | None,
) -> None:
    """All checks of one table but its profiles, into its report.

    ``before``: what the last run said of it.
    """
    table.checks.append(_keys(engine, sql, table))
    # At once: what fails later must not let a loss become the next run's baseline.
    table.checks += records_check(table, before, thresholds.count_difference)
    table.checks += _ranges(engine, sql, now)
    for column, name in sql.pair.references:
        if name in targets:
            limit = thresholds.orphan_share_difference
            table.checks.append(_orphans(engine, sql, column, targets[name], limit))
    if sql.pair.alignment is not None:
        row = engine.answer(invariants(sql, sql.pair.alignment, now))[0]
        table.checks += history(sql.pair, row)


def _keys(engine: DuckDbEngine, sql: PairSql, table: TableReport) -> Check:
    row = engine.answer(keys(sql, NEW))[0]
    table.records = int(row["rows_seen"] or 0)
    duplicated, missing = int(row["duplicated"] or 0), int(row["missing"] or 0)
    return Check(
        table=sql.pair.name,
        name="keys once and not null",
        status=judged(bool(duplicated or missing)),
        figure=f"{duplicated:,} duplicated, {missing:,} null, of {table.records:,} rows",
        limit="0",
        text="rebuild the model from raw: `dbt build --full-refresh`",
    )


def _ranges(engine: DuckDbEngine, sql: PairSql, now: datetime) -> list[Check]:
    """Values that Salesforce could not hold, and changes that are yet to come."""
    times = tuple(v for v in sql.values if v.wanted.kind in (Kind.DATE, Kind.TIMESTAMP))
    numbers = tuple(v for v in sql.values if v.wanted.kind in _NUMBERS)
    if not times + numbers:
        return []
    row = engine.answer(ranges(sql, NEW, times + numbers))[0]
    odd = []
    for one in times:
        texts = [row[f"{name}{one.index}"] for name in "lg"]
        try:
            least, greatest = map(moment, texts)
        except NotComparedError:  # infinite, or of a year that Python does not know
            odd.append(f"{one.column.name}: {texts[0]} to {texts[1]}")
            continue
        if least is None or greatest is None:
            continue
        if least.date() < _LEAST or greatest.date() > _MOST:
            odd.append(f"{one.column.name}: {least.date()} to {greatest.date()}")
        if one.column.name == sql.pair.modified and greatest > now + _SLACK:
            odd.append(f"{one.column.name}: {greatest:%Y-%m-%d %H:%M} is yet to come")
    for one in numbers:
        least, greatest = (row[f"{name}{one.index}"] for name in "lg")
        if least is not None and not (_is_held(least) and _is_held(greatest)):
            odd.append(f"{one.column.name}: {least} to {greatest}")
    return [
        Check(
            table=sql.pair.name,
            name="ranges",
            status=judged(bool(odd)),
            figure="; ".join(odd) or f"{len(times)} columns of times, {len(numbers)} of numbers",
            limit="1700 to 4000, changes not later than now; numbers of at most 18 digits",
            text="look at these values in Salesforce, then at the model",
        )
    ]


def _is_held(number: str) -> bool:
    """Whether Salesforce could hold a number; by its digits, as 18 nines are no double."""
    found = Decimal(number)
    return found.is_finite() and abs(found) < _GREATEST


def _orphans(
    engine: DuckDbEngine, sql: PairSql, column: str, target: PairSql, limit: Fraction
) -> Check:
    one = next(v for v in sql.values if v.column.name == column)
    row = engine.answer(orphans(sql, NEW, one, target))[0]
    refs, lost = int(row["refs"] or 0), int(row["orphans"] or 0)
    share = Fraction(lost, max(refs, 1))
    return Check(
        table=sql.pair.name,
        name=f"orphans, {column}",
        # A warning: they may be so in Salesforce, and the comparison judges what moved.
        status=judged(share > limit, warn=True),
        figure=f"{lost:,} of {refs:,} references to {target.pair.name}: {percent_up(share)}",
        limit=f"at most {percent_up(limit)}",
        text=f"they lead nowhere: is {target.pair.name} behind, or filtered?",
    )
