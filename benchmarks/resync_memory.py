"""What a resync of an unchanged object costs: memory, seconds, and that it commits nothing.

A first load of narrow rows, then the same rows read again in full and compared with raw. The
pages are made on the fly by this process, the job is a process of its own as Glue starts it.

    python benchmarks/resync_memory.py --rows 1000000 10000000
"""

import argparse
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from extract_lake import Target, local_aws
from extract_pages import PAGE_ROWS
from extract_server import Handler, Org

from lakehouse_jobs.contract.arguments import Argument

STATE = Path(__file__).parents[1] / ".lakehouse" / "bench-resync"
FIELDS = {
    "Id": "id",
    "IsDeleted": "boolean",
    "SystemModstamp": "datetime",
    "CreatedDate": "datetime",
    "Name": "string",
    "Amount__c": "currency",
    "Number__c": "int",
    "OwnerId": "reference",
}
HEADER = ",".join(f'"{name}"' for name in FIELDS)


class Narrow(Handler):
    """The fast server, with eight columns that are computed for each page."""

    def _rest(self, below: str, query: dict[str, str]) -> Any:
        if below.startswith("sobjects/"):
            fields = [{"name": n, "type": t, "length": 80} for n, t in FIELDS.items()]
            return {"name": "Account", "queryable": True, "fields": fields}
        return super()._rest(below, query)

    def _page(self, number: int, *, window: bool) -> None:
        assert not window, "only whole reads are measured"
        rows = range(number * PAGE_ROWS, (number + 1) * PAGE_ROWS)
        body = "\n".join([HEADER, *map(_row, rows), ""]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Sforce-NumberOfRecords", str(PAGE_ROWS))
        following = number + 1 < self.org.pages
        self.send_header("Sforce-Locator", str(number + 1) if following else "null")
        self.end_headers()
        self.wfile.write(body)


def _row(n: int) -> str:
    moment = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:{n % 60:02d}:{n % 59:02d}.000Z"
    return (
        f'"001{n:012d}AAA","false","{moment}","{moment}","Name of {n * 7919 % 1000003}",'
        f'"{n * 31 % 99991}.25","{n % 1000}","005{n % 5000:012d}AAA"'
    )


def _commits(target: Target) -> int:
    """How often the table was written: each commit leaves a file of metadata."""
    prefix = f"{target.name.replace('-', '_')}/account/metadata/"
    found = target.lake.client("s3").list_objects_v2(Bucket=target.name, Prefix=prefix)
    return sum(o["Key"].endswith(".metadata.json") for o in found.get("Contents", []))


def measure(rows: int) -> None:
    """Load, read again, print a line of Markdown for each."""
    org = Org(
        folder=STATE,
        pages=rows // PAGE_ROWS,
        gzip=False,
        changed=0,
        job_seconds=0,
        latency=0,
        rate=0,
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Narrow,), {"org": org}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with local_aws(STATE / "aws") as lake:
        target = lake.new(f"http://127.0.0.1:{server.server_address[1]}")
        for mode in ("incremental", "full"):
            before = _commits(target)
            used, outcome = target.run(**{Argument.MODE: mode})
            assert (outcome["mode"], outcome["read"]) == (mode, rows), outcome
            commits = _commits(target) - before
            print(
                f"| {mode} | {outcome['read']:,} | {outcome['rows']:,} | {commits} | "
                f"{used.rss:.0f} MB | {used.wall:.0f} s | {used.cpu:.0f} s |",
                flush=True,
            )
            print(f"  phases: {outcome['phases']}; {outcome['message']}", flush=True)
    server.shutdown()


def main() -> None:
    """Measure each number of rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    print("| run | rows read | rows written | commits | peak RSS | wall | CPU |")
    print("|---|---|---|---|---|---|---|")
    for rows in parser.parse_args().rows:
        measure(rows)


if __name__ == "__main__":
    main()
