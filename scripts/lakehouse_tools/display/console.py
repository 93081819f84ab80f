"""The console that commands print to."""

import os
import shutil
import sys
from pathlib import Path

from rich.console import Console

_WIDE = 1_000_000


def output() -> Console:
    """Standard output; into a file or a pipe nothing is wrapped or cut to a width."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


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
