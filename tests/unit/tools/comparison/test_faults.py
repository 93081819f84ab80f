"""Planted faults stop the gate and are named; changes that are no fault do not."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import duckdb
import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.comparison import quality, trend
from lakehouse_tools.comparison.acceptances import Acceptance
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.gate import Confirmation, requirements
from lakehouse_tools.comparison.reading import read_config
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.report.as_markdown import LINES, as_markdown
from lakehouse_tools.comparison.run import compare
from lakehouse_tools.comparison.sides import Sides
from tests.unit.tools.comparison.conftest import ENGINES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNS = [{"started": "2026-02-28T01:00:00", "ended": "2026-02-28T02:00:00"}]
OLD = """
    SELECT '001' || lpad(i::varchar, 12, '0') AS id, 'Name ' || i AS name, i * 1.5 AS revenue,
        '2026-01-01T00:00:00.000+0000' AS modstamp, i AS i FROM range(1000) t(i)
"""
NEW = """
    SELECT id || 'AAA' AS account_id, name AS account_name, revenue::decimal(18,2) AS revenue,
        CASE WHEN i = 999 THEN TIMESTAMPTZ '2026-01-01 00:00:00Z'
            ELSE TIMESTAMPTZ '2025-01-01 00:00:00Z' END AS valid_from,
        NULL::timestamptz AS valid_to,
        true AS is_current, i FROM ({old})
