"""An org's credentials from the person at the terminal: typed, or as JSON."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse_tools.errors import RequestError

if TYPE_CHECKING:
    from lakehouse_jobs.salesforce.secret import Credentials


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that reads an org: the parameters of :func:`of_org`."""
    for option in reversed(
        (
            click.option(
                "--secret-file",
                type=click.Path(allow_dash=True, path_type=str),
                help="JSON with the org's credentials instead of the deployed secret;"
                " - reads stdin.",
            ),
            click.option(
                "--ask", is_flag=True, help="Ask for the credentials; they are kept nowhere."
            ),
            click.option(
                "--jwt", is_flag=True, help="With --ask: a user and a private key (JWT bearer)."
            ),
        )
    ):
        command = option(command)
    return command


def of_org(
    environment_name: str, secret_file: str | None, *, ask_for: bool, jwt: bool
) -> "Credentials":
    """The credentials that the options lead to; without any, those of the deployed secret."""
    from lakehouse_jobs.errors import SecretUnfilledError
    from lakehouse_jobs.salesforce import read_secret
    from lakehouse_tools.discover.access import deployed_credentials
    from lakehouse_tools.environment import Environment
    from lakehouse_tools.errors import LocalAwsDownError, NotDeployedError, SecretError

    if secret_file is not None and ask_for:
        raise click.UsageError("--secret-file and --ask: give one of them.")
    if jwt and not ask_for:
        raise click.UsageError("--jwt goes with --ask.")
    if secret_file is not None:
        text, where = read(secret_file, option="--secret-file")
        return read_secret(text, name=where)
    if not ask_for:
        try:
            return deployed_credentials(Environment.named(environment_name))
        except (LocalAwsDownError, NotDeployedError, SecretUnfilledError) as error:
            if not sys.stdin.isatty():
                raise SecretError(
                    f"no credentials of an org: {error}; or give them with --ask or --secret-file"
                ) from error
            click.echo(f"{error}; asking you instead, for this once", err=True)
    return read_secret(json.dumps(ask(jwt=jwt)), name="as typed")


def ask(*, jwt: bool) -> dict[str, str]:
    """Ask for them, without showing what is secret."""
    answers = {
        "instance_url": click.prompt("Org's address (https://acme.my.salesforce.com)", err=True),
        "client_id": click.prompt("Consumer key (client id)", err=True),
    }
    if jwt:
        answers["username"] = click.prompt("User name", err=True)
        file = click.prompt("File with the private key (PEM)", err=True)
        answers["private_key"], _ = read(file, option="private key")
    else:
        answers["client_secret"] = click.prompt(
            "Consumer secret (not shown)", hide_input=True, err=True
        )
    return answers


def read(name: str, *, option: str) -> tuple[str, str]:
    """A file's text, "-" for standard input; and how messages call it."""
    if name == "-":
        return sys.stdin.read(), "from standard input"
    try:
        return Path(name).read_text(encoding="utf-8"), f"in {name}"
    except OSError as error:
        raise RequestError(
            f"{option} {name}: {error.strerror}: give a file that is there"
        ) from None
