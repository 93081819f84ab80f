"""Deploy the stack: ``python scripts/deploy_infrastructure.py --env dev``."""

from lakehouse_tools.cli.group import standalone
from lakehouse_tools.cli.up import command

if __name__ == "__main__":
    standalone(command)
