"""``lakehouse query``."""

import sys

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How rows are printed.",
)
@click.option("--database", help="Where unqualified names are looked up.  [default: the marts]")
def command(*, environment_name: str, sql: str, form: str, database: str | None) -> None:
    """Ask the lake through Athena, in the deployed workgroup. SQL "-" reads standard input.

    \b
    Examples:
      lakehouse query "select count(*) from dim_account where is_current"
      lakehouse query --format csv "select * from fct_opportunities" > opportunities.csv
      lakehouse query --database lakehouse_dev_raw "select * from account limit 5"
    """
    from lakehouse_tools import athena
    from lakehouse_tools.display import tables
    from lakehouse_tools.display.console import output
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import RequestError
    from lakehouse_tools.stack import read_stack

    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise RequestError("query: got no SQL: give a statement in quotes, or - and one on stdin")
    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
        result = athena.query(environment, stack, text, database=database)
    tables.show(result, form=form, console=output())
