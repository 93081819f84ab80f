"""Single records over REST."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org.answers import ApiError, json_body, json_response, not_found
from lakehouse_local.salesforce_org.catalog import SObject
from lakehouse_local.salesforce_org.edits import EditError, canonical, editing
from lakehouse_local.salesforce_org.identifiers import full_id
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.rest_routes import base_path, find_object
from lakehouse_local.salesforce_org.values import json_record


def get(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/sobjects/X/{id}``."""
    base, sobject = base_path(request), find_object(org, request)
    columns = ", ".join(field.column for field in sobject.stored)
    with org.store.reading() as db:
        row = db.execute(
            f'SELECT {columns} FROM {sobject.table} WHERE "Id" = ? AND {sobject.shared}',  # noqa: S608
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
