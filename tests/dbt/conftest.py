"""The dbt project read offline, and a small lake on the local AWS to build it in."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_jobs.contract.raw_log import SystemColumn, TableProperty
from lakehouse_jobs.contract.runs import BUILT_KEY, TESTED_KEY
from lakehouse_local import runtimes, server
from lakehouse_local.home import REGION, Home, aws_environment
from tests.dbt import several_currencies
from tests.free_port import free_port
from tests.local_catalog import local_catalog
from tests.until import until

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "dbt_project"
START = datetime(2026, 1, 1, tzinfo=UTC)
VARIABLES = {
    "LAKE_BUCKET": "lake",
    "RAW_DATABASE": "t_raw",
    "STAGING_DATABASE": "t_staging",
    "INTERMEDIATE_DATABASE": "t_intermediate",
    "MARTS_DATABASE": "t_marts",
    "DBT_SESSION_ROLE_ARN": "arn:aws:iam::123456789012:role/sessions",
    "DBT_SESSION_PREFIX": "t-dbt",
}
LAYERS = ("staging", "intermediate", "marts")
TIME = pa.timestamp("us", "UTC")
SYSTEM = pa.schema(
    [
        (SystemColumn.ORG_ID, pa.string()),
        (SystemColumn.SOURCE, pa.string()),
        (SystemColumn.RUN_ID, pa.string()),
        (SystemColumn.EXTRACTED_AT, TIME),
        (SystemColumn.BATCH, pa.int64()),
        (SystemColumn.CHANGE, pa.string()),
        (SystemColumn.IS_DELETED, pa.bool_()),
        (SystemColumn.DELETED_AT, TIME),
    ]
)


def at(hour: float) -> datetime:
    """So many hours after the start of the test's time."""
    return START + timedelta(hours=hour)


@pytest.fixture(scope="session")
def runtime() -> Home:
    """A home whose dbt environment is there."""
    home = Home(root=ROOT / ".lakehouse", port=free_port())
    runtimes.ensure(home, lambda _: None)
    return home


