"""The OAuth token endpoint: client credentials and JWT bearer."""

import base64
import binascii
import hmac
import time
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org.answers import json_response
from lakehouse_local.salesforce_org.org import Org

CLIENT_CREDENTIALS: Final = "client_credentials"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
_LEEWAY: Final = 300  # seconds; a JWT may not expire later than this


class OAuthError(Exception):
    """An answer of the token endpoint, ``{"error": …, "error_description": …}``."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def token(org: Org, request: Request, body: bytes) -> Response:
    """``POST /services/oauth2/token``."""
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        grant = form.get("grant_type")
        if grant == CLIENT_CREDENTIALS:
            _check_client(org, *_client(request, form))
        elif grant == JWT_BEARER:
            _check_assertion(org, form.get("assertion", ""), str(request.base_url))
        else:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
    except OAuthError as error:
        answer = {"error": error.error, "error_description": error.description}
        return json_response(answer, 400)
    return json_response(_granted(org, str(request.base_url).rstrip("/")))


def userinfo(org: Org, request: Request, _body: bytes) -> Response:
    """``GET /services/oauth2/userinfo``: who the token's user is."""
    _, _, given = request.headers.get("authorization", "").partition(" ")
    if not org.knows_token(given.strip()):
        return Response("Bad_OAuth_Token", 403, media_type="text/html")
    base = str(request.base_url).rstrip("/")
    return json_response(
        {
            "sub": f"{base}/id/{org.id}/{org.user_id}",
            "user_id": org.user_id,
            "organization_id": org.id,
            "preferred_username": org.store.meta("username"),
        }
    )


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "invalid client credentials") from None
    return name, secret


def _check_client(org: Org, client_id: str, client_secret: str) -> None:
    if client_id != org.store.meta("client_id"):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(client_secret.encode(), org.store.meta("client_secret").encode()):
        raise OAuthError("invalid_client", "invalid client credentials")


def _check_assertion(org: Org, assertion: str, base_url: str) -> None:
    import jwt

    key = org.store.meta("public_key")
    if not key:
        raise OAuthError("invalid_grant", "no certificate is registered for this client")
    audiences = [*_AUDIENCES, base_url, base_url.rstrip("/")]
    required = ["iss", "sub", "aud", "exp"]
    try:
        # Expiry is checked below: the org's clock is not the machine's.
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=["RS256"],
            audience=audiences,
            options={"require": required, "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidAudienceError:
        raise OAuthError("invalid_grant", "audience is invalid") from None
    except jwt.InvalidTokenError:
        raise OAuthError("invalid_grant", "invalid assertion") from None
    _check_claims(org, claims)


def _check_claims(org: Org, claims: dict[str, Any]) -> None:
    if claims["iss"] != org.store.meta("client_id"):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if claims["sub"] != org.store.meta("username"):
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    # A client signs by its own clock, which a demo does not move.
    left = float(claims["exp"]) - time.time()
    if not 0 < left <= _LEEWAY + 60:
        raise OAuthError("invalid_grant", "expired authorization code")


def _granted(org: Org, base: str) -> dict[str, str]:
    access = org.issue_token()
    issued = str(int(org.store.clock.seconds() * 1_000))
    signature = hmac.digest(access.encode(), issued.encode(), "sha256")
    return {
        "access_token": access,
        "signature": base64.b64encode(signature).decode(),
        "scope": "api",
        "instance_url": base,
        "id": f"{base}/id/{org.id}/{org.user_id}",
        "token_type": "Bearer",
        "issued_at": issued,
    }
