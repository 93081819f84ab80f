"""How the commands end that make a report and judge by it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lakehouse_tools.comparison.run import Report


def finish(
    report: "Report",
    output: Path,
    junit: Path | None,
    *,
    earlier: Callable[[], Sequence[dict[str, Any]]] = tuple,
    record: Callable[[], None] = lambda: None,
) -> None:
    """Write the report, print it, and end with the status of its verdict.

    ``earlier``: the runs before, for the page; a page without them tells the verdict, too.
    ``record``: what else keeps the run. It comes last, so that its failure hides no verdict.
    """
    from lakehouse_tools.comparison.checks import Status
    from lakehouse_tools.comparison.errors import EXIT_NOT_COMPARED
    from lakehouse_tools.comparison.report.as_junit import as_junit
    from lakehouse_tools.comparison.report.files import write_report
    from lakehouse_tools.display.compared import print_report
    from lakehouse_tools.display.console import output as console
    from lakehouse_tools.errors import EXIT_FAILED, ToolError

    runs: Sequence[dict[str, Any]] = ()
    try:
        runs = earlier()
    except ToolError as error:
        click.echo(f"the page shows no earlier runs: {error}", err=True)
    page = write_report(report, output, runs)
    if junit is not None:
        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_bytes(as_junit(report))
    print_report(console(), report, page)
    record()
    if report.status is Status.FAIL:
        raise click.exceptions.Exit(EXIT_FAILED)
    if report.status is Status.NOT_COMPARED:
        raise click.exceptions.Exit(EXIT_NOT_COMPARED)
