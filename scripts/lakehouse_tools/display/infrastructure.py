"""Two systems' infrastructure at the terminal: what is lacking, what is open, what to import."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.comparison.infrastructure.compared import Infrastructure
from lakehouse_tools.comparison.infrastructure.counterparts import Have
from lakehouse_tools.comparison.infrastructure.report import by, counted, verdict
from lakehouse_tools.display.console import show

_STYLES: Final = {Have.SAME: "green", Have.OTHERWISE: "green", Have.LACKS: "bold red"}


def print_infrastructure(console: Console, found: Infrastructure) -> None:
    """Print what came of it: each old resource, what is open in either, what can be imported."""
    agreed = [c for c in found.counterparts if c.have is Have.LACKS and c not in found.lacking]
    _print(console, ("", "part", "old resource", "new"), [
        (Text("agreed", "yellow") if c in agreed else Text(c.have, _STYLES[c.have]),
         c.part, c.id, f"{by(c)}; {c.why}" if c.by and c.why else c.why or by(c))
        for c in sorted(found.counterparts, key=lambda c: (c not in found.lacking, c.part))
    ])  # fmt: skip
    old, new = counted(found.open_old), counted(found.open_new)
    kinds = [*dict.fromkeys([*old, *new])]
    if kinds:
        _print(console, ("what is open", "old", "new"), [
            (kind, f"{old.get(kind, 0)}", f"{new.get(kind, 0)}") for kind in kinds
        ])  # fmt: skip
    for one in found.worse:
        show(
            console,
            Text(f"  close it or --allow open:{one.id}: {one.kind}: {one.text}", "bold red"),
        )
    if found.imports:
        _print(console, ("can be imported", "identifier", "as", ""), [
            (i.id, f"{i.identifier}: {i.value or 'not known'}", i.target or "–", i.why)
            for i in found.imports
        ])  # fmt: skip
    told = Text(verdict(found), "green" if found.passes else "bold red")
    show(console, Text.assemble("infrastructure: ", told))


def _print(console: Console, names: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    show(console, table)
    console.print()
