"""``lakehouse down``."""

import click


@click.command()
@click.option("--delete", is_flag=True, help="Also delete this lakehouse's data.")
def command(*, delete: bool) -> None:
    """Stop the local AWS and the demo org.

    Data stays, and the next `lakehouse up` goes on with it, unless --delete is given.
    The run times are kept in any case. An account's stack is removed with
    `make cdk ARGS='destroy LakehouseDev'`.

    \b
    Examples:
      lakehouse down
      lakehouse down --delete
    """
    from lakehouse_local.home import Home
    from lakehouse_tools.teardown import take_down

    take_down(Home.from_environment(), delete=delete, report=click.echo)
