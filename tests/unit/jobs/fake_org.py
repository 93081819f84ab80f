"""A scriptable Salesforce on a socket: login, describe, query and Bulk API 2.0."""

import csv
import gzip
import io
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ORG_ID = "00D000000000062EAA"
BASE_TIME = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class UnknownFieldError(Exception):
    """A query names a field that the object does not have."""


@dataclass
class Mood:
    """What the server does instead of answering; used up after ``times``."""

    method: str
    path: str
    times: int
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: object = None
    cut: int | None = None  # send only so many bytes of the real answer
    # After a cut: close, reset, or stall until the client gives up; silent sends no header.
    then: str = "close"
    edit: object = None  # change the real answer's body


@dataclass
class FakeOrg:
    """Speaks login, describe, query and Bulk 2.0. Records hold text as in CSV, or None."""

    describes: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)
    now: datetime = BASE_TIME
    page_rows: int = 2000
    org_id: str = ORG_ID
    no_bulk: set = field(default_factory=set)
    deletions: dict = field(default_factory=dict)  # object -> (id, when)
    not_replicated: set = field(default_factory=set)  # objects without /deleted
    has_result_pages: bool = True
    client_secret: str = "s3cret"
    tokens: int = 0
    valid: set = field(default_factory=set)
    moods: list = field(default_factory=list)
    log: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)
    deleted_jobs: list = field(default_factory=list)
    queries: list = field(default_factory=list)
    token_forms: list = field(default_factory=list)
    api_limit: int = 15_000  # requests a day, used by all of this org's calls
    # Other limits, and how much of them others have used.
    daily: dict = field(
        default_factory=lambda: {
            "DailyBulkV2QueryJobs": 10_000,
            "DailyBulkV2QueryFileStorageMB": 976_562,
        }
    )
    daily_used: dict = field(default_factory=dict)
    port: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def secret(self) -> dict:
        return {
            "instance_url": self.url,
            "client_id": "app",
            "client_secret": self.client_secret,
        }

    @property
    def limits(self) -> dict:
        """What ``/limits`` answers: most, and what is left."""
        most = self.daily | {"DailyApiRequests": self.api_limit}
        used = self.daily_used | {"DailyApiRequests": len(self.log)}
        used["DailyBulkV2QueryJobs"] = used.get("DailyBulkV2QueryJobs", 0) + len(self.jobs)
        return {k: {"Max": v, "Remaining": v - used.get(k, 0)} for k, v in most.items()}

    def add_object(self, name: str, fields: dict, rows: list | None = None) -> None:
        """``fields``: name -> type, or (type, extra keys of describe)."""
        self.records[name] = rows or []
        described = []
        for key, kind in fields.items():
            kind, more = kind if isinstance(kind, tuple) else (kind, {})
            length = 255 if kind in ("string", "textarea", "picklist", "email") else 0
            described.append(
                {"name": key, "type": kind, "label": f"{key} label", "length": length, **more}
            )
        self.describes[name] = {"name": name, "queryable": True, "fields": described}

    def row(self, name: str, **values: object) -> dict:
        """Add a record; Id, SystemModstamp and IsDeleted have defaults."""
        number = len(self.records[name]) + 1
        record = {
            "Id": f"001{number:012d}AAA",
            "SystemModstamp": stamp(self.now - timedelta(hours=1)),
            "IsDeleted": "false",
            **values,
        }
        self.records[name].append(record)
        return record

    def hard_delete(self, name: str, record: dict, *, told: datetime | None = None) -> None:
        """Remove a record; ``told``: Salesforce still knows when that was."""
        self.records[name].remove(record)
        if told:
            self.deletions.setdefault(name, []).append((record["Id"], told))

    def mood(self, method: str, path: str, *, times: int = 1, **what: object) -> None:
        self.moods.append(Mood(method=method, path=path, times=times, **what))

    def calls(self, method: str, path: str) -> int:
        return sum(1 for m, p in self.log if m == method and re.search(path, p))

    def select(self, soql: str, *, deleted: bool) -> tuple[list[str], list[dict]]:
        found = re.fullmatch(r"SELECT (.+?) FROM (\w+)(?: WHERE (.+))?", soql)
        assert found, soql
        names = [n.strip() for n in found[1].split(",")]
        if found[2] == "Organization":
            return names, [{"Id": self.org_id}]
        rows = self.records[found[2]]
        kinds = {f["name"]: f["type"] for f in self.describes[found[2]]["fields"]}
        for name in names:
            if name not in kinds and names != ["COUNT()"]:
                raise UnknownFieldError(f"No such column '{name}' on entity '{found[2]}'")
        for condition in (found[3] or "").split(" AND ") if found[3] else []:
            either = condition.removeprefix("(").removesuffix(")").split(" OR ")
            rows = [r for r in rows if any(_holds(c, r, kinds) for c in either)]
        if not deleted:
            rows = [r for r in rows if r.get("IsDeleted") != "true"]
        return names, rows


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    org: FakeOrg

    def log_message(self, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: object = None) -> str:
        return format_datetime(self.org.now, usegmt=True)

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        org = self.org
        with org.lock:
            org.log.append((method, self.path))
            mood = next(
                (m for m in org.moods if m.method == method and re.search(m.path, self.path)), None
            )
            if mood:
                mood.times -= 1
                if not mood.times:
                    org.moods.remove(mood)
        if mood and mood.cut is None and mood.edit is None:
            self._send(mood.status, mood.body, dict(mood.headers))
            return
        try:
            with org.lock:
                status, body, headers = self._answer(method, sent)
        except UnknownFieldError as error:
            body = [{"errorCode": "INVALID_FIELD", "message": str(error)}]
            status, headers = 400, {}
        if mood and mood.edit:
            body = mood.edit(body)
        self._send(status, body, headers, mood)

    def _send(self, status, body, headers, mood=None) -> None:
        cut = mood.cut if mood else None
        if mood and mood.then == "silent":
            self.close_connection = True
            self.rfile.read(1)
            return
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 200:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Sforce-Limit-Info", f"api-usage={len(self.org.log)}/{self.org.api_limit}")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body if cut is None else body[:cut])
        if cut is None:
            return
        self.close_connection = True
        self.wfile.flush()
        if mood.then == "stall":
            self.rfile.read(1)
        elif mood.then == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RD)
            self.connection.close()

    def _answer(self, method: str, sent: bytes) -> tuple:
        org = self.org
        parts = urlsplit(self.path)
        path, query = parts.path.rstrip("/"), parse_qs(parts.query)
        if path == "/services/oauth2/token":
            return self._token(sent)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in org.valid:
            return 401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}], {}
        below = re.sub(r"^/services/data/v[0-9.]+", "", path)
        if below == "/limits":
            return 200, org.limits, {}
        if below == "/sobjects":
            return 200, {"sobjects": [{"name": n, "queryable": True} for n in org.describes]}, {}
        if found := re.fullmatch(r"/sobjects/(\w+)/describe", below):
            if found[1] not in org.describes:
                return 404, [{"errorCode": "NOT_FOUND", "message": "no such resource"}], {}
            return 200, org.describes[found[1]], {}
        if found := re.fullmatch(r"/sobjects/(\w+)/deleted", below):
            return self._deleted(found[1], query)
        if below.startswith("/query"):
            return self._query(below, query)
        if below.startswith("/jobs/query"):
            return self._jobs(method, path, below, query, sent)
        return 404, [{"errorCode": "NOT_FOUND", "message": below}], {}

    def _token(self, sent: bytes) -> tuple:
        org = self.org
        form = {k: v[0] for k, v in parse_qs(sent.decode()).items()}
        org.token_forms.append(form)
        if (
            form["grant_type"] == "client_credentials"
            and form["client_secret"] != org.client_secret
        ):
            return 400, {"error": "invalid_client", "error_description": "invalid secret"}, {}
        org.tokens += 1
        token = f"token-{org.tokens}"
        org.valid.add(token)
        return (
            200,
            {
                "access_token": token,
                "instance_url": "https://elsewhere.invalid",
                "id": f"https://login.salesforce.com/id/{org.org_id}/005000000000001AAA",
                "token_type": "Bearer",
            },
            {},
        )

    def _query(self, below: str, query: dict) -> tuple:
        org = self.org
        if "q" not in query:
            soql, start = org.queries[int(below.split("/")[-1].split("-")[0])]
            start = int(below.split("-")[1])
        else:
            soql, start = query["q"][0], 0
            org.queries.append((soql, below))
        names, rows = org.select(soql, deleted="queryAll" in below)
        kinds = {"Organization": {}}
        object_name = re.search(r"FROM (\w+)", soql)[1]
        kinds = {
            f["name"]: f["type"] for f in org.describes.get(object_name, {"fields": []})["fields"]
        }
        part = [] if names == ["COUNT()"] else rows[start : start + org.page_rows]
        records = [{n: _typed(r.get(n), kinds.get(n)) for n in names} for r in part]
        answer = {"totalSize": len(rows), "done": True, "records": records}
        if part and start + org.page_rows < len(rows):
            number = next(i for i, (s, _) in enumerate(org.queries) if s == soql)
            answer |= {
                "done": False,
                "nextRecordsUrl": f"/services/data/v62.0/queryAll/{number}-{start + org.page_rows}",
            }
        return 200, answer, {}

    def _deleted(self, name: str, query: dict) -> tuple:
        org = self.org
        if name in org.not_replicated:
            message = f"object {name} is not replicable"
            return 400, [{"errorCode": "INVALID_TYPE_FOR_OPERATION", "message": message}], {}
        start, end = (datetime.fromisoformat(query[k][0]) for k in ("start", "end"))
        if org.now - start > timedelta(days=15):
            message = "startDate before org replication enabled date"
            return 400, [{"errorCode": "INVALID_REPLICATION_DATE", "message": message}], {}
        told = [
            {"id": id, "deletedDate": stamp(when).replace("Z", "+0000")}
            for id, when in org.deletions.get(name, [])
            if start <= when < end
        ]
        return 200, {"deletedRecords": told, "latestDateCovered": stamp(end)}, {}

    def _jobs(self, method: str, path: str, below: str, query: dict, sent: bytes) -> tuple:
        org = self.org
        if method == "POST":
            body = json.loads(sent)
            object_name = re.search(r"FROM (\w+)", body["query"])[1]
            if object_name in org.no_bulk:
                message = f"Entity '{object_name}' is not supported by the Bulk API."
                return 400, [{"errorCode": "INVALIDENTITY", "message": message}], {}
            job_id = f"750{len(org.jobs):012d}AAA"
            names, rows = org.select(body["query"], deleted=body["operation"] == "queryAll")
            org.jobs[job_id] = (body["query"], names, [dict(r) for r in rows])
            return 200, {"id": job_id, "state": "UploadComplete", "apiVersion": 62.0}, {}
        job_id = below.split("/")[3]
        if job_id not in org.jobs or job_id in org.deleted_jobs:
            return 404, [{"errorCode": "NOT_FOUND", "message": "no such job"}], {}
        _, names, rows = org.jobs[job_id]
        if method == "DELETE":
            org.deleted_jobs.append(job_id)
            return 204, None, {}
        starts = list(range(0, len(rows), org.page_rows)) or [0]
        if below.endswith("/resultPages"):
            if not org.has_result_pages:
                return 404, [{"errorCode": "NOT_FOUND", "message": "no such resource"}], {}
            first = int(query.get("locator", ["0"])[0])
            some = starts[first : first + 5]
            base = path.removesuffix("/resultPages")
            answer = {
                "resultPages": [{"resultUrl": f"{base}/results?locator={s}"} for s in some],
                "done": first + 5 >= len(starts),
            }
            if not answer["done"]:
                answer["nextRecordsUrl"] = f"{path}?locator={first + 5}"
            return 200, answer, {}
        if below.endswith("/results"):
            return self._results(names, rows, int(query.get("locator", ["0"])[0]))
        return 200, {"id": job_id, "state": "JobComplete", "numberRecordsProcessed": len(rows)}, {}

    def _results(self, names: list, rows: list, start: int) -> tuple:
        part = rows[start : start + self.org.page_rows]
        following = start + self.org.page_rows
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(names)
        for row in part:
            writer.writerow(["" if row.get(n) is None else row[n] for n in names])
        headers = {
            "Content-Type": "text/csv",
            "Sforce-NumberOfRecords": str(len(part)),
            "Sforce-Locator": str(following) if following < len(rows) else "null",
        }
        return 200, text.getvalue().encode(), headers


def _holds(condition: str, record: dict, kinds: dict) -> bool:
    key, sign, value = condition.split(" ", 2)
    if sign == "IN":
        return record[key] in re.findall(r"'(\w+)'", value)
    if (sign, value) == ("!=", "null"):
        return kinds[key] == "boolean" or record.get(key) not in (None, "")
    return record[key] >= value if sign == ">=" else record[key] < value


def _typed(value, kind):
    if value is None or value == "":
        return None
    if kind == "boolean":
        return value == "true"
    try:
        if kind in ("double", "currency", "percent"):
            return float(value)
        if kind == "int":
            number = float(value)
            return int(number) if number.is_integer() else number
    except ValueError:
        return value  # nonsense, as some field may hold
    if kind == "datetime":
        return value.replace("Z", "+0000")
    return value


@contextmanager
def serving(org: FakeOrg, handler: type[Handler] = Handler) -> Iterator[FakeOrg]:
    """The org on a port of its own, until the end of the ``with``."""
    bound = type("OrgHandler", (handler,), {"org": org})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    org.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield org
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
