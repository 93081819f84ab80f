"""Bulk API 2.0, query jobs: ``/services/data/vXX.X/jobs/query``."""

import base64
import binascii
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lakehouse_local.salesforce_org.answers import ApiError, json_body, json_response
from lakehouse_local.salesforce_org.bulk_jobs import TERMINAL, BulkJobs, Job, job_info
from lakehouse_local.salesforce_org.bulk_results import (
    DELIMITERS,
    LINE_ENDS,
    ResultFile,
    header_row,
)
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.moods import Mood
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.rest_routes import base_path
from lakehouse_local.salesforce_org.values import rest_instant

_PAGES: Final = 5  # of a job, in one answer of resultPages
_CHUNK: Final = 1 << 20
_PARALLEL_SINCE: Final = 58


class BulkRoutes:
    """The endpoints."""

    def __init__(self, org: Org) -> None:
        self.jobs = BulkJobs(org)

    def create(self, org: Org, request: Request, body: bytes) -> Response:
        """``POST``."""
        base_path(request)
        given = json_body(body)
        operation = _choice(given, "operation", "", ("query", "queryAll"))
        _choice(given, "contentType", "CSV", ("CSV",))
        query = given.get("query")
        if not isinstance(query, str) or not query.strip():
            raise ApiError(400, "API_ERROR", "Missing required property: query")
        mood: Mood | None = request.scope.get("mood")
        job = self.jobs.create(
            operation=operation,
            query=query,
            version=request.path_params["version"],
            delimiter=_choice(given, "columnDelimiter", "COMMA", tuple(DELIMITERS)),
            line_end=_choice(given, "lineEnding", "LF", tuple(LINE_ENDS)),
            mood=mood,
        )
        return json_response(_info(org, job) | {"state": "UploadComplete"})

    def list(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET``: all jobs, in one page."""
        base_path(request)
        records = [_info(org, job) | {"jobType": "V2Query"} for job in self.jobs.all()]
        return json_response({"done": True, "records": records, "nextRecordsUrl": None})

    def get(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET /{id}``."""
        return json_response(self._detail(org, self._job(request)))

    def abort(self, org: Org, request: Request, body: bytes) -> Response:
        """``PATCH /{id}`` with state Aborted."""
        job = self._job(request)
        _choice(json_body(body), "state", "", ("Aborted",))
        self.jobs.abort(job)
        return json_response(_info(org, job))

    def delete(self, _org: Org, request: Request, _body: bytes) -> Response:
        """``DELETE /{id}``."""
        self.jobs.delete(self._job(request))
        return Response(status_code=204)

    def result_pages(self, _org: Org, request: Request, _body: bytes) -> Response:
        """``GET /{id}/resultPages``: addresses of up to five pages, to be fetched in parallel."""
        if float(request.path_params["version"]) < _PARALLEL_SINCE:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        base, job = base_path(request), self._completed(request)
        size, start = job.page_rows, _start(request)
        starts = range(start, max(job.rows, 1), size)
        here = f"{base}/jobs/query/{job.id}"
        done = len(starts) <= _PAGES
        return json_response(
            {
                "resultPages": [
                    {"resultUrl": f"{here}/results?locator={_locator(at)}"}
                    for at in starts[:_PAGES]
                ],
                "nextRecordsUrl": None
                if done
                else f"{here}/resultpages?locator={_locator(starts[_PAGES])}",
                "done": done,
            }
        )

    def results(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET /{id}/results?locator=&maxRecords=``: one page of CSV."""
        base_path(request)
        job = self._completed(request)
        start, most = _start(request), _most(request, job.page_rows)
        end = min(start + most, job.rows)
        if start > job.rows:
            raise ApiError(400, "INVALID_LOCATOR", "The locator is beyond the results")
        headers = {
            "Sforce-NumberOfRecords": str(end - start),
            "Sforce-Locator": _locator(end) if end < job.rows else "null",
        }
        mood: Mood | None = request.scope.get("mood")
        if mood is not None and mood.action == "truncate":
            end = max(start, end - max(1, mood.bytes or 1))
        first = header_row(job.columns, job.delimiter, job.line_end)
        file = self.jobs.file(job)
        low, high = file.stretch(start, end)
        body = _stretch(file, first, low, high, sent=lambda: org.usage.page_sent(job.object))
        if mood is not None and mood.action == "garble":
            body = _garbled(body)
        if org.behaviour.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = _compressed(body)
        else:
            headers["Content-Length"] = str(len(first) + high - low)
        return StreamingResponse(body, headers=headers | {"Content-Type": "text/csv"})

    def control(self, _org: Org, request: Request, body: bytes) -> Response:
        """``GET`` or ``POST /_org/jobs {"do": "abort" | "expire", "job"?}``: all, or one.

        Somebody aborts jobs that run, or results are gone before their seven days.
        """
        if request.method == "POST":
            given = json_body(body)
            does = _choice(given, "do", "", ("abort", "expire"))
            for job in [self.jobs.get(str(given["job"]))] if "job" in given else self.jobs.all():
                self._end(job, does)
        shown = [(job.id, job.object, job.shown_state(), job.rows) for job in self.jobs.all()]
        keys = ("id", "object", "state", "rows")
        return json_response([dict(zip(keys, each, strict=True)) for each in shown])

    def _end(self, job: Job, does: str) -> None:
        if does == "expire":
            self.jobs.forget(job)
        elif job.shown_state() not in TERMINAL:
            self.jobs.abort(job)

    def _job(self, request: Request) -> Job:
        base_path(request)
        job = self.jobs.get(request.path_params["job"])
        mood: Mood | None = request.scope.get("mood")
        if mood is not None and mood.action in ("abort_job", "expire_job"):
            self._end(job, mood.action.removesuffix("_job"))
            job = self.jobs.get(job.id)
        if job.version != request.path_params["version"]:
            why = f"The job was created in API version {job.version}: use that version"
            raise ApiError(409, "API_ERROR", why)
        return job

    def _completed(self, request: Request) -> Job:
        job = self._job(request)
        state = job.shown_state()
        if state not in TERMINAL:
            raise ApiError(412, "JOB_NOT_COMPLETE", "The job has not completed yet")
        if state != "JobComplete":
            why = f"Cannot get results of a job in state {state}"
            raise ApiError(400, "INVALIDJOBSTATE", why)
        return job

    def _detail(self, org: Org, job: Job) -> dict[str, Any]:
        detail = _info(org, job) | {
            "jobType": "V2Query",
            "numberRecordsProcessed": job.rows if job.shown_state() == "JobComplete" else 0,
            "retries": 0,
            "totalProcessingTime": job.milliseconds,
            "isPkChunkingSupported": True,
        }
        return detail if job.error is None else detail | {"errorMessage": job.error}


def _info(org: Org, job: Job) -> dict[str, Any]:
    return job_info(job, org.user_id, rest_instant(from_seconds(job.created)))


def _choice(given: dict[str, Any], key: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(key, default) or default
    if value not in allowed:
        why = f"{key}: {value!r} is not one of {', '.join(allowed)}"
        raise ApiError(400, "API_ERROR", why)
    return value


def _locator(row: int) -> str:
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def _start(request: Request) -> int:
    text = request.query_params.get("locator")
    if text is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        raise ApiError(400, "INVALID_LOCATOR", f"Invalid locator: {text}") from None


def _most(request: Request, default: int) -> int:
    text = request.query_params.get("maxRecords")
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ApiError(400, "API_ERROR", f"maxRecords: {text!r} is not a positive number")
    return int(text)


async def _stretch(
    file: ResultFile, first: bytes, low: int, high: int, *, sent: Callable[[], None]
) -> AsyncIterator[bytes]:
    yield first
    # Plain reads: the file was just written, so it is in memory.
    with file.open() as rows:
        rows.seek(low)
        while low < high:
            chunk = rows.read(min(_CHUNK, high - low))
            if not chunk:
                return
            low += len(chunk)
            yield chunk
    sent()


async def _garbled(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The rows with two bytes of the first Id's end that are no UTF-8."""
    at = 0
    async for chunk in body:
        at += 1
        yield chunk[:10] + b"\xff\xfe" + chunk[12:] if at == 2 else chunk


async def _compressed(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gzip = zlib.compressobj(1, zlib.DEFLATED, 31)
    async for chunk in body:
        packed = await run_in_threadpool(gzip.compress, chunk)
        if packed:
            yield packed
    yield gzip.flush()
