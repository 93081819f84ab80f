"""``lakehouse connections``."""

import click

from lakehouse_tools.cli.options import environment_option, json_option


@click.command()
@environment_option
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(["s3", "kms", "catalog", "athena", "secret", "salesforce", "dbt"]),
    help="Leave this out; repeat for more.",
)
@json_option
def command(*, environment_name: str, skip: tuple[str, ...], as_json: bool) -> None:
    """Try each connection the pipeline needs: AWS services, the Salesforce org, dbt.

    Of the org: the sign-in, what is left of its API limits, and whether the user may read
    each configured object and each field that the configuration names. `-` before a line
    is worth knowing and stands in nobody's way. In an account, dbt starts a Glue session,
    which is billed for a minute.

    Exit status: 0, or 1 where a connection failed.

    \b
    Examples:
      lakehouse connections
      lakehouse connections --env dev --skip dbt
      lakehouse connections --env prod --json
    """
    from lakehouse_tools import checks
    from lakehouse_tools.connections import check_all
    from lakehouse_tools.display.checks import show
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import EXIT_FAILED, MachineError
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
    found: list[checks.Check] = []
    for check in check_all(environment, stack, skip=skip):
        found.append(check)
        if not as_json:
            show(check)
    failed = sum(check.passed is False for check in found)
    if as_json:
        click.echo(checks.as_json(environment, found))
        if failed:
            raise click.exceptions.Exit(EXIT_FAILED)
    if failed:
        raise MachineError(f"{failed} connection(s) failed: see above")
