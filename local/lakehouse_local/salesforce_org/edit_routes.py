"""``/_org/fields`` and ``/_org/records``: change what the org has, as people there do."""

import sqlite3
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org import administer
from lakehouse_local.salesforce_org.answers import ApiError, json_body, json_response
from lakehouse_local.salesforce_org.catalog import SObject
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.edits import EditError, Edits, canonical, editing
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.identifiers import full_id
from lakehouse_local.salesforce_org.instants import from_seconds, parse, to_seconds
from lakehouse_local.salesforce_org.org import Org

_FIELD: Final = ("add", "remove", "rename", "retype", "widen", "hide", "grant")
# Each with the condition of the records that it may be done to.
_RECORD: Final = {
    "insert": "0",
    "update": "{alive} AND {seen}",
    "delete": "{alive} AND {seen}",
    "undelete": "NOT {alive} AND {seen}",
    "purge": "{alive} AND {seen}",
    "silent": "{alive} AND {seen}",
    "drift": "{alive} AND {seen}",
    "hide": "{seen}",
    "share": "NOT {seen}",
}


def edit_field(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/fields {"do"?: add | remove | …, "object", "name", …}``.

    ``add`` takes ``type``, ``length``, ``decimals``, ``values`` and ``default``; ``retype`` the
    same but the default; ``rename`` takes ``to``; ``widen`` takes ``length`` or ``decimals``.
    """
    given = json_body(body)
    does, name = given.pop("do", "add"), str(given.pop("name", ""))
    sobject = _object(org, given.pop("object", None))
    given |= {key: tuple(given[key]) for key in ("values", "decimals") if key in given}
    try:
        if does == "add":
            default = given.pop("default", None)
            administer.add(org.store, sobject, Field(name=name, **given), default)
        elif does == "retype":
            administer.retype(org.store, sobject, name, given)
        elif does in _FIELD:
            getattr(administer, does)(org.store, sobject, name, **given)
        else:
            raise _bad(f"do: got {does!r}; allowed: {', '.join(_FIELD)}")
    except (TypeError, ValueError, sqlite3.Error) as error:
        raise _bad(str(error)) from None
    return Response(status_code=204)


def edit_records(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/records``: any field, also at a stamp of the past.

    ``{"object", "operation", "records": [{…}] | "count": n, "stamp"? | "late_seconds"?,
    "held"?}``, all or none. ``count`` takes the first records by Id to which the operation can
    be done. ``late_seconds`` stamps them so long ago. ``held`` leaves them in a transaction that
    ``{"release": <its number>}`` commits, under the stamp that they got when it began.
    """
    given = json_body(body)
    if "release" in given:
        number = given["release"]
        held = org.held.pop(number, None) if isinstance(number, int) else None
        if held is None:
            raise _bad(f"release: got {number!r}; allowed: {sorted(org.held)}")
        return json_response(_carry_out(org, held))
    _object(org, given.get("object"))
    if given.get("operation") not in _RECORD:
        raise _bad(f"operation: got {given.get('operation')!r}; allowed: {', '.join(_RECORD)}")
    given["stamp"] = _stamp(org, given)
    if given.pop("held", False):
        number = max(org.held, default=0) + 1
        org.held[number] = given
        return json_response({"held": number, "stamp": given["stamp"]})
    return json_response(_carry_out(org, given))


def _carry_out(org: Org, given: dict[str, Any]) -> dict[str, Any]:
    sobject, operation = _object(org, given["object"]), given["operation"]
    try:
        with editing(org.store) as edits:
            records = _records(edits, sobject, operation, given)
            done = [_apply(edits, sobject, operation, each, given["stamp"]) for each in records]
    except (EditError, TypeError, ValueError, sqlite3.IntegrityError) as error:
        raise _bad(str(error)) from None
    if operation in ("hide", "share"):
        org.store.reload()
    return {"ids": done, "stamp": given["stamp"], "change": edits.number}


def _object(org: Org, name: Any) -> SObject:
    found = org.store.catalog.find(str(name))
    if found is None:
        known = ", ".join(one.name for one in org.store.catalog)
        raise _bad(f"object: got {name!r}; allowed: {known}")
    return found


def _stamp(org: Org, given: dict[str, Any]) -> str:
    if "stamp" not in given:
        late = given.pop("late_seconds", 0)
        if not isinstance(late, int | float) or late < 0:
            raise _bad(f"late_seconds: got {late!r}; allowed: a number of seconds from 0 on")
        return from_seconds(org.store.clock.seconds() - late)
    found = parse(str(given["stamp"]))
    if found is None:
        raise _bad(f"stamp: got {given['stamp']!r}; allowed: a time such as 2026-01-31T10:00:00Z")
    return found


def _records(
    edits: Edits, sobject: SObject, operation: str, given: dict[str, Any]
) -> list[dict[str, Any]]:
    """The records that are named, or so many that the operation can be done to."""
    if "count" not in given:
        records = given.get("records")
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise EditError('records: allowed: a list of JSON objects, or "count": a number')
        return records
    if not isinstance(given["count"], int) or given["count"] < 1:
        raise EditError(f"count: got {given['count']!r}; allowed: a number from 1 on")
    alive = '"IsDeleted" = 0' if sobject.has_deleted else "1"
    where = _RECORD[operation].format(alive=f"({alive})", seen=f"({sobject.shared})")
    found = edits.db.execute(
        f'SELECT "Id" FROM {sobject.table} WHERE {where} ORDER BY "Id" LIMIT ?',  # noqa: S608
        (given["count"],),
    ).fetchall()
    if len(found) < given["count"]:
        raise EditError(
            f"count: got {given['count']}; {sobject.name} has {len(found)} records to {operation}"
        )
    return [{"Id": id_} for (id_,) in found]


def _apply(
    edits: Edits, sobject: SObject, operation: str, record: dict[str, Any], stamp: str
) -> str:
    values = canonical(sobject, record)
    if operation == "insert":
        return edits.insert(sobject, values, stamp)
    name = full_id(str(values.pop("Id", "")))
    if operation == "update":
        edits.update(sobject, name, values, stamp)
    elif operation == "silent":
        edits.touch_silently(sobject, name, values)
    elif operation == "drift":
        edits.touch_silently(sobject, name, _other_formulas(edits, sobject, name, stamp))
    else:
        getattr(edits, operation)(sobject, name, stamp)
    return name


def _other_formulas(edits: Edits, sobject: SObject, record: str, now: str) -> dict[str, Any]:
    """New values for the formula fields, as when something that they look at has changed."""
    draw = Draw(f"{edits.number}:{record}")
    values = {
        field.name: draw.value(Field.from_describe(field.describe), to_seconds(now))
        for field in sobject.stored
        if field.describe["calculated"]
    }
    if not values:
        raise EditError(f"{sobject.name} has no formula field")
    return values


def _bad(message: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", message)
