"""How much of this machine's memory DuckDB may take."""

from typing import Final

# Of the process it is the greater part, not all: with this it stays below 1 GB.
MEMORY: Final = "750MB"
