"""What every answer of the org shares: date, limits, session check, latency and moods."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, Final
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakehouse_local.salesforce_org.answers import ApiError, session_invalid
from lakehouse_local.salesforce_org.moods import Mood
from lakehouse_local.salesforce_org.org import Org

CONTROL: Final = "/_org"
DATA: Final = "/services/data"
_SLICE: Final = 65_536
_SOME: Final = 64  # bytes before a mood strikes, where the length is not known


class Envelope:
    """ASGI middleware around the org's routes."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self.app = app
        self.org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # simple-salesforce asks for /query/, others for /query.
        scope["path"] = path = scope["path"].rstrip("/") or "/"
        out = _Outgoing(self.org, send, limits=path.startswith(DATA + "/"))
        if path.startswith(CONTROL):
            await self.app(scope, receive, out.headed)
            return
        query = unquote(scope["query_string"].decode("latin-1").replace("+", " "))
        mood = self.org.moods.take(scope["method"], f"{path}?{query}" if query else path)
        scope["mood"] = mood
        with self.org.usage.under_way() as scope["number"]:
            if self.org.behaviour.latency_seconds:
                await asyncio.sleep(self.org.behaviour.latency_seconds)
            await self._answer(scope, receive, out, mood)

    async def _answer(
        self, scope: Scope, receive: Receive, out: "_Outgoing", mood: Mood | None
    ) -> None:
        if mood is not None and mood.action == "drop":
            out.drop()
            return
        if mood is not None and mood.action == "error":
            if mood.lost:
                await self._inner(scope, receive, _swallow)
            await _spoiled(mood)(scope, receive, out.headed)
            return
        if mood is not None and mood.action in ("cut", "stall"):
            out.mood = mood
        if mood is not None and mood.action == "wait":
            await asyncio.sleep(mood.seconds)
            if out.gone:
                return
        await self._inner(scope, receive, out.throttled)

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        too_long = self._too_long(scope)
        if too_long is not None:
            await too_long(scope, receive, send)
            return
        try:
            await run_in_threadpool(self._check, scope)
        except ApiError as error:
            await error.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _too_long(self, scope: Scope) -> Response | None:
        """The refusal of a request line, or of it and its headers, that is too long; or None."""
        uri = len(scope["raw_path"]) + len(scope["query_string"])
        headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if uri > self.org.behaviour.uri_bytes:
            return _bad_message(414, "URI Too Long")
        if uri + headers > self.org.behaviour.uri_bytes:
            return _bad_message(431, "Request Header Fields Too Large")
        return None

    def _check(self, scope: Scope) -> None:
        """Session and limits, for requests to the data APIs."""
        if not scope["path"].startswith(DATA + "/"):
            return
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        kind, _, token = header.partition(" ")
        if kind not in ("Bearer", "OAuth") or not self.org.knows_token(token.strip()):
            raise session_invalid()
        usage, most = self.org.usage, self.org.behaviour
        if self.org.used().requests >= most.api_requests:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if usage.long_requests(most.long_after_seconds, but=scope["number"]) >= most.long_requests:
            why = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", why)
        usage.add(self.org.store.clock.seconds(), requests=1)


class _Outgoing:
    """The way out: headers, then the body as fast and as whole as it may be."""

    def __init__(self, org: Org, send: Send, *, limits: bool) -> None:
        self.org = org
        self.limits = limits
        self.mood: Mood | None = None
        self._send = send
        self._sent = 0
        self._half = _SOME
        self._closed = False

    def drop(self) -> None:
        """Close the connection without an answer; ASGI has no word for it, uvicorn has."""
        self._send.__self__.transport.close()  # type: ignore[attr-defined]

    @property
    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self._send.__self__.disconnected  # type: ignore[attr-defined]

    async def headed(self, message: Message) -> None:
        """Add the headers that every answer bears."""
        if message["type"] == "http.response.start":
            length = dict(message.get("headers", [])).get(b"content-length")
            self._half = int(length) // 2 if length else _SOME
            add = _adder(message)
            add("Date", self.org.store.clock.http_date())
            if self.limits:
                used, most = self.org.used().requests, self.org.behaviour.api_requests
                add("Sforce-Limit-Info", f"api-usage={used}/{most}")
        await self._send(message)

    async def throttled(self, message: Message) -> None:
        """Send the body in slices, at the speed and with the mood of this request."""
        rate = self.org.behaviour.bytes_per_second
        if self._closed:
            return
        if message["type"] != "http.response.body" or (self.mood is None and not rate):
            await self.headed(message)
            return
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        for start in range(0, len(body), _SLICE):
            part = body[start : start + _SLICE]
            last = not more and start + _SLICE >= len(body)
            if rate:
                await asyncio.sleep(len(part) / rate)
            await self._slice(part, more=not last)
            if self._closed:
                return
        if not body and not more:
            await self.headed(message)

    async def _slice(self, part: bytes, *, more: bool) -> None:
        mood = self.mood
        limit = (mood.bytes if mood else None) or (self._half if mood else 0)
        if mood is not None and self._sent + len(part) > limit:
            head, part = part[: limit - self._sent], part[limit - self._sent :]
            self.mood = None
            await self._put(head, more=True)
            if mood.action == "cut":
                # Returning without the end of the body makes the server close the connection.
                self._closed = True
                return
            await asyncio.sleep(mood.seconds)
        await self._put(part, more=more)

    async def _put(self, part: bytes, *, more: bool) -> None:
        self._sent += len(part)
        await self.headed({"type": "http.response.body", "body": part, "more_body": more})


def _bad_message(status: int, reason: str) -> Response:
    """What the web server before the API answers: HTML, not the API's JSON."""
    page = f"<h1>Bad Message {status}</h1><pre>reason: {reason}</pre>"
    return Response(page, status, media_type="text/html;charset=iso-8859-1")


def _spoiled(mood: Mood) -> Response:
    """The answer of an ``error`` rule; 204, results that are not ready, has no body."""
    if mood.status == 204:
        return Response(status_code=204, headers=mood.headers)
    return ApiError(mood.status, mood.code, mood.message or "", mood.headers).response()


async def _swallow(message: Message) -> None:
    """The answer that got lost."""


def _adder(message: MutableMapping[str, Any]) -> Callable[[str, str], None]:
    headers = list(message.get("headers", []))
    message["headers"] = headers
    return lambda name, value: headers.append((name.lower().encode(), value.encode("latin-1")))
