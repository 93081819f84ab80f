"""The org's credentials in the environment's secret: filling it, and whether it is filled.

Their form is checked by the job's own reader, so that what passes here passes there.
Values never appear in a message.
"""

import json
from collections.abc import Mapping

from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import SecretError
from lakehouse_tools.stack import Stack


def parse(text: str, *, where: str) -> dict[str, str]:
    """Credentials from JSON text, in one of the two forms of the contract.

    Raises the job's ``SecretError``, which names ``where`` and no value.
    """
    from lakehouse_jobs.salesforce.secret import read_secret

    address = read_secret(text, name=where).instance_url
    return {**json.loads(text), "instance_url": address}


def put(environment: Environment, stack: Stack, credentials: Mapping[str, str]) -> None:
    """Replace the secret's whole value."""
    environment.client("secretsmanager").put_secret_value(
        SecretId=stack.salesforce_secret_arn, SecretString=json.dumps(dict(credentials))
    )


def read(environment: Environment, stack: Stack) -> str:
    """The secret's text."""
    answer = environment.client("secretsmanager").get_secret_value(
        SecretId=stack.salesforce_secret_arn
    )
    return answer.get("SecretString") or ""


def filled_for(environment: Environment, stack: Stack) -> str | None:
    """The address of the org the secret is filled for, or None while it is unfilled.

    Raises the job's ``SecretError`` where it holds something else.
    """
    from lakehouse_jobs.errors import SecretUnfilledError
    from lakehouse_jobs.salesforce.secret import read_secret

    text = read(environment, stack)
    try:
        return read_secret(text, name=stack.salesforce_secret_arn).instance_url
    except SecretUnfilledError:
        return None


def require_filled(environment: Environment, stack: Stack) -> str:
    """The org's address. Raises :class:`SecretError` while the secret is unfilled."""
    address = filled_for(environment, stack)
    if address is None:
        raise SecretError(
            f"secret {stack.salesforce_secret_arn} is not filled: put the org's credentials in it"
            f" with `lakehouse secret set{environment.option}`"
        )
    return address
