"""``lakehouse setup``."""

import click


@click.command()
@click.option("--dev", is_flag=True, help="Also what only the tests need.")
def command(*, dev: bool) -> None:
    """Fetch what the local lakehouse needs, and start nothing.

    Glue's and dbt's Python packages, the Iceberg jars, the CDK CLI: all from lock files,
    into runtimes/ in the lakehouse's folder. What is there already is kept.

    \b
    Example:
      lakehouse setup
    """
    from lakehouse_local import runtimes
    from lakehouse_local.home import Home

    home = Home.from_environment()
    runtimes.ensure(home, click.echo, dev=dev)
    click.echo(f"ready: {home.runtimes}")
