"""An org's credentials from the person at the terminal: typed, or as JSON."""

import sys
from pathlib import Path

import click

from lakehouse_tools.errors import RequestError


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
