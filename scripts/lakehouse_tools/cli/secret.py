"""``lakehouse secret``: the org's credentials. Never an argument, never shown."""

import json

import click

from lakehouse_tools.cli.options import environment_option


@click.group()
def command() -> None:
    """The org's credentials in the environment's secret.

    \b
    Example:
      lakehouse secret set
    """


@command.command("set")
@environment_option
@click.option("--jwt", is_flag=True, help="Ask for a user and a private key (JWT bearer).")
@click.option(
    "--from-file",
    type=click.Path(allow_dash=True, path_type=str),
    help="JSON with the credentials; - reads standard input.",
)
def set_secret(*, environment_name: str, jwt: bool, from_file: str | None) -> None:
    """Put the org's credentials into the secret.

    Asks for them, without showing what is secret, or reads them as JSON. They are
    checked for their form first; `lakehouse connections` then tries to sign in.

    \b
    Examples:
      lakehouse secret set
      lakehouse secret set --env dev --jwt
      lakehouse secret set --from-file - < credentials.json
    """
    from lakehouse_tools import secret
    from lakehouse_tools.cli.credentials import ask, read
    from lakehouse_tools.environment import Environment, aws_errors
    from lakehouse_tools.stack import read_stack

    environment = Environment.named(environment_name)
    with aws_errors(environment):
        stack = read_stack(environment)
        if from_file is not None:
            text, where = read(from_file, option="--from-file")
        else:
            text, where = json.dumps(ask(jwt=jwt)), "as typed"
        credentials = secret.parse(text, where=where)
        secret.put(environment, stack, credentials)
    click.echo(f"secret filled for {credentials['instance_url']}")
    click.echo(f"next: `lakehouse connections{environment.option}` tries to sign in")
