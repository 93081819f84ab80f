"""The one seam to the network: tokens, time-outs and retries for every call to Salesforce.

It is a ``requests.Session``, so that simple-salesforce goes through it as well.
"""

import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from lakehouse_jobs.errors import (
    MisdirectedError,
    RestUnsuitedError,
    SalesforceError,
    TransferError,
    UnreachableError,
)
from lakehouse_jobs.salesforce.answers import error_for, page_title
from lakehouse_jobs.salesforce.body import FLOOR, Body, Floor
from lakehouse_jobs.salesforce.budget import Budget
from lakehouse_jobs.salesforce.calls import current
from lakehouse_jobs.salesforce.lanes import Lanes
from lakehouse_jobs.salesforce.limits import LIMIT_INFO, read_limit_info
from lakehouse_jobs.salesforce.login import Token
from lakehouse_jobs.salesforce.org_clock import OrgClock
from lakehouse_jobs.salesforce.retry import Retries, RetryPolicy, http_date
from lakehouse_jobs.salesforce.secret import Credentials
from lakehouse_jobs.salesforce.tokens import Tokens

T = TypeVar("T")
USER_AGENT = "lakehouse-constructs"
_NOT_AN_ORG = (
    "check that instance_url is the address of a Salesforce org, that the org is not in "
    "maintenance, and what stands between"
)
# REST queries, which may take long; those of simple-salesforce among them.
_QUERY = re.compile(r"/services/data/v[0-9.]+/query(All)?(/|$)")


def _nothing() -> None:
    pass


