"""The report as one HTML file: inline SVG, no script, nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.counts import ColumnCounts, Differing, overall, percent, percent_up
from lakehouse_tools.comparison.report.over_runs import over_runs
from lakehouse_tools.comparison.run import Kind, Report, TableReport

SAMPLES: Final = 10  # keys of each cause
_FIRST: Final = 3  # columns, and as many causes of other kinds, that are shown before all else
_GLANCE: Final = 4  # keys of each of them
_SIDES: Final = {  # of keys that are not on both → where they are counted, named or not
    "old": "only_old_unexplained",
    "new": "only_new_unexplained",
    "duplicated": "duplicated",
}
_ORDER: Final = (Status.FAIL, Status.NOT_COMPARED, Status.WARN, Status.PASS)
WORDS: Final = {
    Kind.COMPARISON: {
        Status.PASS: "The tables agree",
        Status.WARN: "The tables agree, with warnings",
        Status.FAIL: "The tables do not agree",
        Status.NOT_COMPARED: "Not everything was compared",
    },
    Kind.VALIDATION: {
        Status.PASS: "The new side is right",
        Status.WARN: "The new side is right, with warnings",
        Status.FAIL: "The new side is not right",
        Status.NOT_COMPARED: "Not everything was looked at",
    },
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """Where to look first: a column, or keys that one side lacks, with a few samples."""

    table: str
    what: str
    right: Fraction | None  # of a column
    wrong: int
    column: str | None
    keys: list[Differing]


def as_html(report: Report, earlier: Sequence[dict[str, Any]] = ()) -> str:
    """Verdict and reasons first, then the worst table, its worst column and its keys.

    ``earlier``: the runs before, the oldest first; the page shows how they went.
    """
    template = files("lakehouse_tools.comparison.report").joinpath("report.html")
    environment = Environment(  # names and values of both systems are escaped
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        percent=percent, percent_up=percent_up, number=lambda n: f"{n:,}", slug=_slug
    )
    tables = sorted(report.tables, key=lambda t: (_ORDER.index(t.status), _accuracy(t)))
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        report=report,
        words=WORDS[report.kind][report.status],
        reasons=ordered([c for c in report.every if c.status is not Status.PASS]),
        passed=sum(c.status is Status.PASS for c in report.every),
        tables=tables,
        first=first_looks(tables),
        overall=overall([t.counts for t in report.tables if t.counts]),
        ordered=ordered,
        columns=columns,
        causes=causes,
        bar=bar,
        runs=over_runs(report, earlier),
        samples=SAMPLES,
    )


def first_looks(tables: list[TableReport]) -> list[Look]:
    """The worst columns of all tables, then the greatest groups of other keys; unexplained ones."""
    columns_, others = [], []
    for table in tables:
        open_ = [d for d in (table.counts.differing if table.counts else []) if d.unexplained]
        for one in table.counts.columns if table.counts else []:
            if one.unexplained:
                keys = [d for d in open_ if one.name in d.open]
                columns_.append(
                    Look(
                        table=table.name,
                        what=f"{one.name} differs",
                        right=one.accuracy(),
                        wrong=one.unexplained,
                        column=one.name,
                        keys=keys[:_GLANCE],
                    )
                )
        alone: dict[str, list[Differing]] = {}
        for one in open_:
            alone.setdefault(one.side, []).append(one)
        others += [
            Look(
                table=table.name,
                what=alone[side][0].cause,
                right=None,
                wrong=getattr(table.counts, counted),
                column=None,
                keys=alone[side][:_GLANCE],
            )
            for side, counted in _SIDES.items()
            if side in alone
        ]
    columns_.sort(key=lambda look: (look.right, look.table, look.what))
    others.sort(key=lambda look: (-look.wrong, look.table, look.what))
    return [*columns_[:_FIRST], *others[:_FIRST]]


def ordered(checks: list[Check]) -> list[Check]:
    """What stops the gate first."""
    return sorted(checks, key=lambda c: _ORDER.index(c.status))


def columns(table: TableReport) -> list[ColumnCounts]:
    """The columns that differ or are only near, the worst first."""
    counts = table.counts.columns if table.counts else []
    some = [c for c in counts if c.mismatches or c.near]
    return sorted(some, key=lambda c: (c.accuracy(adjusted=False), c.name))


def causes(table: TableReport) -> list[tuple[str, list[Differing]]]:
    """Keys that differ alike, the greatest group first; unexplained before explained."""
    found: dict[tuple[bool, str], list[Differing]] = {}
    for one in table.counts.differing if table.counts else []:
        found.setdefault((not one.unexplained, one.cause), []).append(one)
    groups = sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    return [
        (f"{cause} (known difference)" if known else cause, keys) for (known, cause), keys in groups
    ]


def bar(wrong: int, whole: int) -> float:
    """The length of a bar of 100, at least 1 where anything is wrong."""
    return max(100 * wrong / max(whole, 1), 1.0) if wrong else 0.0


def _accuracy(table: TableReport) -> Fraction:
    return table.counts.accuracy() if table.counts else Fraction(0)


def _slug(status: Any) -> str:
    return str(status).replace(" ", "-")
