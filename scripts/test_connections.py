"""Try each connection the pipeline needs: ``python scripts/test_connections.py --env dev``."""

from lakehouse_tools.cli.connections import command
from lakehouse_tools.cli.group import standalone

if __name__ == "__main__":
    standalone(command)
