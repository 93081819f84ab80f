"""Query results as a table, CSV or JSON."""

import csv
import io
import json

from rich.console import Console
from rich.table import Table

from lakehouse_tools.athena import Result

FORMATS = ("table", "csv", "json")
_NARROWEST = 8  # characters of a column, its frame included
_RIGHT = ("tinyint", "smallint", "integer", "int", "bigint", "float", "double", "real", "decimal")


def show(result: Result, *, form: str, console: Console) -> None:
    """Print a result. CSV and JSON go out as they are, without colour or wrapping."""
    if form == "csv":
        console.file.write(as_csv(result))
    elif form == "json":
        console.file.write(json.dumps(result.typed(), ensure_ascii=False, indent=2) + "\n")
    else:
        if fits(result, console.width):
            console.print(as_table(result))
        else:
            show_records(result, console)
        rows = len(result.rows)
        console.print(f"{rows:,} row{'' if rows == 1 else 's'}", style="dim", highlight=False)


def as_csv(result: Result) -> str:
    """RFC 4180 with a header and line feeds; null is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in result.columns])
    writer.writerows([["" if v is None else v for v in row] for row in result.rows])
    return out.getvalue()


def as_table(result: Result) -> Table:
    """A table for the terminal; numbers to the right, null as a dim word."""
    table = Table(header_style="bold", show_edge=False)
    for column in result.columns:
        kind = column.type.split("(")[0]
        justify = "right" if kind in _RIGHT else "left"
        # Folded rather than cut where the terminal is narrow: an id must stay whole.
        table.add_column(column.name, justify=justify, overflow="fold")
    for row in result.rows:
        table.add_row(*("[dim]null[/dim]" if v is None else _escaped(v) for v in row))
    return table


def fits(result: Result, width: int) -> bool:
    """Whether each column can have a few characters; else a table folds letter by letter."""
    return len(result.columns) * _NARROWEST <= width


def show_records(result: Result, console: Console) -> None:
    """One block a row, one line a column: for more columns than the terminal has room for."""
    widest = max(len(column.name) for column in result.columns)
    for number, row in enumerate(result.rows, start=1):
        console.print(f"row {number}", style="bold", highlight=False)
        for column, value in zip(result.columns, row, strict=True):
            shown = "[dim]null[/dim]" if value is None else _escaped(value)
            console.print(f"  {column.name:<{widest}}  {shown}", highlight=False, soft_wrap=True)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
