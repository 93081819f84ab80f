"""Bulk query jobs: made, run in the background, kept for seven days of the org's clock."""

import json
import secrets
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from lakehouse_local.salesforce_org.answers import ApiError
from lakehouse_local.salesforce_org.bulk_results import ResultFile
from lakehouse_local.salesforce_org.identifiers import full_id
from lakehouse_local.salesforce_org.moods import Mood
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.settings import MEGABYTE
from lakehouse_local.salesforce_org.soql import parse
from lakehouse_local.salesforce_org.soql_sql import Plan, plan
from lakehouse_local.salesforce_org.soql_text import SoqlError
from lakehouse_local.salesforce_org.values import csv_expression, register

_KEPT_DAYS: Final = 7
_DAY: Final = 86_400
_THREADS: Final = 2
TERMINAL: Final = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(kw_only=True)
class Job:
    """One job. Times are seconds: ``created`` by the org's clock, the others by the machine's."""

    id: str
    operation: str
    object: str
    query: str
    version: str
    delimiter: str
    line_end: str
    created: float
    columns: list[str]
    ready_at: float  # not finished before
    page_rows: int = 10_000  # of each page that resultPages names
    state: str = "UploadComplete"
    error: str | None = None
    rows: int = 0
    milliseconds: int = 0

    def shown_state(self) -> str:
        """The state that a client sees."""
        if self.state == "JobComplete" and time.time() < self.ready_at:
            return "InProgress"
        return self.state


