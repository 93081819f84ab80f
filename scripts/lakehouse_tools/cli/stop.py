"""``lakehouse stop``."""

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
@click.argument("execution", required=False)
def command(*, environment_name: str, execution: str | None) -> None:
    """End a running execution: the newest unless named. Its Glue runs and build end too.

    What was committed stays; the next run goes on from there.

    \b
    Examples:
      lakehouse stop
      lakehouse stop 20260131-080000-3f9a --env dev
    """
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import RequestError
    from lakehouse_tools.executions import history, start
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
        running = [
            past
            for past in history.executions(environment, stack, limit=100)
            if past.status == "RUNNING" and execution in (None, past.name)
        ]
        if not running:
            wanted = f"execution {execution}" if execution else "no execution"
            verb = "is not running" if execution else "is running"
            raise RequestError(
                f"{wanted} {verb}: `lakehouse status{environment.option}` lists them"
            )
        start.stop(environment, running[0].arn)
    click.echo(f"execution {running[0].name} stopped")
