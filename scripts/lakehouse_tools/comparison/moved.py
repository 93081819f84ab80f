"""Keys that changed after the cutoff are left out on both sides: a few may be, not most."""

from fractions import Fraction

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.counts import percent_up
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Pair, Thresholds
from lakehouse_tools.comparison.rows import count_rows
from lakehouse_tools.comparison.sql.sides import NEW, OLD, PairSql


def share_left_out(engine: Engine, sql: PairSql, *, limit: Fraction) -> Fraction:
    """The share of rows that is left out, of the side that loses more.

    Raises :class:`NotComparedError` above ``limit``: with a cutoff that is old enough what is
    left agrees, and says nothing about the table.
    """
    shares = {side: _share(engine, sql, side) for side in (OLD, NEW)}
    most = max(shares, key=lambda side: shares[side])
    if shares[most] > limit:
        raise NotComparedError(
            f"{getattr(sql.pair, most)}: {percent_up(shares[most])} of its rows changed after the"
            f" cutoff {str(sql.cutoff)[:19]} UTC and would be left out, more than"
            f" {percent_up(limit)}: compare soon after a load of the old system, or raise"
            " thresholds.moved_share in config/comparison.json"
        )
    return shares[most]


def left_out(keys: int, share: Fraction, pair: Pair, thresholds: Thresholds) -> Check:
    """What the report says of them. It is a pass: above the limit the pair is not compared."""
    return Check(
        table=pair.name,
        name="keys left out",
        status=Status.PASS,
        figure=f"{keys:,} changed after the cutoff: {percent_up(share)} of a side's rows",
        limit=f"at most {percent_up(thresholds.moved_share)}",
    )


def _share(engine: Engine, sql: PairSql, side: str) -> Fraction:
    whole = int(engine.answer(sql.filtered(side))[0]["n"])
    return Fraction(whole - count_rows(engine, sql, side), whole) if whole else Fraction(0)
