"""One token for all threads, and the words that no message may repeat."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from lakehouse_jobs.errors import SalesforceError, UnreachableError
from lakehouse_jobs.salesforce.answers import Refusal, error_for, read_refusal
from lakehouse_jobs.salesforce.login import TOKEN_PATH, Token, read_token, refusal, token_form
from lakehouse_jobs.salesforce.org_clock import OrgClock, issued_at
from lakehouse_jobs.salesforce.retry import Retries
from lakehouse_jobs.salesforce.secret import Credentials


class Tokens:
    """Logs in where there is no token. Safe to use from several threads."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        call: Callable[..., requests.Response],
        retries: Retries,
        org_clock: OrgClock,
    ) -> None:
        """``call`` sends one request, without a token: ``call(method, address, data=...)``."""
        self._credentials = credentials
        self._call = call
        self._retries = retries
        self._org_clock = org_clock
        self._token: Token | None = None
        self._lock = threading.Lock()
        # Tokens that ended stay among them.
        self._secrets = [
            s for s in (credentials.client_secret, credentials.private_key) if s is not None
        ]

    @property
    def current(self) -> Token:
        """The session. Raises LoginRefusedError, or UnreachableError."""
        with self._lock:
            if self._token is None:
                self._token = self._login()
            return self._token

    def forget(self, refused: Token) -> None:
        """Log in again at the next use, unless another thread has done so already."""
        with self._lock:
            if self._token is refused:
                self._token = None

    def refusal(self, response: requests.Response) -> Refusal:
        """What an error answer says, without our secrets should it repeat one."""
        found = read_refusal(status=response.status_code, body=response.content)
        return replace(found, code=self._clean(found.code), message=self._clean(found.message))

    def unreachable(self, what: str, error: requests.RequestException) -> UnreachableError:
        """The error of a call that no answer came to."""
        return UnreachableError(f"{what}: {self._clean(_plain(error))}")

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _login(self) -> Token:
        what = f"POST {TOKEN_PATH}"
        last: SalesforceError = UnreachableError(f"{what}: no attempt was made")
        for attempt in self._retries.attempts():
            try:
                response = self._call(
                    "POST",
                    self._credentials.instance_url + TOKEN_PATH,
                    data=token_form(self._credentials),
                )
                attempt.answered = response.headers
                if response.status_code == 200:
                    return self._read(response)
                found = self.refusal(response)
                if not self._retries.policy.retries(found):
                    raise refusal(found, credentials=self._credentials)
                last = error_for(found, what=what)
            except requests.RequestException as error:
                last = self.unreachable(what, error)
        raise self._retries.gave_up(last, what, address=self._credentials.instance_url)

    def _read(self, response: requests.Response) -> Token:
        given = _object(response)
        token = read_token(given, self._credentials)
        self._secrets.append(token.access_token)
        issued = issued_at(given.get("issued_at"))
        if issued is not None:
            self._org_clock.issued(issued)
        return token


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        parsed = response.json()
    except requests.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _plain(error: requests.RequestException) -> str:
    """What happened, without addresses of objects and nested representations."""
    cause: BaseException | None = error
    while cause is not None and (cause.__cause__ or cause.__context__):
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {cause}"
