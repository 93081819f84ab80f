"""``lakehouse connections``."""

import click

from lakehouse_tools.cli.options import environment_option


@click.command()
@environment_option
def command(*, environment_name: str) -> None:
    """Try each connection the pipeline needs: AWS services, and the Salesforce sign-in.

    \b
    Examples:
      lakehouse connections
      lakehouse connections --env dev
    """
    from lakehouse_tools.connections import check_all
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.errors import MachineError
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
    failed = 0
    for check in check_all(environment, stack):
        click.echo(f"{'✓' if check.passed else '✗'} {check.name:<12} {check.text}")
        failed += not check.passed
    if failed:
        raise MachineError(f"{failed} connection(s) failed: see above")
