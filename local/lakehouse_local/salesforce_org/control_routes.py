"""``/_org``: what a real org does not offer. Turn its clock, change it, spoil its answers."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lakehouse_local.salesforce_org.answers import ApiError, json_body, json_response
from lakehouse_local.salesforce_org.change import change as day_of_business
from lakehouse_local.salesforce_org.day import Day
from lakehouse_local.salesforce_org.moods import Mood
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.settings import Behaviour

_FETCH = 10_000


def refuse_browsers(request: Request) -> None:
    """No web page that is open in a browser shall turn the knobs."""
    if "origin" in request.headers:
        raise ApiError(403, "FORBIDDEN", "Control endpoints are not for browsers")


def status(org: Org, _request: Request, _body: bytes) -> Response:
    """``GET /_org/status``: who this is and what it holds; no secret."""
    return json_response(
        {
            "org_id": org.id,
            "client_id": org.store.meta("client_id"),
            "username": org.store.meta("username"),
            "now": org.store.clock.text(),
            "clock_offset_seconds": org.store.clock.offset,
            "seed": org.store.meta("seed"),
            "records": {one.name: org.store.count(one) for one in org.store.catalog},
            "behaviour": asdict(org.behaviour),
            "usage": asdict(org.used()),
            "result_pages": org.usage.pages(),
        }
    )


def clock(org: Org, request: Request, body: bytes) -> Response:
    """``GET`` or ``POST /_org/clock {"advance_seconds": n}``."""
    if request.method == "POST":
        seconds = json_body(body).get("advance_seconds")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise _bad(f"advance_seconds: got {seconds!r}; allowed: a number of seconds from 0 on")
        org.move_clock(seconds)
    return json_response(
        {"now": org.store.clock.text(), "clock_offset_seconds": org.store.clock.offset}
    )


def versions(org: Org, request: Request, _body: bytes) -> Response:
    """``GET /_org/versions?object=&since_change=``: every version that ever was.

    One JSON object a line: object, id, systemmodstamp, isdeleted, change (0: the org's
    beginning, then one more with each change).
    """
    name = request.query_params.get("object")
    since = int(request.query_params.get("since_change", "0"))

    def lines() -> Iterator[bytes]:
        with org.store.reading() as db:
            cursor = db.execute(
                "SELECT object, id, stamp, deleted, change FROM version "
                "WHERE (?1 IS NULL OR object = ?1) AND change >= ?2",
                (name, since),
            )
            while rows := cursor.fetchmany(_FETCH):
                yield b"".join(
                    json.dumps(
                        {
                            "object": row[0],
                            "id": row[1],
                            "systemmodstamp": row[2],
                            "isdeleted": bool(row[3]),
                            "change": row[4],
                        }
                    ).encode()
                    + b"\n"
                    for row in rows
                )

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def moods(org: Org, request: Request, body: bytes) -> Response:
    """``GET``, ``POST`` (one rule, see :mod:`.moods`) or ``DELETE /_org/moods``."""
    if request.method == "DELETE":
        org.moods.clear()
    if request.method == "POST":
        try:
            return json_response(org.moods.add(Mood.from_json(json_body(body))).to_json(), 201)
        except (TypeError, ValueError) as error:
            raise _bad(str(error)) from None
    return json_response([mood.to_json() for mood in org.moods.all()])


def behaviour(org: Org, request: Request, body: bytes) -> Response:
    """``GET`` or ``POST /_org/behaviour``: see :class:`~.settings.Behaviour` for the keys."""
    if request.method == "POST":
        known = {field.name: field for field in fields(Behaviour)}
        given = json_body(body)
        for key, value in given.items():
            wanted = type(getattr(org.behaviour, key, None))
            fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
            if key not in known or not fits:
                raise _bad(f"{key}: got {value!r}; allowed: {_allowed(org.behaviour)}")
        for key, value in given.items():
            setattr(org.behaviour, key, value)
    return json_response(asdict(org.behaviour))


def revoke_tokens(org: Org, _request: Request, _body: bytes) -> Response:
    """``DELETE /_org/tokens``: end all sessions."""
    return json_response({"revoked": org.revoke_tokens()})


def client(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/client {"public_key"?, "client_secret"?, "username"?}``: the connected app."""
    given = json_body(body)
    allowed = {"public_key", "client_secret", "username"}
    if not given or set(given) - allowed or not all(isinstance(v, str) for v in given.values()):
        raise _bad(f"got {sorted(given)}; allowed: {', '.join(sorted(allowed))}, each text")
    org.store.set_meta(**given)
    return Response(status_code=204)


def _allowed(behaviour: Behaviour) -> str:
    return ", ".join(f"{key} ({type(value).__name__})" for key, value in asdict(behaviour).items())


def _bad(message: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", message)


def change(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/change``: a day of business, see :class:`~.day.Day` for the keys."""
    given = json_body(body or b"{}")
    known = {each.name: type(each.default).__name__ for each in fields(Day)}
    for key, value in given.items():
        fits = isinstance(value, list if key == "objects" else int | float)
        if key not in known or not fits or (not isinstance(value, list) and value < 0):
            shown = ", ".join(f"{name} ({kind})" for name, kind in known.items())
            raise _bad(f"{key}: got {value!r}; allowed: {shown}, none negative")
    try:
        changed = day_of_business(org, Day(**{**given, "objects": tuple(given.get("objects", ()))}))
    except KeyError as error:
        raise _bad(f"objects: the org has no {error.args[0]}") from None
    return json_response(asdict(changed))
