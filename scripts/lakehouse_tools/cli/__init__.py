"""The ``lakehouse`` command. One file a command; this one puts them together.

A command's module imports what it needs inside its function, so that ``lakehouse --help``
answers at once.
"""

from lakehouse_tools.cli.group import LakehouseGroup
from lakehouse_tools.cli.group import lakehouse as cli

__all__ = ["LakehouseGroup", "cli", "main"]


def main() -> None:
    """Entry point of the console command."""
    cli(prog_name="lakehouse")
