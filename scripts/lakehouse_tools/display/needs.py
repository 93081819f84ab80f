"""What needs a person, as paragraphs."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from lakehouse_tools.display.console import show
from lakehouse_tools.executions.needs import URGENT, Need


def show_needs(console: Console, found: Sequence[Need]) -> None:
    """What is the matter, with the objects that share it; what to do about it once."""
    if not found:
        show(console, Text("nothing needs you", style="green"))
        return
    show(console, Text("needs you", style="bold"))
    for (kind, remedy), some in groupby(found, key=lambda need: (need.kind, need.remedy)):
        style = "bold red" if kind in URGENT else "yellow"
        by_text: dict[str, list[str]] = {}
        for need in some:
            by_text.setdefault(need.text, []).append(need.object)
        # A login that is refused fails every object with the same words: once is enough.
        for text, names in by_text.items():
            show(console, Text.assemble((kind, style), f"  {', '.join(names)}"))
            show(console, Padding(Text(text), (0, 0, 0, 2)))
        if remedy:
            show(console, Padding(Text(f"→ {remedy}"), (0, 0, 0, 2)))
