"""What an incremental dbt build costs by the size of the tables: it should follow the delta.

Two orgs side by side on one local AWS, one ten times the other; the same dbt project, build
and (warm) Spark session. After a first build of each, rounds: so many records of each large
object change, and both are built, in turn. Medians of the rounds are printed.

    make bench-dbt
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from dbt_lake import KINDS, fill, land
from extract_lake import PLACES, measured
from pyiceberg.catalog import Catalog, load_catalog

from lakehouse_local import runtimes
from lakehouse_local.home import REGION, Home, aws_environment
from lakehouse_local.local_aws.processes import own_environment

ROOT = Path(__file__).parents[1]
BUCKET = "lake"
LAYERS = ("raw", "staging", "intermediate", "marts")


@dataclass(frozen=True, kw_only=True)
class Built:
    """What one build used; bytes as S3 served and took them."""

    wall: float  # seconds of the build, dbt's own start included
    dbt: float  # CPU seconds of dbt
    spark: float  # CPU seconds of the session
    statements: int
    models: dict[str, float]  # wall seconds by model
    tests: float  # wall seconds of the data tests
    read: dict[str, int]  # bytes of data files by table
    written: int  # data and delete files
    metadata: int  # Iceberg's own files, read and written

    @property
    def cpu(self) -> float:
        """CPU seconds of all."""
        return self.dbt + self.spark


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with local_lake() as lake:
        for size in given.sizes:
            lake.first(size)
        built: dict[int, list[Built]] = {size: [] for size in given.sizes}
        for batch in range(2, given.rounds + 2):
            for size in given.sizes:
                built[size].append(lake.next(size, batch=batch, changed=given.changed))
    print(report(built, given.changed))


@contextmanager
def local_lake() -> Iterator["Lake"]:
    """A local AWS with a ledger, without anything in it; gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        home = Home(root=ROOT / ".lakehouse", port=probe.getsockname()[1])
    runtimes.ensure(home, print)
    home.logs.mkdir(parents=True)
    ledger = home.instance / "ledger.jsonl"
    ledger.touch()
    server = [sys.executable, str(Path(__file__).with_name("dbt_server.py")), str(ledger)]
    server += ["--root", str(home.root), "--port", str(home.port)]
    try:
        with (
            (home.logs / "server.log").open("wb") as log,
            subprocess.Popen(server, env=own_environment(), stdout=log, stderr=log) as process,
        ):
            try:
                yield Lake(home, process.pid, ledger)
            finally:
                process.send_signal(signal.SIGTERM)
    finally:
        shutil.rmtree(home.instance, ignore_errors=True)


class Lake:
    """The orgs' databases, and the build over each."""

    def __init__(self, home: Home, server: int, ledger: Path) -> None:
        self._home, self._server, self._ledger = home, server, ledger
        self._wait()
        self._client("s3").create_bucket(Bucket=BUCKET)
        self._project = home.instance / "dbt_project"
        ignore = shutil.ignore_patterns("target", "logs", "dbt_packages")
        shutil.copytree(ROOT / "dbt_project", self._project, ignore=ignore)
        # One warm session for all builds; it must see what PyIceberg commits in between.
        profile = self._project / "profiles.yml"
        text = profile.read_text().replace(
            "      type: glue\n", "      type: glue\n      glue_session_reuse: true\n"
        )
        uncached = "--conf spark.sql.catalog.glue_catalog.cache-enabled=false\n        "
        first = "--conf spark.sql.defaultCatalog"
        profile.write_text(text.replace(first, uncached + first))

    def first(self, size: int) -> None:
        """Fill an org of that size and build it."""
        for layer in LAYERS:
            name = f"n{size}_{layer}"
            place = f"s3://{BUCKET}/{name}/"
            self._client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": place})
        for kind in KINDS:
            fill(self._catalog(), kind, database=f"n{size}_raw", bucket=BUCKET, size=size)
        built = self._build(size)
        print(f"{size:,}: first build {built.wall:.0f} s, {built.cpu:.0f} s CPU", flush=True)

    def next(self, size: int, *, batch: int, changed: int) -> Built:
        """Land a batch and build."""
        for kind in KINDS:
            land(
                self._catalog(),
                kind,
                database=f"n{size}_raw",
                size=size,
                batch=batch,
                changed=changed,
            )
        built = self._build(size)
        print(
            f"{size:,}: batch {batch}: {built.wall:.1f} s, CPU dbt {built.dbt:.1f} s,"
            f" Spark {built.spark:.1f} s, written {built.written:,}",
            flush=True,
        )
        return built

    def _build(self, size: int) -> Built:
        env = {k: os.environ[k] for k in PLACES if k in os.environ}
        env |= aws_environment(self._home.endpoint)
        env |= {f"{layer.upper()}_DATABASE": f"n{size}_{layer}" for layer in LAYERS}
        env |= {
            "LAKE_BUCKET": BUCKET,
            "DBT_SESSION_ROLE_ARN": "arn:aws:iam::123456789012:role/sessions",
            "DBT_SESSION_PREFIX": "bench-dbt",
            "PYTHONPATH": str(ROOT / "glue_jobs"),
            "PATH": f"{self._home.build_bin}:/usr/bin:/bin",
            "LAKEHOUSE_BUILD_FOLDER": str(self._project),
        }
        offset = self._ledger.stat().st_size
        statements, spark = self._statements(), cpu_below(self._server)
        program = "import os; os.chdir(os.environ['LAKEHOUSE_BUILD_FOLDER']);"
        program += "from lakehouse_jobs.entry.dbt_build import main; main()"
        run = measured([str(self._home.build_bin / "python"), "-c", program], env)
        results = json.loads((self._project / "target" / "run_results.json").read_text())
        seconds = {r["unique_id"]: r["execution_time"] for r in results["results"]}
        with self._ledger.open() as book:
            book.seek(offset)
            moved = [json.loads(line) for line in book]
        return Built(
            wall=run.wall,
            dbt=run.cpu,
            spark=cpu_below(self._server) - spark,
            statements=self._statements() - statements,
            models={k.split(".")[-1]: v for k, v in seconds.items() if k.startswith("model.")},
            tests=sum(v for k, v in seconds.items() if k.startswith("test.")),
            read=_by_table([m for m in moved if m[1] == "read" and "/data/" in m[2]]),
            written=sum(m[3] for m in moved if m[1] == "written" and "/data/" in m[2]),
            metadata=sum(m[3] for m in moved if "/metadata/" in m[2]),
        )

    def _statements(self) -> int:
        glue = self._client("glue")
        found = [s["Id"] for s in glue.list_sessions().get("Sessions", ())]
        return sum(len(glue.list_statements(SessionId=each)["Statements"]) for each in found)

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._home.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def _catalog(self) -> Catalog:
        return load_catalog(
            "lakehouse",
            **{
                "type": "glue",
                "glue.endpoint": self._home.endpoint,
                "s3.endpoint": self._home.endpoint,
                "client.region": REGION,
                "client.access-key-id": "test",
                "client.secret-access-key": "test",
            },
        )

    def _wait(self) -> None:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._home.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{self._home.endpoint} does not answer")


