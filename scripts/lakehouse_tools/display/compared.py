"""A comparison at the terminal: its verdict, a line a table, what stands in the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.counts import RowCounts, percent
from lakehouse_tools.comparison.run import Kind, Report, TableReport
from lakehouse_tools.display.console import show

STYLES: Final = {
    Status.PASS: "green",
    Status.WARN: "yellow",
    Status.FAIL: "bold red",
    Status.NOT_COMPARED: "bold magenta",
}
_MOST: Final = 12  # checks that are printed; the others are in the report


def print_report(console: Console, report: Report, page: Path) -> None:
    """Print what came of a run, and where its report is."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    figures = _VALIDATED if report.kind is Kind.VALIDATION else _COMPARED
    for name in ("", "table", *figures):
        table.add_column(name, justify="left" if name in ("", "table") else "right", no_wrap=True)
    for one in report.tables:
        cells = (told(one) for told in figures.values())
        table.add_row(Text(one.status, STYLES[one.status]), one.name, *cells)
    show(console, table)
    stopping = [c for c in report.every if c.status is not Status.PASS]
    for check in stopping[:_MOST]:
        show(console, Text(f"  {said(check)}", STYLES[check.status]))
    if len(stopping) > _MOST:
        console.print(f"  and {len(stopping) - _MOST} more", highlight=False)
    verdict = Text.assemble((f"{report.kind}: ", ""), (report.status, STYLES[report.status]))
    show(console, verdict)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


def said(check: Check) -> str:
    """One check in one line."""
    where = f"{check.table}: " if check.table else ""
    if check.status is Status.NOT_COMPARED:
        return f"{where}{check.name}: {check.figure}: {check.text}"
    limit = f" ({check.limit})" if check.limit else ""
    return f"{where}{check.name}: {check.figure}{limit}"


def _count(told: Callable[[RowCounts], str]) -> Callable[[TableReport], str]:
    return lambda table: told(table.counts) if table.counts is not None else "–"


def _records(table: TableReport) -> str:
    return "–" if table.records is None else f"{table.records:,}"


def _passed(table: TableReport) -> str:
    return f"{sum(c.status is Status.PASS for c in table.checks)} of {len(table.checks)}"


_Figures = dict[str, Callable[[TableReport], str]]  # heading → what stands below it
_COMPARED: Final[_Figures] = {
    "old rows": _count(lambda counts: f"{counts.rows_old:,}"),
    "new rows": _count(lambda counts: f"{counts.rows_new:,}"),
    "right": _count(lambda counts: percent(counts.accuracy())),
    "unexplained": _count(lambda counts: f"{counts.unexplained:,}"),
}
_VALIDATED: Final[_Figures] = {"rows": _records, "checks passed": _passed}
