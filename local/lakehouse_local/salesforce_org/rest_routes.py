"""The REST API: versions, describe, queries, limits, deleted records."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org import permissions
from lakehouse_local.salesforce_org.answers import ApiError, json_response, not_found
from lakehouse_local.salesforce_org.catalog import SObject
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.instants import parse as parse_instant
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.settings import LARGEST_VERSION, MEGABYTE, SMALLEST_VERSION
from lakehouse_local.salesforce_org.values import rest_instant

_DAY = 86_400
_KEPT_DAYS = 15  # how far back deleted records are told


def versions(_org: Org, _request: Request, _body: bytes) -> Response:
    """``GET /services/data``: needs no session."""
    return json_response(
        [
            {
                "label": f"Release {number}",
                "url": f"/services/data/v{number}.0",
                "version": f"{number}.0",
            }
            for number in range(SMALLEST_VERSION, LARGEST_VERSION + 1)
        ]
    )


def base_path(request: Request) -> str:
    """``/services/data/vXX.X`` of a request. Raises 404 for a version that is not served."""
    text: str = request.path_params["version"]
    number, _, minor = text.partition(".")
    if minor != "0" or not number.isdecimal():
        raise not_found()
    if not SMALLEST_VERSION <= int(number) <= LARGEST_VERSION:
        raise not_found()
    return f"/services/data/v{text}"


def resources(_org: Org, request: Request, _body: bytes) -> Response:
    """``GET /services/data/vXX.X``."""
    base = base_path(request)
    return json_response(
        {name: f"{base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs")}
    )


def urls(sobject: SObject, base: str) -> dict[str, str]:
    """The addresses that describes carry."""
    own = f"{base}/sobjects/{sobject.name}"
    return {"sobject": own, "describe": f"{own}/describe", "rowTemplate": f"{own}/{{ID}}"}


def describe_global(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/sobjects``."""
    base = base_path(request)
    rows = [one.row() | {"urls": urls(one, base)} for one in org.store.visible]
    return json_response({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows})


def find_object(org: Org, request: Request) -> SObject:
    """The object that a path names. Raises 404."""
    found = org.store.visible.find(request.path_params["name"])
    if found is None:
        raise not_found()
    return found


def describe(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/sobjects/X/describe``."""
    if request.path_params["name"] == permissions.OBJECT_PERMISSIONS:
        return json_response(permissions.describe(org.store.catalog))
    base, sobject = base_path(request), find_object(org, request)
    return json_response(sobject.describe | {"urls": urls(sobject, base)})


def deleted(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/sobjects/X/deleted?start=&end=``: soft and hard deletes of the last days."""
    base_path(request)
    sobject = find_object(org, request)
    if not sobject.describe["replicateable"] or not sobject.has_deleted:
        why = f"entity type cannot be replicated: {sobject.name}"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", why)
    # Salesforce ignores the seconds of both.
    start, end = (_instant_parameter(request, name)[:16] for name in ("start", "end"))
    if start >= end:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "endDate must be after startDate")
    start, end = start + ":00.000Z", end + ":00.000Z"
    earliest = from_seconds(org.store.clock.seconds() - _KEPT_DAYS * _DAY)
    with org.store.reading() as db:
        rows = db.execute(
            f'SELECT "Id", "{sobject.stamp}" FROM {sobject.table} '  # noqa: S608
            f'WHERE "IsDeleted" = 1 AND "{sobject.stamp}" >= ?1 AND "{sobject.stamp}" < ?2 '
            f"AND {sobject.shared} UNION ALL SELECT id, deleted_at FROM purged "
            "WHERE object = ?3 AND deleted_at >= ?1 AND deleted_at < ?2 ORDER BY 2, 1",
            (max(start, earliest), end, sobject.name),
        ).fetchall()
    if len(rows) > org.behaviour.deleted_ids:
        why = f"more than {org.behaviour.deleted_ids} ids: choose dates that are closer together"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", why)
    return json_response(
        {
            "deletedRecords": [{"deletedDate": rest_instant(at), "id": id_} for id_, at in rows],
            "earliestDateAvailable": rest_instant(earliest),
            "latestDateCovered": rest_instant(min(end, org.store.clock.text())),
        }
    )


def _instant_parameter(request: Request, name: str) -> str:
    text = request.query_params.get(name, "").replace(" ", "+")
    found = parse_instant(text)
    if found is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name}: {text!r} is not a dateTime")
    return found


def limits(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/limits``."""
    base_path(request)
    behaviour, used = org.behaviour, org.used()

    def limit(most: int, used: int) -> dict[str, int]:
        return {"Max": most, "Remaining": max(0, most - used)}

    return json_response(
        {
            "DailyApiRequests": limit(behaviour.api_requests, used.requests),
            "DailyBulkV2QueryJobs": limit(behaviour.bulk_jobs, used.bulk_jobs),
            "DailyBulkV2QueryFileStorageMB": limit(
                behaviour.bulk_megabytes, used.bulk_bytes // MEGABYTE
            ),
            "DataStorageMB": limit(1_024, 512),
        }
    )


def record_count(org: Org, request: Request, _body: bytes) -> Response:
    """``GET …/limits/recordCount?sObjects=A,B``: about how many `query` would show."""
    base_path(request)
    wanted = [name for name in request.query_params.get("sObjects", "").split(",") if name]
    found = [one for one in org.store.visible if not wanted or one.name in wanted]
    counts: list[dict[str, Any]] = [
        {"count": org.store.count(one, deleted=False), "name": one.name}
        for one in found
        if one.describe["queryable"]
    ]
    return json_response({"sObjects": counts})
