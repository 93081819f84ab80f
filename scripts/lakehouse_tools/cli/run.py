"""``lakehouse run``."""

import click

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_tools.cli.options import environment_option, plain_option

_MODES = [mode.value for mode in Mode]


@click.command()
@environment_option
@click.option("--objects", help="Objects by API name, with commas between them.  [default: all]")
@click.option("--groups", help="Groups of the configuration, with commas.  [default: all]")
@click.option("--mode", type=click.Choice(_MODES), help="How to read.  [default: incremental]")
@click.option("--since", help="Read again what was changed from this time on (UTC, ISO 8601).")
@click.option("--until", help="Read again what was changed before this time (UTC, ISO 8601).")
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Rebuild every model from raw; also when nothing is new.",
)
@click.option(
    "--models",
    metavar="SELECTORS",
    help="Build only what dbt's selectors with commas between them name, such as tag:core.",
)
@click.option("--wait/--no-wait", default=True, help="Follow it, or only start it.")
@plain_option
def command(
    *,
    environment_name: str,
    objects: str | None,
    groups: str | None,
    mode: str | None,
    since: str | None,
    until: str | None,
    full_refresh: bool,
    models: str | None,
    wait: bool,
    plain: bool,
) -> None:
    """Start the deployed pipeline and follow it.

    Ends with exit status 1 when the execution fails, and says why. Ctrl-C stops
    following; the execution goes on. What these credentials may not look at beforehand,
    such as the secret, the run looks at itself.

    \b
    Modes. All but the first compare with raw and append only what differs:
      incremental  what changed since the last run
      reconcile    ids and stamps of all records: finds what is missing, what is gone
      refresh      formula fields of all records: they change without a trace
      full         all fields of all records: finds all of this, reads the most

    A range reads again what was last changed in it; what is gone shows in none.

    \b
    Examples:
      lakehouse run
      lakehouse run --objects Account,Contact --mode full
      lakehouse run --objects Account --since 2026-01-31 --until 2026-02-02T12:00:00Z
      lakehouse run --env dev --groups sales --no-wait
    """
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.outcome import run_and_follow
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.executions.beforehand import look
    from lakehouse_tools.executions.start import Request, name_of, names, period, start
    from lakehouse_tools.stack import read_stack

    request = Request(
        objects=names(objects, option="--objects"),
        groups=names(groups, option="--groups"),
        mode=Mode(mode) if mode else None,
        period=period(since, until),
        full_refresh=full_refresh,
        models=names(models, option="--models"),
    )
    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
        for note in look(environment, stack, request):
            click.echo(note, err=True)
        arn = start(environment, stack, request)
        if wait:
            run_and_follow(environment, stack, arn, console=output(), plain=plain)
        else:
            click.echo(f"execution {name_of(arn)} started")
            click.echo(f"see how it goes with `lakehouse status{environment.option}`")
