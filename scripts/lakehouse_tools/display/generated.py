"""What a generation of dbt models did or would do: for a person, and as JSON."""

import json
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.dbt_models.plan import Plan, What
from lakehouse_tools.display.console import show
from lakehouse_tools.display.standing import lean_table
from lakehouse_tools.display.words import count

_STYLES: Final = {
    What.WRITTEN: "green",
    What.UPDATED: "green",
    What.EDITED: "yellow",
    What.DROPPED: "yellow",
    What.LEFT_OUT: "yellow",
    What.HAND_MADE: "dim",
    What.UNCHANGED: "dim",
}


_RAW: Final = (
    "Raw tells no help texts, decimals, picklists or references, and no labels of objects:"
    " currency is decimal(18, 2), a price decimal(24, 8), and nothing but keys is tested. The org"
    " tells them."
)


def show_plan(
    console: Console, plan: Plan, *, folder: str, check: bool, from_raw: bool = False
) -> None:
    """The table, the notes below it, of the org too, what raw cannot know, and how many files."""
    show(console, _table(plan))
    for row in plan.rows:
        for note in row.notes:
            show(console, Text(f"{row.object}: {note}", style=_STYLES[row.what]))
    for text in plan.notes:
        show(console, Text(text, style="yellow"))
    if from_raw:
        show(console, Text(_RAW, style="dim"))
    show(console, Text(closing_line(plan, folder=folder, check=check)))


def closing_line(plan: Plan, *, folder: str, check: bool) -> str:
    """What was written, in one line."""
    files = len(plan.changed)
    if not files:
        return f"nothing to write: {folder} is up to date"
    noun = "file" if files == 1 else "files"
    return f"{count(files)} {noun} {'would change' if check else 'written'} in {folder}"


def as_json(plan: Plan) -> str:
    """The same for programs."""
    rows = [
        {
            "object": row.object,
            "outcome": row.what.value,
            "model": row.model,
            "columns": row.columns,
            "notes": list(row.notes),
        }
        for row in plan.rows
    ]
    told = {"objects": rows, "files": list(plan.changed), "notes": list(plan.notes)}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _table(plan: Plan) -> Table:
    table = lean_table("object", "", "model", "columns", right=("columns",))
    for row in plan.rows:
        table.add_row(
            row.object,
            Text(row.what.value, style=_STYLES[row.what]),
            row.model or "–",
            "–" if row.columns is None else count(row.columns),
        )
    return table
