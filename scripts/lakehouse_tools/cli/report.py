"""``lakehouse report``."""

import json

import click

from lakehouse_tools.cli.options import environment_option, json_option


@click.command()
@environment_option
@json_option
@click.argument("execution", required=False)
def command(*, environment_name: str, execution: str | None, as_json: bool) -> None:
    """Show what one execution did, object by object: the last one unless named.

    \b
    Examples:
      lakehouse report
      lakehouse report 20260131-080000-3f9a
      lakehouse report --json --env prod
    """
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.outcomes import print_outcomes
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.executions import history, outcomes
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    console = output()
    with aws_errors(environment):
        stack = read_stack(environment)
        name = execution
        if name is None:
            past = history.executions(environment, stack, limit=1)
            if not past:
                click.echo(f"no executions yet: start one with `lakehouse run{environment.option}`")
                return
            name = past[0].name
        said = history.said_of(environment, stack, name)
        objects = outcomes.object_outcomes(environment, stack, name)
        build = outcomes.build_outcome(environment, stack, name)
        if as_json:
            told = {"execution": name, "status": said, "objects": objects, "build": build}
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
            return
        click.echo(f"execution {name} {said}")
        if not objects and build is None:
            click.echo("it left no outcomes: nothing was read, or they have been deleted")
            return
        print_outcomes(console, objects, build)
