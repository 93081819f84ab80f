"""The report in at most 60 lines of Markdown, for a pull request or a message."""

from typing import Final

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.counts import percent
from lakehouse_tools.comparison.run import Report, TableReport
from lakehouse_tools.markdown import cell

LINES: Final = 60
SIGNS: Final = {
    Status.PASS: "✓ pass",
    Status.WARN: "! warn",
    Status.FAIL: "✗ fail",
    Status.NOT_COMPARED: "? not compared",
}


def as_markdown(report: Report) -> str:
    """Verdict first, a line a table, then what stops the gate."""
    lines = [
        f"# {report.kind.capitalize()}: {SIGNS[report.status]}",
        "",
        f"Run `{report.run}`, {report.made_at:%Y-%m-%d %H:%M} UTC, {report.engine}.",
        "",
        "| table | verdict | rows old / new | keys that are right | unexplained keys |",
        "|---|---|---:|---:|---:|",
        *map(_line, report.tables),
        "",
    ]
    stopping = [c for c in report.every if c.status is not Status.PASS]
    if stopping:
        lines += ["| what is missing | table | found | limit |", "|---|---|---|---|"]
    for check in stopping:
        lines.append(
            f"| {SIGNS[check.status]}: {check.name} | {check.table or 'all'} |"
            f" {cell(check.figure)} | {cell(check.limit or check.text)} |"
        )
    if len(lines) > LINES:
        more = len(lines) - LINES + 1
        lines = [*lines[: LINES - 1], f"… and {more} lines more in the HTML report"]
    return "\n".join(lines) + "\n"


def _line(table: TableReport) -> str:
    counts = table.counts
    if counts is None:
        rows = "" if table.records is None else f"{table.records:,}"
        return f"| {table.name} | {SIGNS[table.status]} | {rows} | | |"
    return (
        f"| {table.name} | {SIGNS[table.status]} | {counts.rows_old:,} / {counts.rows_new:,} |"
        f" {percent(counts.accuracy())} of {counts.keys:,} | {counts.unexplained:,} |"
    )
