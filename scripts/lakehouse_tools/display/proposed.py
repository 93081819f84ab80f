"""A proposed mapping at the terminal: pairs with their confidence, and what nothing covers."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.comparison.proposal.tables import TableProposal
from lakehouse_tools.display.console import show

_SURE = 0.9


def print_proposals(
    console: Console,
    proposals: list[TableProposal],
    added: list[str],
    uncovered: list[TableProposal],
    path: Path,
    *,
    written: bool,
) -> None:
    """Print every pair, column by column, then what was or would be added to the file."""
    for one in proposals:
        if one.new is None:
            continue
        show(console, Text(f"{one.old} ↔ {one.new}  {one.confidence:.2f}  {one.why}", "bold"))
        table = Table(box=None, header_style="dim", pad_edge=False)
        for name in ("", "old", "new", "rules", "why"):
            table.add_column(name, overflow="fold")
        for pair in one.columns:
            rules = ", ".join(str(v if k == "cast" else "/".join(v)) for k, v in pair.rules.items())
            style = "green" if pair.confidence >= _SURE else "yellow"
            told = Text(f"{pair.confidence:.2f}", style)
            table.add_row(told, Text(pair.old), Text(pair.new), Text(rules), Text(pair.why))
        show(console, table)
        if one.without:
            show(console, Text(f"  nothing covers {', '.join(one.without)}", "yellow"))
        console.print()
    for one in uncovered:
        show(console, Text(f"nothing covers the old table {one.old}: {one.why}", "bold red"))
    verb = "added to" if written else "to be added to"
    for sentence in added:
        show(console, Text(f"{verb} {path}: {sentence}"))
    if added and not written:
        show(console, Text("look through it, then: lakehouse compare init --write", "dim"))
    if not added:
        show(console, Text(f"{path} lacks nothing of this"))
