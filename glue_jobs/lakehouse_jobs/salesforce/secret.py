"""The Salesforce secret: one JSON object, checked before anything is sent anywhere."""

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lakehouse_jobs.contract.secret import (
    CLIENT_CREDENTIALS_KEYS,
    JWT_BEARER_KEYS,
    PLACEHOLDER,
    UNFILLED_KEY,
)
from lakehouse_jobs.errors import SecretError, SecretUnfilledError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How to log in. Values never show in ``repr``, and so not in a log either."""

    instance_url: str  # scheme, host and port; no trailing slash
    client_id: str
    client_secret: str | None = field(default=None, repr=False)  # client credentials
    username: str | None = None  # JWT bearer
    private_key: str | None = field(default=None, repr=False)  # JWT bearer, PEM

    @property
    def host(self) -> str:
        """Host name of the org."""
        return urlsplit(self.instance_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the org runs on this machine."""
        return self.host in LOOPBACK_HOSTS


def read_secret(text: str, *, name: str) -> Credentials:
    """Credentials from the secret's text; ``name`` is how messages call the secret.

    Raises :class:`SecretUnfilledError` or :class:`SecretError`; no message repeats a value
    other than the address.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise SecretError(
            f"secret {name}: not valid JSON ({error.msg}, line {error.lineno}); {_WANTED}"
        ) from None
    if not isinstance(values, dict):
        raise SecretError(f"secret {name}: not a JSON object; {_WANTED}")
    if UNFILLED_KEY in values or all(values.get(k) == v for k, v in PLACEHOLDER.items()):
        raise SecretUnfilledError(
            f"secret {name} is not filled yet: put the org's credentials into it; {_WANTED}"
        )
    keys = set(values)
    if keys not in (CLIENT_CREDENTIALS_KEYS, JWT_BEARER_KEYS):
        raise SecretError(f"secret {name}: got the keys {', '.join(sorted(keys))}; {_WANTED}")
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise SecretError(f"secret {name}: {key} is empty or not a string; {_WANTED}")
    return Credentials(
        instance_url=_checked_url(values["instance_url"], name=name),
        **{k: v for k, v in values.items() if k != "instance_url"},
    )


_WANTED = (
    f"it needs {', '.join(sorted(CLIENT_CREDENTIALS_KEYS))} (client credentials) "
    f"or {', '.join(sorted(JWT_BEARER_KEYS))} (JWT bearer)"
)


def _checked_url(url: str, *, name: str) -> str:
    parts = urlsplit(url.strip().rstrip("/"))
    allowed = "https://<My Domain>.my.salesforce.com; plain http only for 127.0.0.1 and localhost"
    loopback = parts.hostname in LOOPBACK_HOSTS
    if not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise SecretError(f"secret {name}: instance_url: got {url!r}; allowed: {allowed}")
    if not parts.hostname or parts.path or parts.query or parts.username:
        raise SecretError(f"secret {name}: instance_url: got {url!r}; allowed: {allowed}")
    return f"{parts.scheme}://{parts.netloc}"
