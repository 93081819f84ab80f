"""``lakehouse compare``."""

from pathlib import Path
from typing import Any

import click

from lakehouse_tools.cli import compare_infrastructure, compare_init
from lakehouse_tools.cli.options import (
    comparison_option,
    engine_option,
    environment_option,
    junit_option,
    memory_option,
)


@click.group(invoke_without_command=True)
@environment_option
@comparison_option("Which tables are compared, and how.")
@engine_option
@memory_option
@click.option(
    "--values",
    is_flag=True,
    help="Show the values that differ, not only their keys: they may be personal data.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("comparison"),
    show_default=True,
    help="Folder for the report of this run: HTML, Markdown, JSON.",
)
@junit_option
@click.pass_context
def command(
    context: click.Context,
    *,
    environment_name: str,
    config_path: Path,
    engine: str,
    memory: str,
    values: bool,
    output: Path,
    junit: Path | None,
) -> None:
    """Compare the old system's tables with the new ones, row by row, and judge the cut-over.

    Both sides are pinned and brought to the moment up to which the old one has loaded.
    What is written is the report, and a row for each table in the raw database's
    _comparison_runs. What stops the gate is printed; `lakehouse gate` looks at several runs.

    Exit status: 0 where the tables agree, 1 where they do not, 2 where something could
    not be compared, or the run not be recorded.

    \b
    Examples:
      lakehouse compare
      lakehouse compare --env dev --engine athena
      lakehouse compare --config mine.json --values
      lakehouse compare --junit comparison/junit.xml
    """
    if context.invoked_subcommand is not None:
        _refuse_own_options(context)
        return
    from lakehouse_tools.cli.finish import finish
    from lakehouse_tools.comparison import trend
    from lakehouse_tools.comparison.errors import before_comparing
    from lakehouse_tools.comparison.reading import read_config
    from lakehouse_tools.comparison.report.files import new_run, read_runs
    from lakehouse_tools.comparison.run import Kind, compare
    from lakehouse_tools.comparison.session import opened
    from lakehouse_tools.display.progress_bar import progress_bar
    from lakehouse_tools.environment import Environment, aws_errors

    with before_comparing():
        config = read_config(config_path)
    environment = Environment.named(environment_name)
    with (
        aws_errors(environment),
        opened(config, environment, engine=engine, memory=memory) as session,
        progress_bar("comparing") as progress,
    ):
        report = compare(
            config,
            session.engine,
            session.sides,
            run=new_run(),
            environment=session.environment,
            stack=session.stack,
            values=values,
            progress=progress,
        )
    stack = session.stack

    def earlier() -> list[dict[str, Any]]:
        if stack is None:
            return read_runs(output, Kind.COMPARISON)
        with aws_errors(environment):
            return trend.recorded(environment, stack)

    def record() -> None:
        if stack is not None:
            with aws_errors(environment):
                trend.record(environment, stack, report)

    finish(report, output, junit, earlier=earlier, record=record)


command.add_command(compare_infrastructure.command)
command.add_command(compare_init.command)


def _refuse_own_options(context: click.Context) -> None:
    """Options before a subcommand would go unheard."""
    for one in context.command.params:
        if context.get_parameter_source(str(one.name)) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(
                f"{one.opts[0]} stands before"
                f" {context.invoked_subcommand}, which would not see it: put it behind"
            )
