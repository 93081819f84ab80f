"""Orgs on a local AWS of the benchmark, built by what CodeBuild runs, and what each build used."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from dbt_lake import Kind, fill, land
from dbt_report import Built
from dbt_scans import LISTEN, Scan, scans
from extract_lake import PLACES, measured
from pyiceberg.catalog import Catalog, load_catalog

from lakehouse_local import runtimes
from lakehouse_local.home import REGION, Home, aws_environment
from lakehouse_local.local_aws.processes import own_environment

ROOT = Path(__file__).parents[1]
LAYERS = ("raw", "staging", "intermediate", "marts")
# In one expression: a statement's names stay in the session, where the build's own code runs.
TAKEN = """print(sum(
    each.getBytesRead()
    for each in spark._jvm.org.apache.hadoop.fs.FileSystem.getAllStatistics()
    if each.getScheme().startswith("s3")
))"""

# What the session knows of tables: PyIceberg has committed since. On AWS each build has its own.
FORGET = "spark._jsparkSession.sessionState().catalogManager().reset()"


@contextmanager
def local_lake(kinds: Sequence[Kind], *, as_on_glue: bool, recent: bool) -> Iterator["Lake"]:
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
    server += ["--spark-as-on-glue"] if as_on_glue else []
    try:
        with (
            (home.logs / "server.log").open("wb") as log,
            subprocess.Popen(server, env=own_environment(), stdout=log, stderr=log) as process,
        ):
            try:
                yield Lake(home, process.pid, ledger, kinds, recent=recent)
            finally:
                process.send_signal(signal.SIGTERM)
    finally:
        shutil.rmtree(home.instance, ignore_errors=True)


class Lake:
    """The orgs' databases, and the build over each."""

    def __init__(
        self, home: Home, server: int, ledger: Path, kinds: Sequence[Kind], *, recent: bool
    ) -> None:
        self._home, self._server, self._ledger, self._kinds = home, server, ledger, kinds
        self._recent, self._events = recent, home.instance / "events"
        self._wait()
        self._project = home.instance / "dbt_project"
        ignore = shutil.ignore_patterns("target", "logs", "dbt_packages")
        shutil.copytree(ROOT / "dbt_project", self._project, ignore=ignore)
        # One warm session for all builds.
        profile = self._project / "profiles.yml"
        text = profile.read_text().replace(
            "      type: glue\n",
            "      type: glue\n"
            "      glue_session_reuse: \"{{ env_var('SESSION_REUSE', 'True') | as_bool }}\"\n",
        )
        profile.write_text(text)

    def first(self, size: int) -> None:
        """Fill an org of that size and build it; a bucket each, as builds keep notes there."""
        bucket = f"lake-{size}"
        self._client("s3").create_bucket(Bucket=bucket)
        for layer in LAYERS:
            name = f"n{size}_{layer}"
            place = f"s3://{bucket}/{name}/"
            self._client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": place})
        for kind in self._kinds:
            fill(self._catalog(), kind, database=f"n{size}_raw", bucket=bucket, size=size)
        built = self._build(size)
        print(f"{size:,}: first build {built.wall:.0f} s, {built.cpu:.0f} s CPU", flush=True)

    def next(self, size: int, *, batch: int, changed: int, threads: int = 0) -> Built:
        """Land a batch and build; see :meth:`_build` for the threads."""
        for kind in self._kinds:
            land(
                self._catalog(),
                kind,
                database=f"n{size}_raw",
                size=size,
                batch=batch,
                changed=changed,
                recent=self._recent,
            )
        built = self._build(size, threads)
        print(
            f"{size:,}: batch {batch}: {built.wall:.1f} s, CPU dbt {built.dbt:.1f} s,"
            f" Spark {built.spark:.1f} s, written {built.written:,}",
            flush=True,
        )
        return built

    def _build(self, size: int, threads: int = 0) -> Built:
        """Build in the one warm session, or with so many threads, each in a session of its own.

        Those start with the build and end with it, as on AWS.
        """
        env = {k: os.environ[k] for k in PLACES if k in os.environ}
        env |= aws_environment(self._home.endpoint)
        env |= {f"{layer.upper()}_DATABASE": f"n{size}_{layer}" for layer in LAYERS}
        env |= {
            "LAKE_BUCKET": f"lake-{size}",
            "DBT_SESSION_ROLE_ARN": "arn:aws:iam::123456789012:role/sessions",
            "DBT_SESSION_PREFIX": "bench-dbt",
            "PYTHONPATH": str(ROOT / "glue_jobs"),
            "PATH": f"{self._home.build_bin}:/usr/bin:/bin",
            "LAKEHOUSE_BUILD_FOLDER": str(self._project),
        }
        if threads:
            env |= {"DBT_THREADS": str(threads), "SESSION_REUSE": "False"}
        self._say(FORGET)
        offset = self._ledger.stat().st_size
        taken = self._taken()
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
            taken=self._taken() - taken,
            models={k.split(".")[-1]: v for k, v in seconds.items() if k.startswith("model.")},
            tests=_by_kind(seconds),
            read=_by_table([m for m in moved if m[1] == "read" and "/data/" in m[2]]),
            written=sum(m[3] for m in moved if m[1] == "written" and "/data/" in m[2]),
            metadata=sum(m[3] for m in moved if "/metadata/" in m[2]),
        )

    def _statements(self) -> int:
        glue = self._client("glue")
        found = [s["Id"] for s in glue.list_sessions().get("Sessions", ())]
        return sum(len(glue.list_statements(SessionId=each)["Statements"]) for each in found)

    def listen(self) -> None:
        """Have the warm session keep its event log from now on."""
        self._events.mkdir()
        self._say(LISTEN.replace("{folder}", str(self._events)))

    def scans(self) -> list[Scan]:
        """What was read since :meth:`listen`."""
        (log,) = self._events.iterdir()
        with log.open() as lines:
            return list(scans(lines))

    def _taken(self) -> int:
        """Bytes that the warm session has taken from S3 so far; 0 where there is none.

        As Iceberg's streams count them, metadata too (HadoopMetricsContext), without what S3 had
        answered by when a stream hung up.
        """
        return int(self._say(TAKEN) or 0)

    def _say(self, code: str) -> str:
        """What a statement of the warm session prints; empty where there is none."""
        glue = self._client("glue")
        sessions = [s["Id"] for s in glue.list_sessions().get("Sessions", ())]
        if len(sessions) != 1:
            return ""
        number = glue.run_statement(SessionId=sessions[0], Code=code)["Id"]
        while True:
            found = glue.get_statement(SessionId=sessions[0], Id=number)["Statement"]
            if found["State"] not in ("WAITING", "RUNNING"):
                break
            time.sleep(0.2)
        if found["Output"]["Status"] != "ok":
            raise RuntimeError(f"the session refused a statement: {found['Output']}")
        return str(found["Output"]["Data"]["TextPlain"])

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


def _by_kind(seconds: dict[str, float]) -> dict[str, float]:
    """Seconds of the data tests: of each generic one in all places, of others each."""
    found = defaultdict[str, float](float)
    for node, spent in seconds.items():
        if node.startswith("test."):
            name = node.split(".")[2]
            found[re.split(r"_(?=(?:stg|int|dim|fct|rpt)_)", name)[0]] += spent
    return found


def _by_table(moved: list[Any]) -> dict[str, int]:
    """Bytes by table; a key is bucket/database/table/file."""
    found = Counter[str]()
    for _, _, place, size in moved:
        _, database, table, *_ = place.split("/")
        found[f"{database.split('_', 1)[1]}.{table}"] += size
    return dict(found)
