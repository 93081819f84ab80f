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

    Of one that still runs, timed out or was stopped it also shows where it is or was: its
    Glue runs and its build.

    \b
    Examples:
      lakehouse report
      lakehouse report 20260131-080000-3f9a
      lakehouse report --json --env prod
    """
    from lakehouse_tools.display import underway
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.outcomes import print_outcomes
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.executions import follow, history, outcomes
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
        progress = None
        if not said.startswith(history.TOLD):
            arn = history.arn_of(stack, name)
            progress = follow.Follower(environment, stack, arn).refresh()
        objects = outcomes.object_outcomes(environment, stack, name)
        build = outcomes.build_outcome(environment, stack, name)
        if as_json:
            told = {"execution": name, "status": said, "objects": objects, "build": build}
            if progress is not None:
                told["underway"] = underway.for_programs(progress)
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
            return
        click.echo(f"execution {name} {said}")
        if progress is not None:
            click.echo("\n".join(underway.lines(progress)))
        if not objects and build is None:
            if progress is None or not progress.running:
                click.echo("it left no outcomes: nothing was read, or they have been deleted")
            return
        print_outcomes(console, objects, build)
