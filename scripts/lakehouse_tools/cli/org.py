"""``lakehouse org``: the demo org alone."""

import click

from lakehouse_tools.cli import org_play


@click.group()
def command() -> None:
    """The demo org: a Salesforce-shaped server with data of its own.

    Do to it what people and servers do to a real one, run the pipeline again, and see
    that nothing is lost and nothing comes twice.

    \b
    Examples:
      lakehouse org start --records 10000
      lakehouse org change && lakehouse run
      lakehouse org field hide Account Rating && lakehouse run
      lakehouse org mood error --path Lead --status 503 && lakehouse run
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

    details = org.start(Home.from_environment(), records=records, say=click.echo)
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


for each in (org_play.field, org_play.record, org_play.mood, org_play.limit):
    command.add_command(each)