def cpu_below(pid: int) -> float:
    """CPU seconds that the descendants of a process have used, itself left out (Linux)."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        child = int(stat.parent.name)
        parents[child] = int(fields[1])
        used[child] = sum(map(int, fields[11:13]))
    below, added = set[int](), {pid}
    while added:
        added = {child for child, parent in parents.items() if parent in added}
        below |= added
    return sum(used[child] for child in below) / os.sysconf("SC_CLK_TCK")


def _by_table(moved: list[Any]) -> dict[str, int]:
    """Bytes by table; a key is bucket/database/table/file."""
    found = Counter[str]()
    for _, _, place, size in moved:
        _, database, table, *_ = place.split("/")
        found[f"{database.split('_', 1)[1]}.{table}"] += size
    return dict(found)


def report(built: dict[int, list[Built]], changed: int) -> str:
    """Medians by size, their ratio, and what each model took."""
    sizes = list(built)
    head = " | ".join(f"{size:,} rows" for size in sizes)
    lines = [
        f"{changed:,} changed records of each large object; medians of {len(built[sizes[0]])}.\n",
        f"| | {head} | ratio |",
        "|---|" + "---:|" * (len(sizes) + 1),
    ]

    def row(name: str, values: list[float], form: str) -> None:
        ratio = values[-1] / values[0] if values[0] else float("nan")
        shown = " | ".join(format(value, form) for value in values)
        lines.append(f"| {name} | {shown} | {ratio:.2f} |")

    def mid(of: Any) -> list[float]:
        return [median(of(each) for each in built[size]) for size in sizes]

    row("build, wall seconds", mid(lambda b: b.wall), ".1f")
    row("build, CPU seconds", mid(lambda b: b.cpu), ".1f")
    row("Spark, CPU seconds", mid(lambda b: b.spark), ".1f")
    row("models, wall seconds", mid(lambda b: sum(b.models.values())), ".1f")
    row("data tests, wall seconds", mid(lambda b: b.tests), ".1f")
    row("data files written, kB", mid(lambda b: b.written / 1e3), ",.0f")
    row("data files read, kB", mid(lambda b: sum(b.read.values()) / 1e3), ",.0f")
    row("metadata read and written, kB", mid(lambda b: b.metadata / 1e3), ",.0f")
    row("statements", mid(lambda b: b.statements), ".0f")
    models = sorted(
        built[sizes[0]][0].models, key=lambda m: -median(b.models[m] for b in built[sizes[-1]])
    )
    lines += ["", f"| model, wall seconds | {head} | ratio |", "|---|" + "---:|" * (len(sizes) + 1)]
    for model in models:
        row(f"`{model}`", mid(lambda b, model=model: b.models[model]), ".2f")
    tables = sorted(built[sizes[-1]][0].read, key=lambda t: -built[sizes[-1]][0].read[t])
    lines += ["", f"| table, kB read | {head} | ratio |", "|---|" + "---:|" * (len(sizes) + 1)]
    for table in tables:
        row(f"`{table}`", mid(lambda b, table=table: b.read.get(table, 0) / 1e3), ",.0f")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
