"""A Salesforce of one object that outruns any client: pages lie ready and are sent by the kernel.

Or, with ``--job-seconds``, ``--latency`` and ``--rate``, one that is as slow as the real one.
A process of its own: its first line on stdout is its port; GET /_counted tells how many
requests it got and how many bytes of pages it sent.

    python benchmarks/extract_server.py --folder PAGES --pages 20
"""

import argparse
import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from extract_pages import FIELDS, OBJECT, PAGE_ROWS, changed, csv_of, page

ORG_ID = "00D000000000062EAA"
SLICE = 1 << 16  # bytes sent at once where the rate is limited
LISTED = 5  # pages in one answer of resultPages, as Salesforce lists them
ALL = ">= 2000-"  # the window of connectors that always name one: it holds every record


@dataclass(kw_only=True)
class Org:
    """What the server knows."""

    folder: Path
    pages: int
    gzip: bool  # whether to send gzip to those who accept it
    changed: int  # records that a query with a window finds
    job_seconds: float
    latency: float  # seconds before each answer
    rate: float  # bytes a second for each connection, 0 for no limit
    requests: int = 0
    sent: int = 0  # bytes of pages
    jobs: dict[str, tuple[float, bool]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def delta(self) -> list[dict[str, str]]:
        """The changed records: new versions at each look, within the lookback."""
        return changed(self.changed, datetime.now(UTC) - timedelta(minutes=3))

    def rows(self, *, window: bool) -> int:
        """How many records a query finds."""
        return self.changed if window else self.pages * PAGE_ROWS


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    org: Org

    def log_message(self, format: str, *args: object) -> None:  # noqa: D102
        pass

    def do_GET(self) -> None:  # noqa: D102
        self._serve()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path == "/_counted":
            self._json({"requests": self.org.requests, "sent": self.org.sent})
            return
        with self.org.lock:
            self.org.requests += 1
        time.sleep(self.org.latency)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        below = re.sub(r"^/services/(oauth2|data/v[0-9.]+|async/[0-9.]+)", "", parts.path)
        below = below.strip("/")
        if below.split("/")[0] == "job":
            self._batch_job(below.split("/")[1:])
        elif below.startswith("jobs/query"):
            self._job(below.split("/")[2:], query, sent)
        else:
            self._json(self._rest(below, query))

    def _rest(self, below: str, query: dict[str, str]) -> Any:
        if below == "token":
            identity = f"https://login.salesforce.com/id/{ORG_ID}/005000000000001AAA"
            address = f"http://{self.headers['Host']}"
            return {"access_token": "t", "instance_url": address, "id": identity}
        if below == "limits":
            names = (
                "DailyApiRequests",
                "DailyBulkApiBatches",
                "DailyBulkV2QueryJobs",
                "DailyBulkV2QueryFileStorageMB",
            )
            return {name: {"Max": 1_000_000, "Remaining": 990_000} for name in names}
        if below.startswith("sobjects/"):
            fields = [{"name": n, "type": t, "length": k} for n, (t, k) in FIELDS.items()]
            return {"name": OBJECT, "queryable": True, "fields": fields}
        if below == "sobjects":
            return {"sobjects": [{"name": OBJECT, "queryable": True}]}
        soql = query.get("q", "")
        window = _is_window(soql)
        if "count()" in soql.lower():
            return {"totalSize": self.org.rows(window=window), "done": True, "records": []}
        records = [_typed(r) for r in self.org.delta] if window else []
        return {"totalSize": self.org.rows(window=window), "done": True, "records": records}

    def _job(self, path: list[str], query: dict[str, str], sent: bytes) -> None:
        org = self.org
        if self.command == "POST":
            with org.lock:
                job = f"750{len(org.jobs):012d}AAA"
                org.jobs[job] = (time.monotonic(), _is_window(json.loads(sent)["query"]))
            self._json({"id": job, "state": "UploadComplete", "object": OBJECT})
            return
        if self.command == "DELETE":
            self.send_response(204)
            self.end_headers()
            return
        began, window = org.jobs[path[0]]
        locator = int(query.get("locator", "0"))
        if path[1:] == ["results"]:
            self._page(locator, window=window)
        elif path[1:] == ["resultPages"]:
            base = self.path.split("/resultPages")[0]
            last = 1 if window else org.pages
            some = range(locator, min(locator + LISTED, last))
            answer: dict[str, Any] = {
                "resultPages": [{"resultUrl": f"{base}/results?locator={n}"} for n in some],
                "done": some.stop >= last,
            }
            if some.stop < last:
                answer["nextRecordsUrl"] = f"{base}/resultPages?locator={some.stop}"
            self._json(answer)
        else:
            ready = time.monotonic() - began >= org.job_seconds
            state = "JobComplete" if ready else "InProgress"
            rows = org.rows(window=window)
            self._json({"id": path[0], "state": state, "numberRecordsProcessed": rows})

    def _batch_job(self, path: list[str]) -> None:
        """The older Bulk API, of a job with one batch: its results are the pages."""
        if len(path) < 2:
            self._json({"id": "750000000000001AAA", "state": "Open"})
        elif path[-1] == "result":
            results = "".join(f"<result>{n}</result>" for n in range(self.org.pages))
            self._text(f"<result-list>{results}</result-list>", "application/xml")
        elif path[-2] == "result":
            self._page(int(path[-1]), window=False)
        else:
            state = "<id>751000000000001AAA</id><state>Completed</state>"
            self._text(f"<batchInfo>{state}</batchInfo>", "application/xml")

    def _page(self, number: int, *, window: bool) -> None:
        org = self.org
        packed = org.gzip and "gzip" in self.headers.get("Accept-Encoding", "") and not window
        self.send_response(200)
        if window:
            body = csv_of(org.delta)
            rows, following, size, path = org.changed, "null", len(body), None
        else:
            found = page(org.folder, number)
            path = found.packed if packed else found.plain
            rows, body, size = found.rows, None, path.stat().st_size
            following = str(number + 1) if number + 1 < org.pages else "null"
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(size))
        self.send_header("Sforce-NumberOfRecords", str(rows))
        self.send_header("Sforce-Locator", following)
        self.end_headers()
        with org.lock:
            org.sent += size
        if body is not None or path is None:
            self.wfile.write(body or b"")
            return
        with path.open("rb") as file:
            if not org.rate:
                self.connection.sendfile(file)
                return
            began, done = time.monotonic(), 0
            while piece := file.read(SLICE):
                self.wfile.write(piece)
                done += len(piece)
                time.sleep(max(0.0, began + done / org.rate - time.monotonic()))

    def _json(self, answer: Any) -> None:
        self._text(json.dumps(answer), "application/json")

    def _text(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002, D102
        return format_datetime(datetime.now(UTC), usegmt=True)


def _is_window(soql: str) -> bool:
    """Whether a query asks for what changed lately."""
    return ">=" in soql and ALL not in soql


def _typed(record: dict[str, str]) -> dict[str, Any]:
    """A record as REST gives it."""
    read = {"boolean": lambda v: v == "true", "int": int}
    read |= dict.fromkeys(("double", "currency", "percent"), float)
    read["datetime"] = lambda v: v.replace("Z", "+0000")
    return {k: read.get(FIELDS[k][0], str)(v) if v else None for k, v in record.items()}


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--changed", type=int, default=1000)
    parser.add_argument("--job-seconds", type=float, default=0)
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--rate", type=float, default=0)
    org = Org(**vars(parser.parse_args()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OrgHandler", (Handler,), {"org": org}))
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
