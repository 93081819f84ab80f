"""``lakehouse up``."""

import click

from lakehouse_tools.cli.options import environment_option, plain_option


@click.command()
@environment_option
@click.option("--demo-org", is_flag=True, help="Start the demo org too and fill the secret for it.")
@click.option("--records", type=click.IntRange(min=1_000), help="Records in a new demo org.")
@plain_option
@click.pass_context
def command(
    context: click.Context,
    *,
    environment_name: str,
    demo_org: bool,
    records: int | None,
    plain: bool,
) -> None:
    """Start the local AWS and deploy the stack, or deploy it to an account.

    The Salesforce secret stays unfilled: fill it with `lakehouse secret set`. Calling it
    again deploys what changed; a demo org that was there starts again. In an account
    this is `lakehouse deploy`.

    \b
    Examples:
      lakehouse up
      lakehouse up --demo-org --records 10000
      lakehouse up --env dev
    """
    from lakehouse_tools import secret
    from lakehouse_tools.cli import deploy
    from lakehouse_tools.deploy import local
    from lakehouse_tools.display.console import output
    from lakehouse_tools.display.status_line import status_line
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    if environment.home is None:
        if demo_org or records:
            raise click.UsageError("--demo-org and --records are for the local AWS.")
        context.invoke(deploy.command, environment_name=environment_name)
        return
    console = output()
    from lakehouse_local import runtimes, server

    with aws_errors(environment):
        with status_line(console, "setting up", plain=plain, few=True) as report:
            runtimes.ensure(environment.home, report)
        with status_line(console, "starting the local AWS", plain=plain) as report:
            server.start(environment.home, report)
        with status_line(console, "deploying", plain=plain) as report:
            local.deploy(environment, report=report)
        stack = read_stack(environment)
        click.echo(f"local AWS at {environment.endpoint}, stack {environment.stack_name} deployed")
        # The org that `down` stopped comes back with the rest.
        if demo_org or (environment.home.org / "port").exists():
            from lakehouse_tools.demo import org

            details = org.start(environment.home, records=records)
            if demo_org:
                org.fill_secret(environment, stack, details)
            click.echo(f"demo org at {details.url}")
        if secret.filled_for(environment, stack) is None:
            click.echo("next: `lakehouse secret set`, then `lakehouse run`")
        else:
            click.echo("next: `lakehouse run`")