"""
PAIR = {
    "old": "sf_account",
    "new": "dim_account",
    "key": {"account_id": {"old": "id", "normalise": ["id18"]}},
    "columns": {"account_name": {"old": "name"}, "revenue": {"cast": "decimal(18,2)"}},
    "as_of": {
        "cutoff": "modstamp",
        "valid_from": "valid_from",
        "valid_to": "valid_to",
        "is_current": "is_current",
    },
    "left_out": {"old": ["i", "modstamp"], "new": ["valid_*", "is_current", "i"]},
}
MOMENT = "TIMESTAMPTZ '2026-01-31 10:20:30Z'"
# What is done to the new table's rows, of which {n} are meant.
FAULTS = {
    "rows": "SELECT * FROM new WHERE i >= {n}",
    "one column": "SELECT * REPLACE (account_name || CASE WHEN i < {n} THEN '!' ELSE '' END"
    " AS account_name) FROM new",
    "keys": "SELECT * REPLACE (CASE WHEN i < {n} THEN '003' || substr(account_id, 4)"
    " ELSE account_id END AS account_id) FROM new",
    "history": "SELECT * FROM new UNION ALL SELECT * REPLACE (valid_from - INTERVAL 1 DAY AS"
    " valid_from, valid_from + INTERVAL 1 DAY AS valid_to, false AS is_current) FROM new"
    " WHERE i < {n}",
}


class System:
    """Both systems as files, and their comparison."""

    def __init__(self, folder):
        self.folder = folder
        self.engine = DuckDbEngine
        self.config = {
            "old": {"folder": str(folder / "old")},
            "new": {"folder": str(folder / "new")},
            "tables": [PAIR],
            "performance": {side: {"file": str(folder / "runs")} for side in ("old", "new")},
            "runs_in_a_row": 1,
        }
        (folder / "runs").write_text(json.dumps(RUNS))
        (folder / "old").mkdir()
        (folder / "new").mkdir()
        self.write(OLD, "SELECT * FROM new")

    @property
    def path(self):
        path = self.folder / "comparison.json"
        path.write_text(json.dumps(self.config))
        return path

    def write(self, old, new):
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({old}) TO '{self.folder}/old/sf_account.parquet'")
            connection.execute(f"CREATE VIEW new AS {NEW.format(old=OLD)}")
            connection.execute(f"COPY ({new}) TO '{self.folder}/new/dim_account.parquet'")

    def compare(self, **more):
        config = read_config(self.path)
        with self.engine(threads=1) as engine:
            return compare(config, engine, Sides(), run="r1", now=NOW, **more)


@pytest.fixture
def system(tmp_path):
    return System(tmp_path)


def stopping(report):
    return {c.name for c in report.every if c.status in (Status.FAIL, Status.NOT_COMPARED)}


@pytest.mark.parametrize("rows", [1, 9, 11])  # 0.1 %, 0.9 % and 1.1 % of a thousand
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_named(system, fault, rows):
    system.write(OLD, FAULTS[fault].format(n=rows))
    report = system.compare()
    assert report.status is Status.FAIL
    (table,) = report.tables
    if fault == "history":
        assert stopping(report) == {"history (SCD2)"}
        (check,) = (c for c in table.checks if c.name == "history (SCD2)")
        assert check.figure == f"{rows} rows that overlap the next"
        return
    assert "unexplained keys" in stopping(report)
    assert ("row accuracy" in stopping(report)) == (rows > 9 or (fault == "keys" and rows > 5))
    named = {one.key[0][:15] for one in table.counts.differing}
    assert {f"001{i:012}" for i in range(rows)} <= named
    assert table.counts.unexplained == rows * (2 if fault == "keys" else 1)


def test_rows_of_an_org_whose_clock_is_ahead_of_the_hosts_are_no_fault(system):
    """A comparison asks no org: what is the future is for `lakehouse validate` to say."""
    ahead = "CASE WHEN i = 999 THEN TIMESTAMPTZ '2026-03-05 00:00:00Z' ELSE valid_from END"
    system.write(
        OLD.replace("2026-01-01", "2026-03-05"),
        f"SELECT * REPLACE ({ahead} AS valid_from) FROM new",
    )
    assert system.compare().status is Status.PASS


def test_one_row_of_a_hundred_thousand(system):
    many = OLD.replace("range(1000)", "range(100000)")
    new = f"SELECT * FROM ({NEW.format(old=many)})"
    system.write(many, f"{new} WHERE i <> 77777")
    report = system.compare()
    assert stopping(report) == {"unexplained keys"}
    assert [one.key for one in report.tables[0].counts.differing] == [("001000000077777AAA",)]
    page, text = as_html(report), as_markdown(report)
    assert "99.99 %" in page
    assert "100 % of" not in text
    assert "001000000077777AAA" in page


def test_changes_that_are_no_fault(system):
    """Order of rows, types, zones, forms of ids, nulls and numbers, load times, new versions."""
    columns = {  # name → old, new, what the configuration says
        "a_string_of_time": ("'2026-01-31T10:20:30.000+0000'", MOMENT,
                             {"cast": "timestamp"}),
        "another_zone": ("'2026-01-31T12:20:30+02:00'", MOMENT,
                         {"cast": "timestamp"}),
        "no_zone": ("TIMESTAMP '2026-01-31 10:20:30'", MOMENT, {}),
        "microseconds": (MOMENT.replace("30Z", "30.123Z"),
                         MOMENT.replace("30Z", "30.123456Z"), {}),
        "narrow": ("i::integer", "i::bigint", {}),
        "scale": ("i::decimal(18,2)", "i::decimal(20,4)", {}),
        "whole_as_decimal": ("i::bigint", "i::decimal(18,2)", {}),
        "number_as_text": ("i::varchar", "i::bigint", {"cast": "bigint"}),
        "padded_number": ("' ' || i || ' '", "i::bigint", {"cast": "bigint"}),
        "amount_as_double": ("i * 0.1::double", "(i * 0.1)::decimal(18,2)",
                             {"cast": "decimal(18,2)"}),
        "last_bit": ("0.1::double + 0.2", "0.3::double", {}),
        "truth_as_text": ("'true'", "true", {"cast": "boolean"}),
        "date_as_text": ("'2026-01-31'", "DATE '2026-01-31'", {"cast": "date"}),
        "empty_text": ("''", "NULL::varchar", {"empty_is_null": True}),
        "blanks": ("'a  '", "'a'", {"normalise": ["trim"]}),
        "capitals": ("'A'", "'a'", {"normalise": ["lower"]}),
        "unicode": ("'e' || chr(769)", "'é'", {"normalise": ["nfc"]}),
        "short_id": ("'0015000000VALDt'", "'0015000000VALDtAAP'", {"normalise": ["id18"]}),
        "nan": ("'NaN'::double", "'NaN'::double", {}),
    }  # fmt: skip
    pair = json.loads(json.dumps(PAIR))
    pair["columns"] |= {name: said for name, (_, _, said) in columns.items()}
    pair["left_out"]["old"].append("loaded_at")
    system.config["tables"] = [pair]
    old = ", ".join(f"{value} AS {name}" for name, (value, _, _) in columns.items())
    new = ", ".join(f"{value} AS {name}" for name, (_, value, _) in columns.items())
    later = """SELECT * REPLACE ('later' AS account_name, TIMESTAMPTZ '2026-02-01 00:00:00Z' AS
        valid_from, NULL::timestamptz AS valid_to, true AS is_current) FROM new WHERE i < 50"""
    before = """SELECT * REPLACE (CASE WHEN i < 50 THEN TIMESTAMPTZ '2026-02-01 00:00:00Z' END AS
        valid_to, i >= 50 AS is_current) FROM new"""
    system.write(
        f"SELECT *, {old}, now() AS loaded_at FROM ({OLD})",
        f"SELECT *, {new} FROM ({before} UNION ALL {later}) ORDER BY hash(i)",
    )
    report = system.compare()
    assert stopping(report) == set()
    assert report.tables[0].counts.wrong == 0
    assert report.status is Status.PASS


def test_nothing_against_nothing_is_not_compared(system):
    system.write(f"{OLD} WHERE i < 0", "SELECT * FROM new WHERE i < 0")
    report = system.compare()
    assert report.status is Status.NOT_COMPARED
    assert "0 rows" in report.tables[0].checks[0].text


def test_a_table_and_a_column_that_nothing_covers(system):
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS id) TO '{system.folder}/old/sf_lead.parquet'")
    system.write(f"SELECT *, 1 AS fax FROM ({OLD})", "SELECT * FROM new")
    report = system.compare()
    assert stopping(report) == {"tables covered", "columns covered"}
    assert {c.figure for c in report.every} >= {"sf_lead", "old fax"}


def test_a_known_difference_that_expired_grew_or_explains_nothing(system):
    def checked(**rule):
        rule = {"name": "r", "columns": ["account_name"], "reason": "b", "owner": "Ada",
                "expires": "2999-01-01", "at_most": 9, "where": "new.i < 5", **rule}  # fmt: skip
        system.config["tables"] = [{**PAIR, "known_differences": [rule]}]
        report = system.compare()
        (check,) = (c for c in report.every if c.name == "known difference, r")
        return check.status, report.status

    system.write(OLD, FAULTS["one column"].format(n=5))
    assert checked() == (Status.PASS, Status.PASS)
    assert checked(at_most=4) == (Status.FAIL, Status.FAIL)
    assert checked(expires="2026-03-01") == (Status.FAIL, Status.FAIL)
    assert checked(where="new.i < 0") == (Status.WARN, Status.FAIL)


def test_slower_or_older_fails(system):
    slow = [{**RUNS[0], "ended": "2026-02-28T03:00:00"}]
    (system.folder / "slow").write_text(json.dumps(slow))
    system.config["performance"]["new"]["file"] = str(system.folder / "slow")
    assert stopping(system.compare()) == {"end-to-end time"}
    del system.config["performance"]["old"]
    report = system.compare()
    assert report.status is Status.NOT_COMPARED
    assert "performance.old" in report.checks[-1].text


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stale_cutoff_that_leaves_most_keys_out_is_not_compared(system, engine):
    """Keys that changed after it are in neither side, so that the rest agrees."""
    system.engine = ENGINES[engine]
    as_of = {"cutoff": "modstamp", "moved": ["changed"]}
    left_out = {"old": ["i", "modstamp"], "new": ["valid_*", "is_current", "i", "changed"]}
    system.config["tables"] = [{**PAIR, "as_of": as_of, "left_out": left_out}]

    def left(rows):
        system.write(
            OLD,
            f"SELECT *, CASE WHEN i < {rows} THEN TIMESTAMPTZ '2026-02-01 00:00:00Z' END AS changed"
            f" FROM ({FAULTS['one column'].format(n=rows)})",
        )
        report = system.compare()
        return report, report.tables[0]

    report, table = left(50)
    assert (report.status, table.moved, table.left_out) == (Status.PASS, 50, Fraction(1, 20))
    assert "50 keys changed later and are left out (5.00 % of a side" in as_html(report)
    report, table = left(990)
    assert report.status is Status.NOT_COMPARED
    (check,) = table.checks
    assert "99.00 % of its rows changed after the cutoff 2026-01-01 00:00:00 UTC" in check.text
    assert check.text in as_html(report)
    system.config["thresholds"] = {"moved_share": 0.99}
    assert left(990)[0].status is Status.PASS


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_with_history_is_behind_where_it_lacks_the_newest_changes(
    system, engine, monkeypatch
):
    system.engine = ENGINES[engine]
    late = "'2026-02-27T00:00:00.000+0000'"

    def age(i):
        old = OLD.replace("'2026-01-01T00:00:00.000+0000'", f"CASE WHEN i = {i} THEN {late} ELSE"
                          " '2026-01-01T00:00:00.000+0000' END")  # fmt: skip
        system.write(old, FAULTS["rows"].format(n=9))
        (check,) = (c for c in system.compare().every if c.name == "data age")
        return check.status, check.figure

    # The newest change is in a column that begins no period, or of a key that is right.
    quiet = "old 2 d 0 h, new 59 d 0 h; all that changed in between agrees"
    assert age(20) == (Status.PASS, quiet)
    assert age(3) == (Status.FAIL, quiet.split(";")[0])
    monkeypatch.setattr(quality, "_WRONG", 1)
    assert age(3)[0] is Status.NOT_COMPARED  # nobody looked at the key that is behind
    system.write(OLD, "SELECT * REPLACE (TIMESTAMPTZ '2026-02-28 23:00:00Z' AS valid_from)"
                 " FROM new UNION ALL SELECT * REPLACE (TIMESTAMPTZ '2026-02-28 23:00:00Z' AS"
                 " valid_to, false AS is_current) FROM new")  # fmt: skip
    (check,) = (c for c in system.compare().every if c.name == "data age")
    assert (check.status, check.figure) == (Status.PASS, "old 59 d 0 h, new 1 h 00 min")


def test_the_gate_needs_runs_confirmations_and_a_word_for_what_is_unexplained(system):
    system.write(OLD, FAULTS["rows"].format(n=9))
    config = read_config(system.path)
    run = json.loads(json.dumps(as_dict(system.compare())))
    digest = run["tables"][0]["rows"]["digest"]
    word = {"run": "r1", "table": "dim_account", "by": "Ada", "on": NOW.date(), "reason": "b"}
    done = [Confirmation(what="trained", by="Ada", on=NOW.date())]

    def missing(accepted, checklist=done, runs=(run,)):
        found = requirements(config, list(runs), accepted, checklist)
        return [one.name for one in found if not one.met]

    enough = "runs in a row that pass"
    assert missing([]) == [enough, "run r1"]
    assert missing([Acceptance(digest="another", **word)]) == [enough, "run r1"]
    assert missing([Acceptance(digest=digest, **word)]) == []
    assert missing([Acceptance(digest=digest, **{**word, "run": "r0"})]) == [enough, "run r1"]
    assert missing([Acceptance(digest=digest, **word)], [Confirmation(what="x")]) == ["x"]
    of_the_lake = trend.as_run(trend.as_rows(run))
    assert missing([], runs=(of_the_lake,)) == [enough, "run r1"]
    assert missing([Acceptance(digest=digest, **word)], runs=(of_the_lake,)) == []
    assert missing([], runs=()) == [enough]
    assert missing([], runs=({**run, "fingerprint": "other"},)) == [enough, "run r1"]


def test_a_run_counts_once_for_a_state_of_each_side(system):
    system.config["runs_in_a_row"] = 3
    config = read_config(system.path)
    found = json.loads(json.dumps(as_dict(system.compare())))
    confirmed = [Confirmation(what="trained", by="Ada", on=NOW.date())]

    def run(load, build, **more):
        table = {**found["tables"][0], "cutoff": load, "pins": ["old", build]}
        return {**found, "run": f"r{load}{build}", "tables": [table], **more}

    def row(*runs):
        row, *_ = requirements(config, list(runs), [], confirmed)
        return row.met, row.text.split(";")[0]

    assert row(run(1, 1), run(2, 2), run(3, 3)) == (True, "3 of 3: enough")
    assert row(*[run(1, 1)] * 5) == (False, "1 of 3: 2 more")
    assert row(run(1, 1), run(1, 2), run(1, 3)) == (False, "1 of 3: 2 more")
    assert row(run(1, 1), run(2, 1), run(3, 1)) == (False, "1 of 3: 2 more")
    assert row(run(1, 1), *[run(2, 2)] * 4, run(3, 3)) == (True, "3 of 3: enough")
    broken = run(2, 2, fingerprint="another")
    assert row(run(1, 1), broken, run(2, 2), run(3, 3)) == (False, "2 of 3: 1 more")
    text = requirements(config, [run(1, 1)] * 5, [], confirmed)[0].text
    assert "4 on tables of which another run counts" in text


def test_the_commands(system, monkeypatch):
    monkeypatch.chdir(system.folder)
    path = ["--config", str(system.path)]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    runs = [{"started": yesterday.isoformat(), "ended": yesterday.isoformat()}]
    (system.folder / "runs").write_text(json.dumps(runs))
    (system.folder / "cutover_checklist.json").write_text(
        '{"confirmations": [{"what": "trained"}]}'
    )
    assert CliRunner().invoke(cli, ["compare", *path, "--junit", "ci/junit.xml"]).exit_code == 0
    assert 'errors="0"' in (system.folder / "ci" / "junit.xml").read_text()
    gate = CliRunner().invoke(cli, ["gate", *path])
    assert (gate.exit_code, "✗ trained" in gate.output) == (1, True)
    assert "✓ runs in a row that pass: 1 of 1" in gate.output
    for made in (system.folder / "comparison").glob("*.json"):
        # The new side alone, of the same tables: it says nothing of the old one.
        told = {**json.loads(made.read_text()), "kind": "validation"}
        (system.folder / "validation").mkdir()
        (system.folder / "validation" / made.name).write_text(json.dumps(told))
    gate = CliRunner().invoke(cli, ["gate", *path, "--runs", "validation"])
    assert "✗ runs in a row that pass: 0 of 1" in gate.output
    system.write(OLD, FAULTS["one column"].format(n=9))
    failed = CliRunner().invoke(cli, ["compare", *path])
    assert (failed.exit_code, "comparison: fail" in failed.output) == (1, True)
    pages = [p.read_text() for p in (system.folder / "comparison").glob("*.html")]
    assert not any("Name 3!" in page or "<script" in page for page in pages)
    assert CliRunner().invoke(cli, ["compare", *path, "--values"]).exit_code == 1
    pages = [p.read_text() for p in (system.folder / "comparison").glob("*.html")]
    assert any("Name 3!" in page for page in pages)
    system.write(f"{OLD} WHERE i < 0", "SELECT * FROM new")
    assert CliRunner().invoke(cli, ["compare", *path]).exit_code == 2
    assert CliRunner().invoke(cli, ["compare", "--config", "none.json"]).exit_code == 2
    for text in (system.folder / "comparison").glob("*.md"):
        assert len(text.read_text().splitlines()) <= LINES
