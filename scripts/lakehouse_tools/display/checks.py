"""A check as a person reads it: a mark, what, how long, and below it what to do."""

import shutil
import sys
import textwrap
from typing import Final

import click

from lakehouse_tools.checks import Check
from lakehouse_tools.display.words import duration

_MARKS: Final = {True: "✓", False: "✗", None: "-"}
_COLOURS: Final = {True: "green", False: "red", None: "yellow"}
_NARROWEST: Final = 40
NAME_WIDTH: Final = 19  # OpportunityLineItem


def lines(check: Check, *, width: int | None) -> list[str]:
    """The lines of one check; into a file or a pipe (``width`` None) they are not wrapped."""
    took = f"  {duration(check.seconds)}" if check.seconds >= 0.05 else ""
    mark, name = _MARKS[check.passed], f"{check.name:<{NAME_WIDTH}} "
    arrow = " " * (len(name) + 2) + "→ "
    if width is not None and width - len(arrow) < _NARROWEST:
        name, arrow = f"{check.name}: ", "  → "
    told = _wrapped(f"{check.text}{took}", f"{mark} {name}", width)
    if check.remedy:
        told += _wrapped(check.remedy, arrow, width)
    return told


def show(check: Check) -> None:
    """Print it at once, so that a person sees how far things are."""
    on_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else None
    first, *others = lines(check, width=width)
    mark = click.style(first[0], fg=_COLOURS[check.passed])
    click.echo("\n".join([mark + first[1:], *others]))
    sys.stdout.flush()


def _wrapped(text: str, head: str, width: int | None) -> list[str]:
    if width is None:
        return [head + text]
    indent = len(head) if width - len(head) >= _NARROWEST else 4
    return textwrap.wrap(
        head + text, max(width, 20), subsequent_indent=" " * indent, break_on_hyphens=False
    )
