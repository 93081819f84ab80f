"""What needs a person, as paragraphs."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from lakehouse_tools.display.console import show
from lakehouse_tools.executions.needs import URGENT, Need


def show_needs(console: Console, found: Sequence[Need]) -> None:
    """One paragraph each: what is the matter, then what to do."""
    if not found:
        show(console, Text("nothing needs you", style="green"))
        return
    show(console, Text("needs you", style="bold"))
    for need in found:
        style = "bold red" if need.kind in URGENT else "yellow"
        show(console, Text.assemble((need.kind, style), f"  {need.object}"))
        show(console, Padding(Text(need.text), (0, 0, 0, 2)))
        if need.remedy:
            show(console, Padding(Text(f"→ {need.remedy}"), (0, 0, 0, 2)))
