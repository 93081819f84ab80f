"""The console that commands print to."""

import os
import re
import shutil
import sys
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

_WIDE = 1_000_000


def output() -> Console:
    """Standard output; into a file or a pipe nothing is wrapped or cut to a width."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


def show(console: Console, what: RenderableType) -> None:
    """Print without the blanks with which rich fills lines up to a table's width."""
    with console.capture() as captured:
        console.print(what, soft_wrap=console.width == _WIDE and isinstance(what, Text))
    lines = captured.get().splitlines()
    console.file.write("".join(_trimmed(line) + "\n" for line in lines))


def _trimmed(line: str) -> str:
    """Without blanks at the end, also those before a colour's end."""
    return re.sub(r"[ ]+((?:\x1b\[[0-9;]*m)*)$", r"\1", line)


def program(port: int | None = None) -> str:
    """How the person calls this command here, for commands to paste.

    ``port``: of a local lakehouse that is not the default one.
    """
    name = "lakehouse"
    own = Path(sys.executable).parent / name
    found = shutil.which(name)
    if own.exists() and (found is None or Path(found).resolve() != own.resolve()):
        name = os.path.relpath(own)
    return name if port is None else f"LAKEHOUSE_LOCAL_PORT={port} {name}"
