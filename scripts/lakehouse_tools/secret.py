"""The org's credentials in the environment's secret: form, filling, whether it is filled.

Values never appear in a message.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from lakehouse_jobs.contract.secret import (
    CLIENT_CREDENTIALS_KEYS,
    JWT_BEARER_KEYS,
    UNFILLED_KEY,
)
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import SecretError
from lakehouse_tools.stack import Stack

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FORMS = (
    "instance_url, client_id and client_secret (client credentials)"
    " or instance_url, client_id, username and private_key (JWT bearer)"
)


def parse(text: str, *, where: str) -> dict[str, str]:
    """Credentials from JSON text. Raises :class:`SecretError` without showing a value."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise SecretError(
            f"{where}, line {error.lineno}: not JSON ({error.msg}): give an object with {_FORMS}"
        ) from None
    if not isinstance(values, dict):
        raise SecretError(f"{where}: not a JSON object: give one with {_FORMS}")
    return check(values, where=where)


def check(values: Mapping[str, object], *, where: str) -> dict[str, str]:
    """The credentials in one of the two forms of the contract, every value filled."""
    keys = frozenset(values)
    if keys not in (CLIENT_CREDENTIALS_KEYS, JWT_BEARER_KEYS):
        raise SecretError(f"{where}: has the keys {', '.join(sorted(keys))}: give {_FORMS}")
    credentials: dict[str, str] = {}
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise SecretError(f"{where}: {key} is empty or not a string: give {_FORMS}")
        credentials[key] = value if key == "private_key" else value.strip()
    credentials["instance_url"] = instance_url(credentials["instance_url"], where=where)
    if "private_key" in credentials and "PRIVATE KEY-----" not in credentials["private_key"]:
        raise SecretError(f"{where}: private_key is not a PEM text (-----BEGIN PRIVATE KEY-----)")
    return credentials


def instance_url(value: str, *, where: str) -> str:
    """The org's address, https or a loopback host, without a path."""
    parts = urlsplit(value)
    allowed = "give the org's own address, such as https://acme.my.salesforce.com"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SecretError(f"{where}: instance_url {value!r}: {allowed}")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SecretError(f"{where}: instance_url {value!r} is not encrypted: {allowed}")
    if parts.path.strip("/") or parts.query or parts.username:
        raise SecretError(f"{where}: instance_url {value!r} has more than a host: {allowed}")
    return f"{parts.scheme}://{parts.netloc}"


def put(environment: Environment, stack: Stack, credentials: Mapping[str, str]) -> None:
    """Replace the secret's whole value."""
    environment.client("secretsmanager").put_secret_value(
        SecretId=stack.salesforce_secret_arn, SecretString=json.dumps(dict(credentials))
    )


def filled_for(environment: Environment, stack: Stack) -> str | None:
    """The address of the org the secret is filled for, or None while it is unfilled."""
    answer = environment.client("secretsmanager").get_secret_value(
        SecretId=stack.salesforce_secret_arn
    )
    try:
        values = json.loads(answer.get("SecretString", ""))
    except json.JSONDecodeError:
        values = {}
    if not isinstance(values, dict) or UNFILLED_KEY in values:
        return None
    if not values.get("client_id"):
        return None
    return str(values.get("instance_url") or "") or None


def require_filled(environment: Environment, stack: Stack) -> str:
    """The org's address. Raises :class:`SecretError` while the secret is unfilled."""
    address = filled_for(environment, stack)
    if address is None:
        raise SecretError(
            f"secret {stack.salesforce_secret_arn} is not filled: put the org's credentials in it"
            f" with `lakehouse secret set{environment.option}`"
        )
    return address
