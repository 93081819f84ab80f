"""``lakehouse doctor``."""

import click


@click.command()
def command() -> None:
    """Say what is missing on this machine, and what to do about it.

    Exit status 1 when something stands in the way of `lakehouse demo`.

    \b
    Example:
      lakehouse doctor
    """
    from lakehouse_local.home import Home
    from lakehouse_tools.display.checks import show
    from lakehouse_tools.doctor import examine
    from lakehouse_tools.errors import MachineError

    failed = 0
    for check in examine(Home.from_environment()):
        show(check)
        failed += check.passed is False
    if failed:
        raise MachineError(f"{failed} finding(s) stand in the way: see above")
