"""``lakehouse org``: the demo org alone."""

import click


@click.group()
def command() -> None:
    """The demo org: a Salesforce-shaped server with data of its own.

    \b
    Examples:
      lakehouse org start --records 10000
      lakehouse org change
    """


@command.command()
@click.option("--records", type=click.IntRange(min=1_000), help="Records when it is made anew.")
def start(*, records: int | None) -> None:
    """Start it, and make its data the first time.

    \b
    Example:
      lakehouse org start --records 10000
    """
    from lakehouse_local.home import Home
    from lakehouse_tools.demo import org

    details = org.start(Home.from_environment(), records=records)
    click.echo(f"demo org at {details.url}")


@command.command()
def stop() -> None:
    """Stop it; its data stays.

    \b
    Example:
      lakehouse org stop
    """
    from lakehouse_local.home import Home
    from lakehouse_local.salesforce_org import lifecycle

    home = Home.from_environment()
    stopped = lifecycle.stop(home)
    click.echo(f"{'stopped' if stopped else 'did not run'}: demo org of port {home.port}")


@command.command()
def status() -> None:
    """Say whether it runs and what it holds.

    \b
    Example:
      lakehouse org status
    """
    from lakehouse_local.home import Home
    from lakehouse_local.salesforce_org import lifecycle

    click.echo(str(lifecycle.status(Home.from_environment())))


@command.command()
def change() -> None:
    """Insert, update and delete records, and add a custom field.

    \b
    Example:
      lakehouse org change && lakehouse run
    """
    from lakehouse_local.home import Home
    from lakehouse_local.salesforce_org import lifecycle

    click.echo(str(lifecycle.change(Home.from_environment())))
