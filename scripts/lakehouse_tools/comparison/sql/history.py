"""SCD2 invariants in one query over the new table: what has to be 0."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlglot import exp

from lakehouse_tools.comparison.model import Alignment
from lakehouse_tools.comparison.sql.sides import NEW, PairSql
from lakehouse_tools.comparison.sql.types import Kind, SqlType

# Counted by name → what it means.
INVARIANTS: Final = {
    "no_current": "keys without a current row, though no deletion closed them",
    "many_current": "keys with several current rows",
    "wrong_flag": "rows whose flag disagrees with their open end",
    "backwards": "rows that end before they begin, or as they begin",
    "overlapping": "rows that overlap the next",
    "gaps": "rows that end before the next begins, though no deletion closed them",
    "future": "rows that begin in the future",
}
_SLACK: Final = timedelta(hours=1)  # of clocks
_TIME: Final = SqlType(kind=Kind.TIMESTAMP, text="timestamp", zoned=True)


def invariants(sql: PairSql, alignment: Alignment, now: datetime | None = None) -> exp.Select:
    """One row: keys, and a count for each invariant.

    ``now``: later is the future, by the clock of Salesforce, which stamped the rows. Without it
    no row begins in the future: a comparison asks no org, and the host's clock is not the org's.
    """
    keys = [f"k{one.index}" for one in sql.keys]
    current, deleted = alignment.is_current, alignment.closed_by_deletion
    begin, end = str(alignment.valid_from), str(alignment.valid_to)
    named = ((begin, "f"), (end, "t"), (current, "c"), (deleted, "d"))
    parts = [sql.column(NEW, name).as_(alias) for name, alias in named if name]
    if not current:
        parts.append(sql.column(NEW, end).is_(exp.null()).as_("c"))
    if not deleted:
        parts.append(exp.false().as_("d"))
    parts.append(_ahead(sql.column(NEW, begin), now).as_("a"))
    rows = exp.select(*sql.keys_of(NEW), *parts).from_(sql.new.table.copy())
    here = " and ".join(f"{key} is not null" for key in keys)
    over = f"over (partition by {', '.join(keys)} order by f, t)"
    following = exp.select(*keys, "f", "t", "c", "d", "a", f"lead(f) {over} AS nf").from_(
        rows.subquery("r")
    )
    by_key = (
        exp.select(
            "count_if(c) AS current_rows",
            "max(case when nf is null and d then 1 else 0 end) AS closed",
            "count_if(c <> (t is null)) AS wrong_flag",
            "count_if(t <= f) AS backwards",
            "count_if(nf is not null and (t is null or t > nf)) AS overlapping",
            "count_if(nf is not null and t < nf and not d) AS gaps",
            "count_if(a) AS future",
            dialect="athena",
        )
        .from_(following.where(here).subquery("v"))
        .group_by(*keys)
    )
    return exp.select(
        "count(*) AS keys_seen",
        "count_if(current_rows = 0 and closed = 0) AS no_current",
        "count_if(current_rows > 1) AS many_current",
        *(f"sum({name}) AS {name}" for name in list(INVARIANTS)[2:]),
        dialect="athena",
    ).from_(by_key.subquery("b"))


def _ahead(begin: exp.Expr, now: datetime | None) -> exp.Expr:
    if now is None:
        return exp.false()
    latest = exp.Literal.string(f"{(now + _SLACK).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC")
    return exp.cast(begin, _TIME.sql) > exp.cast(latest, _TIME.sql)
