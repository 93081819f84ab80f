"""The reference of the command, made from its help: ``python -m lakehouse_tools.cli.reference``."""

from collections.abc import Iterator

import click

from lakehouse_tools.cli import cli

_HEAD = """\
# The `lakehouse` command

Made from the command's own help by `make reference`; a test keeps the two equal.
"""


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group with its full name, groups before their members."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def help_of(path: str, command: click.Command) -> str:
    """The help as a terminal of 88 columns shows it."""
    context = click.Context(command, info_name=path, max_content_width=88, terminal_width=88)
    return command.get_help(context)


def text() -> str:
    """The whole page, Markdown."""
    parts = [_HEAD, _section("lakehouse", cli)]
    parts += [_section(path, command) for path, command in commands(cli, "lakehouse")]
    return "\n".join(parts)


def _section(path: str, command: click.Command) -> str:
    return f"## {path}\n\n```text\n{help_of(path, command)}\n```\n"


if __name__ == "__main__":
    click.echo(text(), nl=False)
