"""OAuth tokens: the request that each kind of credentials makes, and what its answer means.

Our own rather than simple-salesforce's: that one asks ``https://<domain>.salesforce.com``
only, and drops the org's id from the answer.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt

from lakehouse_jobs.errors import AddressRefusedError, LoginRefusedError, SecretError
from lakehouse_jobs.salesforce.answers import Refusal
from lakehouse_jobs.salesforce.secret import Credentials

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_OUT_OF_RANGE = "ip restricted"  # an invalid_grant, by its description alone
JWT_SECONDS = 180  # Salesforce accepts no assertion that lives longer


@dataclass(frozen=True, kw_only=True)
class Token:
    """A session. It has no stated end: Salesforce answers 401 once it is over."""

    access_token: str = field(repr=False)
    instance_url: str  # where API calls go
    org_id: str | None  # 18 characters


def token_form(credentials: Credentials) -> dict[str, str]:
    """Form fields of the token request."""
    if credentials.private_key is None:
        return {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret or "",
        }
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": _assertion(credentials),
    }


def _assertion(credentials: Credentials) -> str:
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": _audience(credentials.host),
        "exp": int(time.time()) + JWT_SECONDS,
    }
    try:
        return jwt.encode(claims, credentials.private_key or "", algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise SecretError(
            f"the secret's private_key is not an RSA key in PEM form ({error}); put the whole "
            "file into it, from BEGIN to END, with its line ends"
        ) from None


def _audience(host: str) -> str:
    sandbox = host == "test.salesforce.com" or ".sandbox." in host or ".scratch." in host
    return f"https://{'test' if sandbox else 'login'}.salesforce.com"


def read_token(answer: Mapping[str, Any], credentials: Credentials) -> Token:
    """The token in a successful answer.

    API calls go to the secret's own address, but for the general login hosts, which
    serve no API: there the answer says where.
    """
    access_token = answer.get("access_token")
    if not isinstance(access_token, str) or not access_token:
        raise LoginRefusedError(
            f"{credentials.instance_url}{TOKEN_PATH} answered without an access_token; "
            "check that instance_url is the address of a Salesforce org"
        )
    if not access_token.isascii() or not access_token.isprintable() or " " in access_token:
        raise LoginRefusedError(
            f"{credentials.instance_url}{TOKEN_PATH} answered with an access_token that no "
            "request can carry; check that instance_url is the address of a Salesforce org"
        )
    url = credentials.instance_url
    if credentials.host in LOGIN_HOSTS:
        url = str(answer.get("instance_url") or url).rstrip("/")
    return Token(access_token=access_token, instance_url=url, org_id=_org_id(answer.get("id")))


def refusal(found: Refusal, *, credentials: Credentials) -> LoginRefusedError:
    """The error for a refused token request."""
    url = credentials.instance_url
    if _OUT_OF_RANGE in found.message.lower():
        return AddressRefusedError(
            f"{url} refused the login: {found.code}: {found.message}; the login IP ranges of the "
            "user's profile or of the app do not have the address that this comes from: add it "
            "in Salesforce, or relax them in the app's policies"
        )
    if credentials.private_key is None:
        return LoginRefusedError(
            f"{url} refused the login: {found.code}: {found.message}; check the secret's "
            "credentials and that the app's client credentials flow is switched on"
        )
    return LoginRefusedError(
        f"{url} refused the login by JWT: {found.code}: {found.message}; check the secret's "
        "credentials, that the app has the scopes api and refresh_token, and that its user is "
        "pre-authorized"
    )


def _org_id(identity_url: object) -> str | None:
    """The org in an identity URL: ``https://login.salesforce.com/id/<org>/<user>``."""
    if not isinstance(identity_url, str):
        return None
    parts = urlsplit(identity_url).path.strip("/").split("/")
    if len(parts) != 3 or parts[0] != "id":
        return None
    return long_id(parts[1])


def long_id(record_id: str) -> str:
    """An id with the three characters that make it safe to compare without case."""
    if len(record_id) != 15:
        return record_id
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = (record_id[i : i + 5] for i in (0, 5, 10))
    return record_id + "".join(
        letters[sum(1 << k for k, c in enumerate(chunk) if c.isascii() and c.isupper())]
        for chunk in chunks
    )