class Transport(requests.Session):
    """A session with one org. Safe to use from several threads."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        policy: RetryPolicy | None = None,
        budget: Budget | None = None,
        lanes: Lanes | None = None,
        sleep: Callable[[float], None] = time.sleep,
        connections: int = 32,
        floor: Floor = FLOOR,
    ) -> None:
        super().__init__()
        self.credentials = credentials
        self.budget = budget or Budget()
        self.lanes = lanes or Lanes(least=connections, most=connections)
        self._floor = floor
        self._org_clock = OrgClock()
        self.retries = Retries(policy=policy or RetryPolicy(), sleep=sleep)
        self._tokens = Tokens(
            credentials, call=self._call, retries=self.retries, org_clock=self._org_clock
        )
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # A proxy of the environment must not come between us and a server on this machine.
        self.trust_env = not credentials.is_loopback
        self.headers["User-Agent"] = USER_AGENT

    @property
    def server_time(self) -> datetime | None:
        """The org's clock (UTC, whole seconds) at its newest answer."""
        return self._org_clock.now

    @property
    def token(self) -> Token:
        """The current session; logs in where there is none. Raises LoginRefusedError."""
        return self._tokens.current

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        patient: bool = True,
        before: Callable[[], None] = _nothing,
        **kwargs: Any,
    ) -> requests.Response:
        """One call, as often as the policy allows. Every error answer is raised.

        ``url`` may be a path of the org. simple-salesforce always says ``https``; the
        org's own scheme and port are put in. Without patience a query that is not
        answered in time raises RestUnsuitedError at once.
        """
        kwargs.setdefault("stream", False)
        long = _QUERY.match(urlsplit(url).path) is not None
        return self._try(
            method,
            url,
            lambda response, _: _no_page(response),
            long=long,
            patient=patient,
            before=before,
            **kwargs,
        )

    def json(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        before: Callable[[], None] = _nothing,
    ) -> Any:
        """The JSON of an answer; None where it has no body. ``before``: each attempt."""
        given = dict(body) if body is not None else None
        response = self.request(method, path, before=before, json=given)
        if not response.content:
            return None
        try:
            return response.json()
        except requests.JSONDecodeError:
            raise TransferError(f"{method} {path}: the answer is not JSON; {_NOT_AN_ORG}") from None

    def read(self, path: str, reader: Callable[[Body], T]) -> T:
        """What ``reader`` makes of an answer's body.

        The reader is called again from the start, with a new body, when the body
        breaks off: whatever it did before must not count.
        """

        def consume(response: requests.Response, at_end: Callable[[], None]) -> T:
            with response:
                body = Body(response, self.lanes, floor=self._floor, at_end=at_end)
                result = reader(body)
            self.budget.results_read(body.unpacked)
            return result

        with self.lanes.lane():
            return self._try(
                "GET",
                path,
                consume,
                long=True,
                stream=True,
                headers={"Accept": "text/csv", "Accept-Encoding": "gzip"},
                not_ready=frozenset({204}),
            )

    def _try(
        self,
        method: str,
        url: str,
        use: Callable[[requests.Response, Callable[[], None]], T],
        *,
        long: bool = False,
        patient: bool = True,
        before: Callable[[], None] = _nothing,
        not_ready: frozenset[int] = frozenset(),
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> T:
        what = f"{method} {urlsplit(url).path}"
        renewed = False
        last: SalesforceError = UnreachableError(f"{what}: no attempt was made")
        for attempt in self.retries.attempts():
            token = self.token
            try:
                with ExitStack() as turn:
                    if long:
                        turn.enter_context(self.budget.long_request())
                    before()
                    response = self._send(method, url, token, headers, **kwargs)
                    attempt.answered = response.headers
                    if response.status_code == 401 and not renewed:
                        response.close()
                        self._tokens.forget(token)
                        renewed = True
                        current().retried()
                        response = self._send(method, url, self.token, headers, **kwargs)
                        attempt.answered = response.headers
                    if response.status_code < 300 and response.status_code not in not_ready:
                        # What is done with a body takes longer, and nothing of Salesforce.
                        return use(response, turn.close)
                    last = self._refused(response, what, not_ready)
            except requests.RequestException as error:
                if isinstance(error, requests.ReadTimeout) and not patient:
                    waited = self.retries.policy.read_timeout
                    raise RestUnsuitedError(
                        f"{what}: no answer within {waited:g} seconds; exclude fields of this "
                        "object in the configuration",
                        status=408,
                        code="READ_TIMEOUT",
                    ) from None
                last = self._tokens.unreachable(what, error)
            except TransferError as error:
                last = error
        raise self.retries.gave_up(last, what, address=self.credentials.instance_url)

    def _send(
        self,
        method: str,
        url: str,
        token: Token,
        headers: Mapping[str, str] | None,
        **kwargs: Any,
    ) -> requests.Response:
        bearer = {**(headers or {}), "Authorization": f"Bearer {token.access_token}"}
        address = self._address(url, token)
        with self.budget.request():
            return self._call(method, address, headers=bearer, **kwargs)

    def _call(self, method: str, address: str, **kwargs: Any) -> requests.Response:
        current().sent()
        response = super().request(
            method,
            address,
            timeout=(self.retries.policy.connect_timeout, self.retries.policy.read_timeout),
            allow_redirects=False,
            auth=_as_given,  # else requests may take credentials from a .netrc file
            **kwargs,
        )
        moment = http_date(response.headers.get("Date"))
        if moment is not None:
            self._org_clock.told(moment)
        usage = read_limit_info(response.headers.get(LIMIT_INFO))
        current().answered(usage)
        self.budget.answered(usage)
        return response

    def _address(self, url: str, token: Token) -> str:
        """The full address; a token goes to its own org and nowhere else."""
        home = urlsplit(token.instance_url)
        target = urlsplit(urljoin(token.instance_url, url))
        if target.netloc != home.netloc:
            raise MisdirectedError(
                f"Salesforce pointed to another host, {target.netloc}, and was not followed; "
                "put the org's My Domain address into the secret's instance_url"
            )
        return target._replace(scheme=home.scheme).geturl()

    def _refused(
        self, response: requests.Response, what: str, not_ready: frozenset[int]
    ) -> SalesforceError:
        """The error of an answer: raised if final, returned if worth another attempt."""
        if response.status_code in not_ready:
            response.close()
            return TransferError("the results are not ready, though the job is complete")
        if 300 <= response.status_code < 400:
            raise MisdirectedError(
                f"{what} was redirected to {_host(response.headers.get('Location'))}; "
                "put the org's My Domain address into the secret's instance_url"
            )
        found = self._tokens.refusal(response)
        error = error_for(found, what=what)
        if not self.retries.policy.retries(found):
            raise error
        return error


def _no_page(response: requests.Response) -> requests.Response:
    """An answer that may be JSON. Raises TransferError for a web page, as proxies send."""
    start = response.content[:64].lstrip()[:1]
    if start and start not in (b"{", b"["):
        title = page_title(response.content)
        page = f"a web page, {title!r}," if title else "a page"
        raise TransferError(f"{page} came instead of JSON; {_NOT_AN_ORG}")
    return response


def _host(address: str | None) -> str:
    """Whose address it is; the rest of a redirection may carry a session."""
    parts = urlsplit(address or "")
    return parts.hostname or "another page of the org"


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
