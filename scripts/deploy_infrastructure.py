"""Deploy the stack: ``python scripts/deploy_infrastructure.py --env dev``."""

from lakehouse_tools.cli.deploy import command
from lakehouse_tools.cli.group import standalone

if __name__ == "__main__":
    standalone(command)
