"""``lakehouse register``."""

import sys

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
@click.argument("names", metavar="[OBJECT]...", nargs=-1)
@click.option("--metadata", help="Take this metadata file (s3://…) of the one OBJECT named.")
@click.option("--yes", is_flag=True, help="Register without asking.")
def command(
    *, environment_name: str, names: tuple[str, ...], metadata: str | None, yes: bool
) -> None:
    """Take raw tables up again that the Glue catalog has lost, from the files in the lake.

    Where somebody dropped a raw table from the catalog, a run refuses to make an empty one in
    its place. This registers the table again, as its newest metadata file has it: rows, batch
    and watermark of one moment, and the next run goes on from there. Without OBJECT it looks
    for all tables of configured objects, and for _runs, _rejected and _comparison_runs.

    It shows what it found and asks. Files that the table needs have to be there; nothing is
    written but the entry in the catalog and a metadata file.

    \b
    Examples:
      lakehouse register
      lakehouse register --env prod Account Contact
      lakehouse register Account --metadata s3://…/metadata/00041-….metadata.json
    """
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.registered import show_found
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import RegisterError, RequestError
    from lakehouse_tools.iceberg_catalog import catalog
    from lakehouse_tools.registration.finding import find
    from lakehouse_tools.registration.registering import register
    from lakehouse_tools.stack import read_stack

    if not yes and not sys.stdin.isatty():
        raise RequestError("nobody is here to be asked: say --yes to register")
    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
        lake = catalog(environment)
        found = find(environment, stack, names=names, given=metadata, storage=lake.properties)
        show_found(output(), found, option=environment.option)
        if found.lost:
            tables = f"{len(found.lost)} table{'' if len(found.lost) == 1 else 's'}"
            if not yes:
                click.confirm(f"Register {tables} in {stack.raw_database}?", abort=True)
            for lost in found.lost:
                register(lake, stack, lost.state)
                click.echo(f"registered: {stack.raw_database}.{lost.state.table}")
            click.echo(f"next: `lakehouse run{environment.option}` goes on from there")
        elif not found.refused:
            click.echo(f"nothing to register: {stack.raw_database} lacks no table that lies in S3")
    if found.refused:
        raise RegisterError(f"{len(found.refused)} table(s) not registered: see above")
