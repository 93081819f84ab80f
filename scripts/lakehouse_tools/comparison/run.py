"""One comparison of all pairs: rows, quality, performance, in a report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from fractions import Fraction
from time import monotonic

from sqlglot import exp

from lakehouse_tools.comparison.checks import Check, Status, judged, row_checks, verdict
from lakehouse_tools.comparison.counts import RowCounts
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import ComparisonConfig, Pair, Thresholds
from lakehouse_tools.comparison.moved import left_out, share_left_out
from lakehouse_tools.comparison.performance import compare_performance
from lakehouse_tools.comparison.quality import (
    Newest,
    Profile,
    compare_data_quality,
    freshness,
    moment,
    not_compared,
    profiles,
)
from lakehouse_tools.comparison.rows import compare_rows
from lakehouse_tools.comparison.sides import Found, Sides
from lakehouse_tools.comparison.sql.profile import loaded
from lakehouse_tools.comparison.sql.sides import NEW, OLD, PairSql
from lakehouse_tools.comparison.sql.values import parsed
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

Progress = Callable[[int, int, str], None]


def quiet(done: int, total: int, what: str) -> None:
    """Report nothing: the progress of who does not watch."""
    del done, total, what


@dataclass(kw_only=True)
class TableReport:
    """What came of one pair. ``counts`` is None where it could not be compared."""

    name: str
    old: str
    new: str
    pins: tuple[str, str] = ("", "")
    cutoff: str | None = None  # UTC
    moved: int | None = None  # keys left out because they changed after the cutoff
    left_out: Fraction | None = None  # their share of the rows of the side that loses more
    counts: RowCounts | None = None
    profiles: list[Profile] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    records: int | None = None  # of the new side, where `lakehouse validate` looks at it alone

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        return verdict(self.checks)


class Kind(StrEnum):
    """What a report is of."""

    COMPARISON = "comparison"
    VALIDATION = "validation"  # of the new side alone


@dataclass(kw_only=True)
class Report:
    """One run of the comparison."""

    run: str
    made_at: datetime
    engine: str
    config: str
    fingerprint: str  # of the configuration
    tables: list[TableReport]
    checks: list[Check]  # that concern all tables
    kind: Kind = Kind.COMPARISON
    subject: str = ""  # of a validation: the environment and the org

    @property
    def every(self) -> list[Check]:
        """All checks, those of all tables first."""
        return [*self.checks, *(check for table in self.tables for check in table.checks)]

    @property
    def status(self) -> Status:
        """The worst of all."""
        return verdict(self.every)


def compare(
    config: ComparisonConfig,
    engine: Engine,
    sides: Sides,
    *,
    run: str,
    environment: Environment | None = None,
    stack: Stack | None = None,
    values: bool = False,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> Report:
    """Compare every pair of the configuration. ``values``: keep cells that differ."""
    now = now or datetime.now(UTC)
    report = Report(
        run=run,
        made_at=now,
        engine=f"{engine.name} {engine.version}",
        config=config.where,
        fingerprint=config.fingerprint,
        tables=[],
        checks=[],
    )
    opened: dict[str, PairSql] = {}
    newest: dict[str, Newest] = {}
    for pair in config.pairs:
        table = TableReport(name=pair.name, old=str(pair.old), new=str(pair.new))
        report.tables.append(table)
        try:
            opened[pair.name] = _open(engine, sides, pair, table, config.thresholds)
        except NotComparedError as error:
            table.checks.append(not_compared(pair.name, "comparison", str(error)))
    for done, table in enumerate(report.tables):
        progress(done, len(report.tables), table.name)
        sql = opened.get(table.name)
        if sql is None:
            continue
        began = monotonic()
        try:
            table.counts = compare_rows(engine, sql, values=values)
            table.checks += row_checks(config, sql.pair, table.counts, now.date())
            table.checks.append(_schema(sql))
            table.profiles = profiles(engine, sql)
            table.checks += compare_data_quality(
                engine, sql, config.thresholds, table.profiles, opened
            )
            seen = freshness(engine, sql, table.counts)
            newest |= {table.name: seen} if seen else {}
        except NotComparedError as error:
            table.checks.append(not_compared(table.name, "comparison", str(error)))
        table.seconds = monotonic() - began
    progress(len(report.tables), len(report.tables), "run times")
    report.checks.append(_covered(config, sides))
    for check in compare_performance(
        config.performance, now=now, environment=environment, stack=stack, newest=newest
    ):
        place = next((t.checks for t in report.tables if t.name == check.table), report.checks)
        place.append(check)
    return report


def _open(
    engine: Engine, sides: Sides, pair: Pair, table: TableReport, thresholds: Thresholds
) -> PairSql:
    found = [sides.find(source) for source in (pair.old, pair.new)]
    table.pins = (found[0].pin, found[1].pin)
    old, new = (engine.open(one) for one in found)
    for one, relation in zip(found, (old, new), strict=True):
        read_whole(engine, one, relation.table)
    sql = PairSql(pair=pair, old=old, new=new, dialect=engine.dialect)
    if pair.alignment is None:
        return sql
    table.cutoff = _cutoff(engine, sql, pair.alignment.cutoff)
    sql = PairSql(pair=pair, old=old, new=new, dialect=engine.dialect, cutoff=table.cutoff)
    moved = sql.moved()
    if moved is not None:
        table.moved = int(engine.answer(moved)[0]["moved"])
        table.left_out = share_left_out(engine, sql, limit=thresholds.moved_share)
        table.checks.append(left_out(table.moved, table.left_out, pair, thresholds))
    return sql


def read_whole(engine: Engine, found: Found, table: exp.Expr) -> None:
    """What the engine reads has to be the snapshot: all of it, and not nothing."""
    rows = int(engine.answer(exp.select("count(*) AS n").from_(table.copy()))[0]["n"])
    if rows == 0:
        raise NotComparedError(f"{found.name}: 0 rows ({found.pin}): nothing can be said")
    if found.rows is not None and rows != found.rows:
        raise NotComparedError(
            f"{found.name}: {engine.name} read {rows:,} rows, its snapshot has {found.rows:,}:"
            " compare again, or with the other --engine"
        )


def _cutoff(engine: Engine, sql: PairSql, text: str) -> str:
    newest = moment(engine.answer(loaded(sql, text))[0]["newest"])
    if newest is None:
        raise NotComparedError(
            f"{sql.pair.old}: its cutoff is not known: {text} holds no timestamp: correct"
            " as_of.cutoff in config/comparison.json"
        )
    return f"{newest:%Y-%m-%d %H:%M:%S.%f}"


def _schema(sql: PairSql) -> Check:
    """Every column of both tables is compared, or left out by name."""
    pair, uncovered = sql.pair, []
    for side in (OLD, NEW):
        named = {c.name.lower() for one in (*pair.key, *pair.columns)
                 for c in parsed(getattr(one, side)).find_all(exp.Column)}  # fmt: skip
        left_out = pair.left_out_old if side == OLD else pair.left_out_new
        uncovered += [
            f"{side} {name}"
            for name in sql.relation(side).types
            if name not in named and not any(fnmatchcase(name, p.lower()) for p in left_out)
        ]
    return Check(
        table=pair.name,
        name="columns covered",
        status=judged(bool(uncovered)),
        figure=", ".join(uncovered) or f"{len(pair.columns)} compared, the others left out by name",
        limit="all",
        text="compare them, or name them in left_out",
    )


def _covered(config: ComparisonConfig, sides: Sides) -> Check:
    """Every table of the old system has a pair, or a reason why not."""
    name = "tables covered"
    try:
        found = sides.tables(config.old)
    except NotComparedError as error:
        return not_compared("", name, str(error))
    known = {pair.old.table for pair in config.pairs} | {t for t, _ in config.tables_left_out}
    missing = [table for table in found if table not in known]
    return Check(
        table="",
        name=name,
        status=Status.NOT_COMPARED if missing else Status.PASS,
        figure=", ".join(missing) or f"{len(found)} tables of the old system",
        limit="all",
        text="give them a pair in config/comparison.json, or a reason in tables_left_out",
    )