@pytest.fixture(scope="session")
def dbt(runtime: Home) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program of the dbt environment in a folder."""

    def run(
        *argv: str, folder: Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "TMPDIR")}
        return subprocess.run(
            [str(runtime.build_bin / argv[0]), *argv[1:]],
            cwd=folder,
            env=kept | VARIABLES | {"PATH": f"{runtime.build_bin}:/usr/bin:/bin"} | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session", params=["false", "dated"], ids="multi_currency={}".format)
def manifest(
    request: pytest.FixtureRequest,
    dbt: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What dbt makes of the project, without any connection: of one currency and of several."""
    folder = copied_project(tmp_path_factory.mktemp("parse"))
    if request.param != "false":
        several_currencies.generate(folder)
    variables = f"{{multi_currency: {request.param}}}"
    done = dbt("dbt", "parse", "--no-partial-parse", "--vars", variables, folder=folder)
    assert done.returncode == 0, done.stdout
    return json.loads((folder / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, to change and compile."""
    return copied_project(tmp_path_factory.mktemp("project"))


def copied_project(folder: Path) -> Path:
    """The project in a folder of the test's own, where dbt may leave its files."""
    ignore = shutil.ignore_patterns("target", "logs", "dbt_packages")
    return Path(shutil.copytree(PROJECT, folder / "dbt_project", ignore=ignore))


def share_session(project: Path) -> None:
    """Have all builds of a test run in one Spark: each start costs more than a build."""
    profile = project / "profiles.yml"
    reuse = "      type: glue\n      glue_session_reuse: true\n"
    profile.write_text(profile.read_text().replace("      type: glue\n", reuse))


# Of a session that lives on: what it knows of tables, which PyIceberg changes between builds.
FORGET = "spark._jsparkSession.sessionState().catalogManager().reset()"


@dataclass
class Lake:
    """Raw tables to fill, a dbt build to run, tables to read."""

    home: Home
    project: Path
    dbt: Callable[..., subprocess.CompletedProcess[str]]
    suffix: str = ""  # of the databases that dbt fills
    select: str = ""  # what a build makes, as `select` of the construct; nothing: all of it

    @property
    def environment(self) -> dict[str, str]:
        """What leads dbt here."""
        databases = {f"{layer.upper()}_DATABASE": self.database(layer) for layer in LAYERS}
        return aws_environment(self.home.endpoint) | databases

    def database(self, layer: str) -> str:
        """The Glue database of a layer that dbt fills."""
        return VARIABLES[f"{layer.upper()}_DATABASE"] + self.suffix

    def create_databases(self) -> None:
        """Make the databases that dbt fills, empty."""
        for layer in LAYERS:
            self._create_database(self.database(layer))

    def create_raw(self) -> None:
        """Make the bucket and the database of the raw tables."""
        self.client("s3").create_bucket(Bucket=VARIABLES["LAKE_BUCKET"])
        self._create_database(VARIABLES["RAW_DATABASE"])

    def _create_database(self, name: str) -> None:
        place = f"s3://{VARIABLES['LAKE_BUCKET']}/{name}/"
        self.client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": place})

    def run(self, *argv: str, **given: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of the dbt environment; its session sees what has been committed."""
        for session in self.sessions():
            self.say(session, FORGET)
        return self.dbt(*argv, **given)

    def sessions(self) -> list[str]:
        """The session that builds share; none before the first build."""
        found = self.client("glue").list_sessions()["Sessions"]
        return [session["Id"] for session in found if session["Status"] == "READY"]

    def say(self, session: str, code: str) -> None:
        """Run a statement in a session."""
        glue = self.client("glue")
        number = glue.run_statement(SessionId=session, Code=code)["Id"]
        found = until(
            lambda: glue.get_statement(SessionId=session, Id=number)["Statement"],
            lambda found: found["State"] not in ("WAITING", "RUNNING"),
            seconds=300,
        )
        assert found["Output"]["Status"] == "ok", found

    def test_data(self, enabled: bool) -> None:
        """Have the builds that follow run the data tests, of all rows, or leave them out.

        They are half the time; what was built without them counts as tested.
        """
        project = self.project / "dbt_project.yml"
        head, mark, tail = project.read_text().partition("data_tests:\n  lakehouse:\n")
        line = "    +enabled: false\n"
        head = head.replace("whole_tables: false", "whole_tables: true")
        project.write_text(head + mark + ("" if enabled else line) + tail.removeprefix(line))

    def elsewhere(self, suffix: str) -> "Lake":
        """The same raw tables, and empty databases to build in."""
        other = replace(self, suffix=suffix)
        other.create_databases()
        return other

    def tables(self, layer: str) -> list[str]:
        """The tables that dbt made in a layer."""
        return sorted(name for _, name in self.catalog().list_tables(self.database(layer)))

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.home.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def catalog(self) -> Catalog:
        """PyIceberg's view of the lake."""
        return local_catalog(self.home.endpoint)

    def land(
        self,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        batch: int,
        fields: pa.Schema,
        told: int | None = None,
    ) -> None:
        """Append a batch of versions as the extractor does, extracted at 100 h × batch.

        ``told``: the batch that the catalog names, where that is not this one.
        """
        always = {
            SystemColumn.ORG_ID: "00D000000000001AAA",
            SystemColumn.SOURCE: "salesforce",
            SystemColumn.RUN_ID: f"run-{batch}",
            SystemColumn.EXTRACTED_AT: at(100 * batch),
            SystemColumn.BATCH: batch,
            SystemColumn.CHANGE: "read",
            SystemColumn.IS_DELETED: False,
            SystemColumn.DELETED_AT: None,
        }
        schema = pa.schema([*fields, *SYSTEM])
        catalog, name = self.catalog(), (VARIABLES["RAW_DATABASE"], table)
        try:
            target = catalog.load_table(name)
        except NoSuchTableError:
            location = f"s3://{VARIABLES['LAKE_BUCKET']}/{name[0]}/{table}"
            target = catalog.create_table(name, schema=schema, location=location)
        with target.update_schema() as change:
            change.union_by_name(schema)
        with target.transaction() as transaction:
            transaction.append(
                pa.Table.from_pylist([always | dict(row) for row in rows], schema=schema)
            )
            transaction.set_properties({TableProperty.BATCH: str(told or batch)})

    def tell(self, table: str, *, batch: int) -> None:
        """Have the catalog name this batch."""
        self._set(table, {TableProperty.BATCH: str(batch)})

    def read_until(self, table: str, moment: datetime) -> None:
        """What a run does that finds nothing new: the watermark moves, and nothing else."""
        self._set(table, {TableProperty.WATERMARK: moment.isoformat()})

    def _set(self, table: str, properties: Mapping[str, str]) -> None:
        target = self.catalog().load_table((VARIABLES["RAW_DATABASE"], table))
        with target.transaction() as transaction:
            transaction.set_properties(dict(properties))

    def built(self) -> dict[str, int]:
        """``runs/_built.json``."""
        key = {"Bucket": VARIABLES["LAKE_BUCKET"], "Key": BUILT_KEY}
        return json.loads(self.client("s3").get_object(**key)["Body"].read())

    def notes(self) -> dict[str, bytes]:
        """What builds of the pipeline tell each other: ``_built.json`` and ``_tested.json``."""
        s3, bucket = self.client("s3"), VARIABLES["LAKE_BUCKET"]
        keys = (BUILT_KEY, TESTED_KEY)
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def build(
        self, execution: str, *, failed: str = "", full_refresh: bool = False, models: str = ""
    ) -> dict[str, Any]:
        """The build as CodeBuild runs it, of all models or of some; its outcome."""
        done = self.run(
            "python",
            "-m",
            "lakehouse_jobs.entry.dbt_build",
            folder=self.project,
            env=self.environment
            | {
                "PYTHONPATH": str(ROOT / "glue_jobs"),
                "LAKEHOUSE_EXECUTION_NAME": execution,
                "LAKEHOUSE_FAILED_OBJECTS": failed,
                BuildVariable.SELECT: self.select,
                "LAKEHOUSE_FULL_REFRESH": "true" if full_refresh else "",
                "LAKEHOUSE_MODELS": models,
            },
        )
        outcome = json.loads(
            self.client("s3")
            .get_object(Bucket=VARIABLES["LAKE_BUCKET"], Key=f"runs/{execution}/_dbt.json")["Body"]
            .read()
        )
        assert (done.returncode == 0) == (outcome["status"] == "succeeded"), done.stdout
        return outcome | {"log": done.stdout + done.stderr}

    def by_hand(self, *arguments: str) -> str:
        """Plain dbt, as a person runs it; its log."""
        done = self.run("dbt", *arguments, folder=self.project, env=self.environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def rows(self, layer: str, table: str, *columns: str) -> list[dict[str, Any]]:
        """Rows of a table that dbt made, in a fixed order."""
        name = (self.database(layer), table)
        scan = self.catalog().load_table(name).scan()
        found = (scan.select(*columns) if columns else scan).to_arrow().to_pylist()
        return sorted(found, key=str)

    def ask(self, query: str) -> tuple[list[str], list[list[str | None]]]:
        """Athena's answer to a query of the marts: names of columns, rows as text."""
        athena = self.client("athena")
        started = athena.start_query_execution(
            QueryString=query,
            QueryExecutionContext={"Database": self.database("marts")},
            ResultConfiguration={"OutputLocation": f"s3://{VARIABLES['LAKE_BUCKET']}/athena/"},
        )["QueryExecutionId"]
        ended = until(
            lambda: athena.get_query_execution(QueryExecutionId=started)["QueryExecution"],
            lambda found: found["Status"]["State"] not in ("QUEUED", "RUNNING"),
        )
        assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
        found = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
        head, *rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]
        return head, rows


@pytest.fixture(scope="module")
def lake(
    runtime: Home,
    dbt: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lake]:
    """An empty lake on the local AWS."""
    server.start(runtime, lambda _: None)
    project = copied_project(tmp_path_factory.mktemp("build"))
    share_session(project)
    lake = Lake(runtime, project, dbt)
    try:
        lake.create_raw()
        lake.create_databases()
        yield lake
    finally:
        server.stop(runtime)
        shutil.rmtree(runtime.instance, ignore_errors=True)
