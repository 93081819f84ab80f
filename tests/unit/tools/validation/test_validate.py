"""Raw against a demo org, and a mart against its own rules: what is wrong is found and named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from click.testing import CliRunner

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.salesforce import read_secret
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_tools.cli import cli
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.reading import config_of
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.report.as_markdown import as_markdown
from lakehouse_tools.comparison.run import TableReport
from lakehouse_tools.comparison.sides import Found, Kept, Sides
from lakehouse_tools.discover import access
from lakehouse_tools.environment import Environment
from lakehouse_tools.validation.raw import raw_table
from lakehouse_tools.validation.run import look_at_object, validate
from tests.unit.tools.conftest import STACK

BORN = 1_790_000_000.0
OBJECTS = ObjectsConfig.from_text('{"groups": {"all": {"include": ["Contact"]}}}', where="test")
# Raw's columns as the job types them; the cast is the test's own.
TYPES = {
    "id": "varchar", "lastname": "varchar", "email": "varchar", "accountid": "varchar",
    "birthdate": "date", "isdeleted": "boolean", "createddate": "timestamptz",
    "systemmodstamp": "timestamptz",
}  # fmt: skip


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def contacts(served):
    """All contacts of the org that live, as REST gives them."""
    org, _ = served
    fields = ", ".join(f.name for f in org.describe("Contact").fields if f.name.lower() in TYPES)
    return list(org.query(f"SELECT {fields} FROM Contact", deleted=False))


class Raw:
    """The raw table of contacts, and what came of looking at it."""

    def __init__(self, engine, org, folder, contacts):
        self.engine, self.org, self.folder = engine, org, folder
        self.source = folder / "contacts.json"
        self.source.write_text(json.dumps(contacts))
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
        known = {f.name.lower(): f.name for f in self.org.describe("Contact").fields}
        return {known[name]: kind for name, kind in TYPES.items()}

    def checks(self, change="SELECT * FROM contact", objects=OBJECTS, **properties):
        raw = raw_table(self.engine, self.found(change, **properties), "Contact")
        table = TableReport(name="Contact", old="", new="")
        look_at_object(self.engine, self.org, raw, objects, table, sample=2_000)
        self.records = table.records
        return {check.name: check for check in table.checks}


@pytest.fixture
def raw(served, contacts, tmp_path):
    with DuckDbEngine(threads=1) as engine:
        yield Raw(engine, served[0], tmp_path, contacts)


def test_a_whole_copy_passes(raw, contacts):
    found = raw.checks()
    assert {c.status for c in found.values()} == {Status.PASS}, found
    assert raw.records == len(contacts)
    assert f"{len(contacts):,} records in 7 fields" in found["sampled records"].figure


def test_versions_that_are_over_and_records_that_are_gone_do_not_count(raw, contacts):
    earlier = "SELECT * REPLACE ('an old name' AS lastname, 0 AS _batch) FROM contact"
    dead = (
        "SELECT * REPLACE ('003000000000000AAA' AS id, n > 0 AS _is_deleted, n AS _batch)"
        " FROM (SELECT * FROM contact LIMIT 1), range(2) t(n)"
    )
    columns = "SELECT * EXCLUDE n"
    change = f"FROM contact UNION ALL ({earlier}) UNION ALL ({columns} FROM ({dead}))"
    found = raw.checks(change)
    assert {c.status for c in found.values()} == {Status.PASS}, found
    assert raw.records == len(contacts)


def test_one_lost_record_and_one_too_many(raw, contacts):
    newest = max(contacts, key=lambda r: r["SystemModstamp"])["Id"]
    found = raw.checks(f"FROM contact WHERE id <> '{newest}'")
    assert found["record counts"].status is Status.FAIL
    assert "--mode reconcile` fetches them" in found["record counts"].text
    assert f"{newest} (missing in raw)" in found["sampled records"].figure
    extra = "SELECT * REPLACE ('003000000000000AAA' AS id) FROM contact LIMIT 1"
    found = raw.checks(f"FROM contact UNION ALL ({extra})")
    assert found["record counts"].status is Status.FAIL
    assert "finds hard deletes" in found["record counts"].text
    assert "003000000000000AAA (gone)" in found["sampled records"].figure


def test_a_field_that_differs_is_named_without_its_value(raw, contacts):
    one = contacts[0]["Id"]
    change = f"CASE WHEN id = '{one}' THEN 'Mallory' ELSE lastname END AS lastname"
    check = raw.checks(f"SELECT * REPLACE ({change}) FROM contact")["sampled records"]
    assert (check.status, f"1 differ: {one} (lastname)" in check.figure) == (Status.FAIL, True)
    assert "Mallory" not in check.figure


def test_fields_that_raw_does_not_hold_yet_are_not_compared(raw):
    change = "SELECT * REPLACE ('x' AS email, 5 AS birthdate) FROM contact"
    check = raw.checks(change, **{TableProperty.UNFILLED: '{"email": 3}'})["sampled records"]
    assert check.status is Status.PASS
    assert "1 of another type than raw's (Birthdate)" in check.figure
    rules = ObjectsConfig.from_text(
        '{"groups": {"a": {"include": ["Contact"]}}, "objects": {"Contact":'
        ' {"fields": {"exclude": ["Email"]}}}}',
        where="test",
    )
    assert rules.rules("Contact").fields == FieldRules(exclude=frozenset({"email"}))
    excluded = raw.checks("SELECT * REPLACE ('x' AS email) FROM contact", rules)
    assert excluded["sampled records"].status is Status.PASS


def test_what_changed_since_the_watermark_is_allowed_for(raw, contacts):
    """Half of the org has changed since: raw may hold any number in between, and no other."""
    stamps = sorted(r["SystemModstamp"] for r in contacts)
    raw.watermark = datetime.fromisoformat(stamps[len(stamps) // 2])
    born = f"WHERE createddate < '{raw.watermark.isoformat()}'"  # what raw can hold at most
    since = f"{born} AND systemmodstamp < '{raw.watermark.isoformat()}'"
    found = raw.checks(f"FROM contact {born}")
    most = raw.records
    assert found["record counts"].status is Status.PASS
    assert " changed: " in found["record counts"].figure
    assert found["sampled records"].status is Status.PASS
    assert "more changed since" in found["sampled records"].figure
    assert raw.checks(f"FROM contact {since}")["record counts"].status is Status.PASS
    assert 0 < raw.records < most
    one_less = f"FROM contact {since} AND id <> (SELECT min(id) FROM contact {since})"
    assert raw.checks(one_less)["record counts"].status is Status.FAIL


def test_freshness_is_the_watermarks_age(raw):
    raw.watermark = raw.org.server_time() - timedelta(days=3)
    assert raw.checks()["freshness"].status is Status.FAIL


def test_a_table_without_a_watermark_is_not_looked_at(raw):
    with pytest.raises(NotComparedError, match="has no watermark"):
        raw_table(raw.engine, replace(raw.found(), properties={}), "Contact")


MART = """SELECT i::varchar AS account_id, 'n' AS name, (i + 1)::varchar AS parent,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' AS changed,
    TIMESTAMPTZ '2025-01-01 00:00:00Z' AS valid_from, NULL::timestamptz AS valid_to,
    true AS is_current FROM range({n}) t(i)"""
PAIR = {
    "old": "sf_account",
    "new": "dim_account",
    "key": {"account_id": {"old": "id"}},
    "columns": {"name": {}, "parent": {}, "changed": {}},
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

    def look(query, runs=()):
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{tmp_path}/new/dim_account.parquet'")
        with DuckDbEngine(threads=1) as engine:
            # No object is looked at, so nobody asks the org.
            return validate(config, OBJECTS, [], engine, Sides(), None, run="r", sample=1,  # type: ignore[arg-type]
                            runs=list(runs), now=datetime.now(UTC))  # fmt: skip

    return look


def failing(report):
    return {c.name for c in report.every if c.status is not Status.PASS}


def test_a_mart_that_holds_its_rules(mart):
    report = mart(MART.format(n=200))
    assert failing(report) == set()
    (table,) = report.tables
    assert (table.records, len(table.profiles)) == (200, 3)
    names = [c.name for c in table.checks]
    assert names == ["keys once and not null", "ranges", "orphans, parent", "history (SCD2)",
                     "null shares"]  # fmt: skip
    assert "The new side is right" in as_html(report)
    assert "# Validation: ✓ pass" in as_markdown(report)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("FROM m UNION ALL (FROM m LIMIT 1)", "keys once and not null"),
        (
            "SELECT * REPLACE (nullif(account_id, '7') AS account_id) FROM m",
            "keys once and not null",
        ),
        ("SELECT * REPLACE ('x' || parent AS parent) FROM m", "orphans, parent"),
        ("SELECT * REPLACE (TIMESTAMPTZ '2999-01-01 00:00:00Z' AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE (TIMESTAMPTZ '0017-01-01 00:00:00Z' AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE (account_id <> '7' AS is_current) FROM m", "history (SCD2)"),
    ],
)  # fmt: skip
def test_a_mart_that_breaks_one(mart, change, check):
    report = mart(f"WITH m AS ({MART.format(n=200)}) {change}")
    assert check in failing(report)
    # References may lead nowhere in Salesforce too.
    assert report.status is (Status.WARN if "orphans" in check else Status.FAIL)


def test_what_moved_since_the_run_before(mart):
    first = json.loads(json.dumps(as_dict(mart(MART.format(n=200)))))
    assert failing(mart(MART.format(n=199), [first])) == set()
    fewer = mart(MART.format(n=190), [first])
    assert "rows since the last run" in failing(fewer)
    empty = MART.format(n=200).replace("'n' AS name", "CASE WHEN i > 5 THEN 'n' END AS name")
    report = mart(empty, [first])
    assert failing(report) == {"null shares since the last run"}
    assert report.status is Status.WARN
    other = {**first, "tables": [{**first["tables"][0], "records": None}]}
    assert "rows since the last run" in failing(mart(MART.format(n=190), [first, other]))


def test_a_mart_that_is_not_there_is_not_looked_at(mart):
    report = mart(f"SELECT * FROM ({MART.format(n=1)}) WHERE false")
    assert report.status is Status.NOT_COMPARED
    assert "? not compared" in as_markdown(report)


def test_the_command(mart, served, monkeypatch, tmp_path):
    """What it asks for, and how it ends: the queries themselves are tested above."""
    asked: dict[str, object] = {}
    report = mart(MART.format(n=200))

    def looked_at(config, objects, names, *_, **more):
        asked.update(names=names, runs=len(more["runs"]), now=more["now"])
        return report

    org, _ = served
    config = tmp_path / "comparison.json"
    config.write_text(
        json.dumps({"old": {"database": "a"}, "new": {"layer": "marts"}, "tables": [PAIR]})
    )
    for place, found in (
        ("lakehouse_tools.stack.read_stack", STACK),
        ("lakehouse_tools.configured.deployed_config", OBJECTS),
        ("lakehouse_tools.cli.credentials.of_org", None),
        ("lakehouse_tools.discover.access.open_org", org),
    ):
        monkeypatch.setattr(place, lambda *_, _found=found, **__: _found)
    monkeypatch.setattr(Environment, "storage", lambda _: None)
    monkeypatch.setattr("lakehouse_tools.validation.run.validate", looked_at)
    arguments = ["validate", "--config", str(config), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, [*arguments, "--junit", str(tmp_path / "j.xml")])
    assert (done.exit_code, "validation: pass" in done.output) == (0, True)
    assert asked["names"] == ["Contact"]
    assert asked["now"] == org.server_time()
    assert 'failures="0"' in (tmp_path / "j.xml").read_text()
    done = CliRunner().invoke(cli, [*arguments, "--objects", "contact"])
    assert (done.exit_code, asked["names"], asked["runs"]) == (0, ["Contact"], 1)
    done = CliRunner().invoke(cli, [*arguments, "--objects", "Lead"])
    assert (done.exit_code, "--objects: got 'Lead'; configured: Contact" in done.stderr) == (
        2,
        True,
    )
    report.tables[0].checks[0] = replace(report.tables[0].checks[0], status=Status.FAIL)
    assert CliRunner().invoke(cli, arguments).exit_code == 1
