"""``lakehouse demo``."""

import click

from lakehouse_tools.cli.options import plain_option


@click.command()
@click.option(
    "--records",
    type=click.IntRange(min=1_000),
    help="Records in the demo org when it is made.  [default: 100000]",
)
@click.option(
    "--keep/--fresh",
    default=True,
    show_default=True,
    help="Go on with the local lakehouse that is there, or delete it first.",
)
@click.option(
    "--plant",
    type=click.Choice(["lost-batch"]),
    help="A fault for the comparison to find: accounts that only the old lake has got.",
)
@plain_option
def command(*, records: int | None, keep: bool, plant: str | None, plain: bool) -> None:
    """Go the whole way on this machine, with a demo org.

    Starts the local AWS and the demo org, deploys the stack with the CDK CLI, runs it,
    changes the org, runs again, and shows what is in the marts. At the end an old lake
    that was loaded from the same org is compared with them. Seconds by phase are also
    written to demo.json in the lakehouse's folder.

    \b
    Examples:
      lakehouse demo
      lakehouse demo --records 10000 --fresh
      lakehouse demo --plant lost-batch
    """
    from lakehouse_tools.demo.tour import Tour
    from lakehouse_tools.display.console import output
    from lakehouse_tools.environment import LOCAL, Environment, aws_errors

    environment = Environment.named(LOCAL)
    tour = Tour(environment, console=output(), plain=plain)
    with aws_errors(environment):
        tour.go(records=records, fresh=not keep, lost_batch=plant is not None)
