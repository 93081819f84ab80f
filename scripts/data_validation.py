"""Check the new side alone: ``python scripts/data_validation.py --env dev``."""

from lakehouse_tools.cli.group import standalone
from lakehouse_tools.cli.validate import command

if __name__ == "__main__":
    standalone(command)
