"""``lakehouse status``."""

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How many executions.",
)
def command(*, environment_name: str, limit: int) -> None:
    """Show the last executions and where each object stands.

    Rows are versions in the raw table; "behind" is the time since the watermark. Exit
    status 1 when the last execution that ended did not succeed.

    \b
    Examples:
      lakehouse status
      lakehouse status --env prod --limit 20
    """
    from datetime import UTC, datetime

    from lakehouse_tools.display import standing
    from lakehouse_tools.display.console import output
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import ExecutionError
    from lakehouse_tools.executions import history
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    console = output()
    with aws_errors(environment):
        stack = read_stack(environment)
        past = history.executions(environment, stack, limit=max(limit, 20))
        if not past:
            click.echo(f"no executions yet: start one with `lakehouse run{environment.option}`")
            return
        now = datetime.now(UTC)
        console.print(standing.executions_table(past[:limit], now))
        console.print()
        console.print(standing.objects_table(history.object_states(environment, stack, past), now))
        ended = [execution for execution in past if execution.status != "RUNNING"]
        if ended and ended[0].status != "SUCCEEDED":
            cause = history.cause_of(environment, ended[0])
            raise ExecutionError(
                f"the last execution, {ended[0].name}, {ended[0].status}:"
                f" {cause or 'no cause given'}"
            )
