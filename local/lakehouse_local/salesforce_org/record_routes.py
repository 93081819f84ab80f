"""Single records over REST, and edits of many at once for tests (``/_org/records``)."""

import sqlite3
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org.answers import ApiError, json_body, json_response, not_found
from lakehouse_local.salesforce_org.catalog import SObject
from lakehouse_local.salesforce_org.edits import EditError, Edits, canonical, editing
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.identifiers import full_id
from lakehouse_local.salesforce_org.instants import parse
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.rest_routes import base_path, find_object
from lakehouse_local.salesforce_org.values import json_record

_OPERATIONS: Final = ("insert", "update", "delete", "undelete", "purge", "silent")


def get(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/sobjects/X/{id}``."""
    base, sobject = base_path(request), find_object(org, request)
    columns = ", ".join(field.column for field in sobject.stored)
    with org.store.reading() as db:
        row = db.execute(
            f'SELECT {columns} FROM {sobject.table} WHERE "Id" = ?',  # noqa: S608
            (full_id(request.path_params["id"]),),
        ).fetchone()
    values = dict(zip((f.name for f in sobject.stored), row or (), strict=False))
    if row is None or values.get("IsDeleted"):
        raise not_found()
    return json_response(json_record(sobject, tuple(sobject.fields.values()), values, base))


def create(org: Org, request: Request, body: bytes) -> Response:
    """``POST …/sobjects/X``."""
    base_path(request)
    sobject = find_object(org, request)
    given = _writeable(sobject, json_body(body), "createable")
    defaults: dict[str, Any] = {}
    for entry in sobject.describe["fields"]:
        if entry["type"] == "boolean":
            defaults[entry["name"]] = 0
        elif entry["name"] in ("OwnerId", "CreatedById", "LastModifiedById"):
            defaults[entry["name"]] = org.user_id
    with editing(org.store) as edits:
        made = edits.insert(sobject, defaults | given, org.store.clock.text())
    return json_response({"id": made, "success": True, "errors": []}, 201)


def update(org: Org, request: Request, body: bytes) -> Response:
    """``PATCH …/sobjects/X/{id}``."""
    base_path(request)
    sobject = find_object(org, request)
    given = _writeable(sobject, json_body(body), "updateable")
    _edit(org, lambda edits, at: edits.update(sobject, _id(request), given, at))
    return Response(status_code=204)


def delete(org: Org, request: Request, _body: bytes) -> Response:
    """``DELETE …/sobjects/X/{id}``: into the recycle bin."""
    base_path(request)
    sobject = find_object(org, request)
    if not sobject.describe["deletable"]:
        why = f"entity type {sobject.name} does not support delete"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", why)
    _edit(org, lambda edits, at: edits.delete(sobject, _id(request), at))
    return Response(status_code=204)


def edit_many(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/records``: any field, also at a stamp of the past (rows that come late).

    ``{"object", "operation": insert | update | delete | undelete | purge | silent,
    "records": [{…}], "stamp"?}``. All or none.
    """
    given = json_body(body)
    sobject = org.store.catalog.find(str(given.get("object")))
    operation, records = given.get("operation"), given.get("records")
    if sobject is None:
        known = ", ".join(one.name for one in org.store.catalog)
        raise _bad(f"object: got {given.get('object')!r}; allowed: {known}")
    if operation not in _OPERATIONS:
        raise _bad(f"operation: got {operation!r}; allowed: {', '.join(_OPERATIONS)}")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise _bad("records: allowed: a list of JSON objects")
    stamp = parse(str(given["stamp"])) if "stamp" in given else org.store.clock.text()
    if stamp is None:
        raise _bad(f"stamp: got {given['stamp']!r}; allowed: a time such as 2026-01-31T10:00:00Z")
    try:
        with editing(org.store) as edits:
            done = [_apply(edits, sobject, operation, each, stamp) for each in records]
    except (EditError, TypeError, ValueError, sqlite3.IntegrityError) as error:
        raise _bad(str(error)) from None
    return json_response({"ids": done, "stamp": stamp, "change": edits.number})


def add_field(org: Org, _request: Request, body: bytes) -> Response:
    """``POST /_org/fields {"object", "name", "type", "length"?, "values"?}``."""
    given = json_body(body)
    sobject = org.store.catalog.find(str(given.pop("object", None)))
    if sobject is None:
        raise _bad("object: allowed: an object of this org")
    if str(given.get("name", "")).lower() in sobject.fields:
        raise _bad(f"name: {sobject.name} has {given['name']} already")
    try:
        field = Field(**{**given, "values": tuple(given.get("values", ()))})
        org.store.add_field(sobject.name, field.describe())
    except (TypeError, sqlite3.Error) as error:
        raise _bad(str(error)) from None
    return Response(status_code=204)


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
    else:
        getattr(edits, operation)(sobject, name, stamp)
    return name


def _edit(org: Org, does: Any) -> None:
    try:
        with editing(org.store) as edits:
            does(edits, org.store.clock.text())
    except EditError:
        raise not_found() from None


def _id(request: Request) -> str:
    return full_id(request.path_params["id"])


def _writeable(sobject: SObject, given: dict[str, Any], allowed: str) -> dict[str, Any]:
    try:
        values = canonical(sobject, given)
    except EditError as error:
        raise ApiError(400, "INVALID_FIELD", str(error)) from None
    for name in values:
        if not sobject.fields[name.lower()].describe[allowed]:
            why = f"Unable to create/update fields: {name}. Please check the security settings"
            raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", why)
    return values


def _bad(message: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", message)
