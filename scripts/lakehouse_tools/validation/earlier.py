"""What moved since the run before: rows that went, nulls and values that shifted."""

from fractions import Fraction
from typing import Any, Final

from lakehouse_tools.comparison.checks import Check, Status, judged
from lakehouse_tools.comparison.counts import percent_up
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.model import Thresholds
from lakehouse_tools.comparison.quality import Profile, shifts
from lakehouse_tools.comparison.run import TableReport
from lakehouse_tools.comparison.sql.profile import profile
from lakehouse_tools.comparison.sql.sides import NEW, PairSql

_ROWS: Final = "rows since the last run"


def last_of(runs: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """What the newest run that read a table says of it.

    A run that found too many rows gone is none to compare with: the next would pass on the loss.
    """
    for run in reversed(runs):
        for table in run["tables"]:
            lost = any(c["name"] == _ROWS and c["status"] == Status.FAIL for c in table["checks"])
            if table["name"] == name and table["records"] is not None and not lost:
                return table
    return None


def records_check(
    table: TableReport, before: dict[str, Any] | None, limit: Fraction
) -> list[Check]:
    """Whether a table lost more rows than may be deleted between two runs."""
    if before is None or table.records is None:
        return []
    gone = Fraction(before["records"] - table.records, max(before["records"], 1))
    return [
        Check(
            table=table.name,
            name=_ROWS,
            status=judged(gone > limit),
            figure=f"{before['records']:,} then, {table.records:,} now",
            limit=f"at most {percent_up(limit)} fewer",
            text="look at what was deleted: `lakehouse report`, and the object in Salesforce;"
            " were all meant to go, move the earlier reports out of the folder",
        )
    ]


def profile_checks(
    engine: DuckDbEngine,
    sql: PairSql,
    table: TableReport,
    before: dict[str, Any] | None,
    thresholds: Thresholds,
) -> list[Check]:
    """How null shares and distinct values moved. The first run only records them."""
    seen = engine.answer(profile(sql, NEW))[0]
    rows = max(int(seen["rows_seen"]), 1)
    earlier = {one["column"]: one for one in before["profiles"]} if before else {}
    for one in sql.values:
        name = one.column.name
        nulls, distinct = 1 - Fraction(int(seen[f"c{one.index}"]), rows), int(seen[f"a{one.index}"])
        then = earlier.get(name)
        table.profiles.append(
            Profile(
                column=name,
                nulls_old=Fraction(*then["nulls_new"]) if then else nulls,
                nulls_new=nulls,
                distinct_old=then["distinct_new"] if then else distinct,
                distinct_new=distinct,
            )
        )
    worst = max(table.profiles, key=lambda p: p.nulls_new)
    if not earlier:
        return [
            Check(
                table=table.name,
                name="null shares",
                status=Status.PASS,
                figure=f"{percent_up(worst.nulls_new)} at most ({worst.column})",
                limit="recorded for the next run",
            )
        ]
    # A warning: that people fill a field in Salesforce is no fault of the lake.
    limits = (thresholds.null_share_difference, thresholds.distinct_difference)
    names = (("null shares", "null_shift"), ("distinct values", "distinct_shift"))
    return [
        shifts(sql.pair, f"{name} since the last run", table.profiles, which, limit, warn=True)
        for (name, which), limit in zip(names, limits, strict=True)
    ]
