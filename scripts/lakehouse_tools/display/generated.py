"""What a generation of dbt models did or would do: for a person, and as JSON."""

import json
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.dbt_models.plan import Plan, What
from lakehouse_tools.dbt_models.seed import SEED, SeedChange
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
    console: Console,
    plan: Plan,
    *,
    folder: str,
    check: bool,
    seed: SeedChange | None = None,
    from_raw: bool = False,
) -> None:
    """The table, the notes below it, of the org too, what raw cannot know, and how many files."""
    show(console, _table(plan))
    for row in plan.rows:
        for note in row.notes:
            show(console, Text(f"{row.object}: {note}", style=_STYLES[row.what]))
    for text in plan.notes:
        show(console, Text(text, style="yellow"))
    for text in _of_seed(seed):
        show(console, Text(text, style="yellow"))
    if from_raw:
        show(console, Text(_RAW, style="dim"))
    new_seed = seed is not None and seed.text is not None
    show(console, Text(closing_line(plan, folder=folder, check=check, seed=new_seed)))


def closing_line(plan: Plan, *, folder: str, check: bool, seed: bool = False) -> str:
    """What was written, in one line. ``seed``: that file too."""
    files = len(plan.changed)
    done = "would change" if check else "written"
    noun = "file" if files == 1 else "files"
    told = [f"{count(files)} {noun} {done} in {folder}"] if files else []
    told += [f"{SEED.as_posix()} {done}"] if seed else []
    return "; ".join(told) or f"nothing to write: {folder} is up to date"


def _of_seed(seed: SeedChange | None) -> Iterator[str]:
    """What the org's stages mean for the seed, a line each."""
    if seed is None:
        return
    where = SEED.as_posix()
    if seed.refused:
        yield f"{where} stays as it is, as the org does not tell its stages: {seed.refused}"
    if seed.added:
        yield f"{where}: new: {', '.join(seed.added)}"
    if seed.removed:
        yield f"{where}: shipped and not in the org, removed: {', '.join(seed.removed)}"
    if seed.unknown:
        yield f"{where}: not in the org: {', '.join(seed.unknown)}: kept"
    if seed.text is not None:
        yield f"{where}: records that are there get it by a full refresh (docs/dbt-models.md)"


def as_json(plan: Plan, seed: SeedChange | None = None) -> str:
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
    told: dict[str, Any] = {"objects": rows, "files": list(plan.changed), "notes": list(plan.notes)}
    if seed is not None:
        told["stages"] = {
            "file": SEED.as_posix(),
            "changed": seed.text is not None,
            "added": list(seed.added),
            "removed": list(seed.removed),
            "not_in_the_org": list(seed.unknown),
            "refused": seed.refused or None,
        }
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
