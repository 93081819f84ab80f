"""The command group: its commands, loaded when they are called, and its errors."""

from importlib import import_module
from typing import Any, Final

import click

from lakehouse_tools.cli import failure

# Command → module; the command in the module is named `command`. In the order of use.
COMMANDS: Final = {
    "demo": "demo",
    "doctor": "doctor",
    "setup": "setup",
    "discover": "discover",
    "up": "up",
    "deploy": "deploy",
    "secret": "secret",
    "connections": "connections",
    "run": "run",
    "stop": "stop",
    "status": "status",
    "report": "report",
    "query": "query",
    "history": "history",
    "erase": "erase",
    "docs": "docs",
    "compare": "compare",
    "gate": "gate",
    "validate": "validate",
    "register": "register",
    "dbt": "dbt",
    "org": "org",
    "down": "down",
    "review": "review",
}


class LakehouseGroup(click.Group):
    """Loads each command from its own module and turns errors into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which a person meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is needed."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"lakehouse_tools.cli.{COMMANDS[cmd_name]}").command

    def invoke(self, ctx: click.Context) -> Any:
        """Run, with every error but click's own as one line."""
        with failure.one_line():
            return super().invoke(ctx)


def standalone(command: click.Command) -> None:
    """Run one command, or a group of them, as a program of its own."""
    setattr(command, "invoke", failure.one_line()(command.invoke))  # noqa: B010 - it is a method
    command.main()


@click.group(cls=LakehouseGroup)
@click.version_option(package_name="lakehouse-constructs", prog_name="lakehouse")
def lakehouse() -> None:
    """A Salesforce lakehouse: run it, watch it, ask it.

    Everything works on a local AWS on this machine, without an account; commands with
    --env work on an AWS account too.

    \b
    First time:
      lakehouse demo                           the whole way, with a demo org
    With your own org:
      lakehouse up && lakehouse secret set && lakehouse run
    On AWS:
      lakehouse run --env dev

    LAKEHOUSE_HOME says where the local data lies (default: .lakehouse here),
    LAKEHOUSE_LOCAL_PORT which port is used (default: 4566), LAKEHOUSE_SPARK_POOL how many
    Spark processes wait for dbt, of 1 GB each (0 to 16, default: 1).
    """
