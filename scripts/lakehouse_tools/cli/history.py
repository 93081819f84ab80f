"""``lakehouse history``."""

import click

from lakehouse_tools.cli.options import environment_option, json_option


@click.command()
@environment_option
@click.argument("object_name", metavar="OBJECT")
@click.argument("record", metavar="ID")
@click.option("--fields", help="Only these fields: API names with commas.  [default: all]")
@json_option
def command(
    *, environment_name: str, object_name: str, record: str, fields: str | None, as_json: bool
) -> None:
    """Show every version of one record, and the mart rows they became.

    From raw, in order: what changed, deletions and undeletions, which run, batch and (while
    it is kept) Iceberg snapshot brought it. Then its rows in staging and marts, and the marts
    that carry its id. ID has 15 or 18 characters.

    It prints what the record says, personal data too, to whoever may query the lake: mind
    where the output goes. Changes nothing.

    \b
    Examples:
      lakehouse history Account 0015g00000XyZabAAF
      lakehouse history Opportunity 0065g00000AbCde --fields StageName,Amount
      lakehouse history --env prod --json Contact 0035g00000QwErtAAF
    """
    from lakehouse_tools.display import record_history
    from lakehouse_tools.display.console import output
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.stack import read_stack
    from lakehouse_tools.versions.looking import look

    environment = Environment.named(environment_name)
    asked = [name.strip() for name in (fields or "").split(",") if name.strip()]
    with aws_errors(environment):
        stack = read_stack(environment)
        found = look(environment, stack, object_name=object_name, record=record, fields=asked)
    if as_json:
        click.echo(record_history.as_json(found))
    else:
        record_history.show_history(output(), found, option=environment.option)
