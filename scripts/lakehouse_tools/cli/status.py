"""``lakehouse status``."""

import click

from lakehouse_tools.cli.options import environment_option, json_option


@click.command()
@environment_option
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How many executions.",
)
@json_option
def command(*, environment_name: str, limit: int, as_json: bool) -> None:
    """Show the last executions, where each object stands, and what needs a person.

    Rows are versions in the raw table; "behind" is the time since the watermark. Exit
    status 1 when the last execution that ended did not succeed, an object's last run
    failed, or an object is older than its stale_after_minutes; else 0.

    \b
    Examples:
      lakehouse status
      lakehouse status --env prod --json
    """
    from lakehouse_tools.display import status
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import ExecutionError
    from lakehouse_tools.executions.standing import look
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    with aws_errors(environment):
        standing = look(environment, read_stack(environment), limit=limit)
    if as_json:
        click.echo(status.as_json(standing))
    else:
        status.show_standing(standing)
    if standing.failure:
        raise ExecutionError(standing.failure)
    if standing.exit_status:
        raise click.exceptions.Exit(standing.exit_status)
