"""A demo org with raw tables made of its records, and a mart of its own."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.salesforce import read_secret
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.reading import config_of
from lakehouse_tools.comparison.run import TableReport
from lakehouse_tools.comparison.sides import Found, Kept, Sides
from lakehouse_tools.discover import access
from lakehouse_tools.validation.raw import raw_table
from lakehouse_tools.validation.run import look_at_object, validate

BORN = 1_790_000_000.0
OBJECTS = ObjectsConfig.from_text('{"groups": {"all": {"include": ["Contact"]}}}', where="test")
# Raw's columns as the job types them; the cast is the test's own.
TYPES = {
    "id": "varchar", "lastname": "varchar", "email": "varchar", "accountid": "varchar",
    "birthdate": "date", "isdeleted": "boolean", "createddate": "timestamptz",
    "systemmodstamp": "timestamptz",
}  # fmt: skip


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("org")
    make(folder, Birth(records=600, now=BORN))
    org = open_org(folder)
    with serving(org) as url:
        secret = {
            "instance_url": url,
            "client_id": org.store.meta("client_id"),
            "client_secret": org.store.meta("client_secret"),
        }
        credentials = read_secret(json.dumps(secret), name="test")
        yield access.open_org(credentials, api_version="62.0"), url


@pytest.fixture(scope="session")
def contacts(served):
    """All contacts of the org that live, as REST gives them."""
    return living(served[0], "Contact")


def living(org, name):
    fields = ", ".join(f.name for f in org.describe(name).fields if f.name.lower() in TYPES)
    # As the job reads: archived records are in raw.
    return list(org.query(f"SELECT {fields} FROM {name} WHERE IsDeleted = false", deleted=True))


class Raw:
    """The raw table of contacts, and what came of looking at it."""

    def __init__(self, engine, org, folder, records, name="Contact"):
        self.engine, self.org, self.folder, self.name = engine, org, folder, name
        self.source = folder / f"{name}.json"
        self.source.write_text(json.dumps(records))
        self.watermark = datetime.now(UTC) + timedelta(days=400)

    def found(self, change="SELECT * FROM contact", **properties):
        columns = ", ".join(
            f"replace(json_extract_string(json, '$.{name}'), '+0000', 'Z')::{kind}"
            f" AS {name.lower()}"
            for name, kind in self.names.items()
        )
        path = self.folder / "raw.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                f"CREATE VIEW contact AS SELECT {columns}, false AS _is_deleted, 1 AS _batch"
                f" FROM read_json_objects('{self.source}', format = 'array')"
            )
            connection.execute(f"COPY ({change}) TO '{path}'")
        stamps = {TableProperty.WATERMARK: self.watermark.isoformat(), **properties}
        return Found(name="raw.contact", kept=Kept.PARQUET, changed_at=None, table="contact",
                     files=(str(path),), properties=stamps)  # fmt: skip

    @property
    def names(self):
        known = {f.name.lower(): f.name for f in self.org.describe(self.name).fields}
        return {known[name]: kind for name, kind in TYPES.items() if name in known}

    def checks(self, change="SELECT * FROM contact", objects=OBJECTS, **properties):
        raw = raw_table(self.engine, self.found(change, **properties), self.name)
        table = TableReport(name=self.name, old="", new="")
        look_at_object(self.engine, self.org, raw, objects, table, sample=2_000)
        self.records = table.records
        return {check.name: check for check in table.checks}


@pytest.fixture
def raw(served, contacts, tmp_path):
    with DuckDbEngine(threads=1) as engine:
        yield Raw(engine, served[0], tmp_path, contacts)


MART = """SELECT i::varchar AS account_id, 'n' AS name, (i + 1)::varchar AS parent,
    i * 1.5::double AS revenue,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' AS changed,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' AS valid_from, NULL::timestamptz AS valid_to,
    true AS is_current FROM range({n}) t(i)"""


PAIR = {
    "old": "sf_account",
    "new": "dim_account",
    "key": {"account_id": {"old": "id"}},
    "columns": {"name": {}, "parent": {}, "revenue": {}, "changed": {}},
    "references": {"parent": "dim_account"},
    "modified": "changed",
    "as_of": {"cutoff": "x", "valid_from": "valid_from", "valid_to": "valid_to",
              "is_current": "is_current"},
    "known_differences": [
        {"name": "r", "columns": ["name"], "where": "old.x = 1", "reason": "b", "owner": "Ada",
         "expires": "2999-01-01", "at_most": 9}
    ],
}  # fmt: skip


@pytest.fixture
def mart(tmp_path):
    (tmp_path / "new").mkdir()
    given = {"old": {"database": "gone"}, "new": {"folder": str(tmp_path / "new")},
             "tables": [PAIR]}  # fmt: skip
    config = config_of(json.dumps(given), where="comparison.json")

    def look(query, runs=(), subject="environment dev, org 1"):
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{tmp_path}/new/dim_account.parquet'")
        with DuckDbEngine(threads=1) as engine:
            # No object is looked at, so nobody asks the org.
            return validate(config, OBJECTS, [], engine, Sides(), None, run="r", sample=1,  # type: ignore[arg-type]
                            subject=subject, runs=list(runs), now=datetime.now(UTC))  # fmt: skip

    return look


def failing(report):
    return {c.name for c in report.every if c.status is not Status.PASS}