class BulkJobs:
    """All jobs of an org. Jobs that a stop interrupted are run again."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._folder = org.store.folder / "jobs"
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="bulk")
        self._jobs: dict[str, Job] = {}
        with org.store.reading() as db:
            for (info,) in db.execute("SELECT info FROM job ORDER BY created, rowid").fetchall():
                job = Job(**json.loads(info))
                self._jobs[job.id] = job
        for job in self._jobs.values():
            if job.state not in TERMINAL:
                self._pool.submit(self._run, job, None)

    def close(self) -> None:
        """Let running jobs end; those that wait are run at the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def create(
        self,
        *,
        operation: str,
        query: str,
        version: str,
        delimiter: str,
        line_end: str,
        mood: Mood | None,
    ) -> Job:
        """Check a query and start its job. Raises :class:`ApiError`."""
        self._check_limits()
        found = self._plan(query, operation)
        job = Job(
            id=full_id("750Hr" + secrets.token_hex(5).upper()),
            operation=operation,
            object=found.sobject.name,
            query=query,
            version=version,
            delimiter=delimiter,
            line_end=line_end,
            created=self.org.store.clock.seconds(),
            columns=[field.name for field in found.fields],
            ready_at=time.time() + self.org.behaviour.job_seconds,
            page_rows=self.org.behaviour.page_rows,
        )
        with self._lock:
            self._jobs[job.id] = job
        self._keep(job)
        self.org.usage.add(job.created, bulk_jobs=1)
        self._pool.submit(self._run, job, mood)
        return job

    def get(self, job_id: str) -> Job:
        """A job that was neither deleted nor forgotten. Raises 404."""
        with self._lock:
            job = self._jobs.get(full_id(job_id))
        if job is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if self.org.store.clock.seconds() - job.created > _KEPT_DAYS * _DAY:
            self.forget(job)
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return job

    def all(self) -> list[Job]:
        """Newest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def abort(self, job: Job) -> None:
        """Stop a job. Raises INVALIDJOBSTATE for one that ended."""
        with self._lock:
            if job.shown_state() in TERMINAL:
                why = f"Aborting already {job.state.removeprefix('Job')} Job not allowed"
                raise ApiError(400, "INVALIDJOBSTATE", why)
            job.state = "Aborted"
        self._keep(job)

    def delete(self, job: Job) -> None:
        """Remove a job with its results. Raises API_ERROR for one that has not ended."""
        if job.shown_state() not in TERMINAL:
            why = "The job is in an inconsistent state. Only ended jobs can be deleted."
            raise ApiError(400, "API_ERROR", why)
        self.forget(job)

    def forget(self, job: Job) -> None:
        """Remove a job with its results, in whatever state."""
        with self._lock:
            self._jobs.pop(job.id, None)
        with self.org.store.writing() as db:
            db.execute("DELETE FROM job WHERE id = ?", (job.id,))
        self.file(job).delete()

    def file(self, job: Job) -> ResultFile:
        """The results of a completed job."""
        return ResultFile(self._folder, job.id)

    def _check_limits(self) -> None:
        used, most = self.org.used(), self.org.behaviour
        why = ""
        if used.bulk_jobs >= most.bulk_jobs:
            why = f"query jobs ({most.bulk_jobs})"
        elif used.bulk_bytes >= most.bulk_megabytes * MEGABYTE:
            why = f"query result size stored ({most.bulk_megabytes} MB)"
        if why:
            why = f"Max bulk v2 {why} per 24 hrs has been exceeded for the org"
            raise ApiError(400, "LIMIT_EXCEEDED", why)

    def _plan(self, query: str, operation: str) -> Plan:
        try:
            parsed = parse(query, limit=self.org.behaviour.soql_characters)
            found = plan(parsed, self.org.store.visible, deleted=operation == "queryAll")
        except SoqlError as error:
            raise ApiError.from_soql(error) from None
        if not found.sobject.bulk:
            why = f"Entity '{found.sobject.name}' is not supported by the Bulk API."
            raise ApiError(400, "INVALIDENTITY", why)
        if found.query.count or found.query.offset is not None:
            what = "Aggregate queries" if found.query.count else "OFFSET"
            raise ApiError(400, "API_ERROR", f"{what} not supported in Bulk Query")
        if any(not field.stored for field in found.fields):
            why = "Selecting compound data not supported in Bulk Query"
            raise ApiError(400, "API_ERROR", why)
        if any(field.type == "base64" for field in found.fields):
            raise ApiError(400, "API_ERROR", "Selecting binary data not supported in Bulk Query")
        return found

    def _run(self, job: Job, mood: Mood | None) -> None:
        started = time.monotonic()
        with self._lock:
            if job.state in TERMINAL:
                return
            job.state = "InProgress"
        state, error, rows = "JobComplete", None, 0
        try:
            if mood is not None and mood.action == "fail_job":
                state, error = "Failed", mood.message
            elif mood is not None and mood.action == "abort_job":
                state = "Aborted"
            else:
                rows = self._render(job)
        except (sqlite3.Error, OSError, ApiError) as problem:
            state, error = "Failed", f"InternalServerError: {problem}"
        with self._lock:
            if job.state != "Aborted":
                job.state, job.error, job.rows = state, error, rows
            job.milliseconds = int((time.monotonic() - started) * 1_000)
            forgotten = job.id not in self._jobs
        if forgotten:
            self.file(job).delete()
        else:
            self._keep(job)

    def _render(self, job: Job) -> int:
        found = self._plan(job.query, job.operation)
        expressions = ", ".join(csv_expression(field) for field in found.fields)
        with self.org.store.reading() as db:
            register(db)
            cursor = db.execute(f"SELECT {expressions} {found.sql}", found.parameters)
            rows = self.file(job).write(cursor, job.delimiter, job.line_end)
        self.org.usage.add(self.org.store.clock.seconds(), bulk_bytes=self.file(job).size())
        return rows

    def _keep(self, job: Job) -> None:
        with self.org.store.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO job VALUES (?, ?, ?)",
                (job.id, job.created, json.dumps(asdict(job))),
            )


def job_info(job: Job, user: str, created: str) -> dict[str, Any]:
    """What creating a job answers; ``created`` as REST writes points in time."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": user,
        "createdDate": created,
        "systemModstamp": created,
        "state": job.shown_state(),
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_end,
        "columnDelimiter": job.delimiter,
    }
