"""A mapping proposed from an old lake with the habits of such: 15-character ids, texts for all."""

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.comparison.model import Place, Source
from lakehouse_tools.comparison.proposal.merge import write_config
from lakehouse_tools.comparison.proposal.names import column_likeness, entity, table_likeness
from lakehouse_tools.comparison.proposal.samples import find_key, key_of, matching, sample
from lakehouse_tools.comparison.reading import read_config
from lakehouse_tools.comparison.sides import Sides

# 15 characters of which the eleventh alone is a capital: so the 18 end in AAB.
ID = (
    "'{prefix}000000' || chr(97 + (i % 26)::int) || chr(65 + (i % 26)::int)"
    " || lpad(i::text, 4, '0')"
)
ACCOUNT, CONTACT = ID.format(prefix="001"), ID.format(prefix="003")
OLD = {
    "sf_account": f"""SELECT {ACCOUNT} AS id, 'Name ' || i AS name, '' AS fax,
        (i * 1.5)::varchar AS annualrevenue, (i % 7)::varchar AS numberofemployees,
        {ACCOUNT} AS ownerid, CASE WHEN i % 2 = 0 THEN 'true' ELSE 'false' END AS isactive__c,
        'City ' || (i % 40) AS billingcity, 'X' || i AS shippingcode,
        strftime(TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR, '%Y-%m-%dT%H:%M:%S.000+0000')
            AS createddate,
        '2026-02-01T00:00:00.000+0000' AS systemmodstamp FROM range(300) t(i)""",
    "contacts": f"""SELECT {CONTACT} AS id, {ACCOUNT} AS accountid, '2026' AS systemmodstamp
        FROM range(60) t(i)""",
    "sf_lead_scores": "SELECT i % 5 AS id, 'x' AS score FROM range(60) t(i)",
    "sf_campaign": f"""SELECT {ID.format(prefix="701")} AS id, 'n' AS name FROM range(60) t(i)""",
}  # fmt: skip
NEW = {
    "dim_account": """SELECT id18(id) AS account_id, name AS account_name,
        annualrevenue::decimal(18,2) AS annual_revenue, numberofemployees::bigint AS employees,
        id18(ownerid) AS owner_id, isactive__c::boolean AS is_active, billingcity AS billing_city,
        shippingcode AS other_name, createddate::timestamptz AS created_at,
        id || '|' AS account_key,
        createddate::timestamptz AS valid_from, NULL::timestamptz AS valid_to, true AS is_current,
        1 AS _batch FROM sf_account UNION ALL
        SELECT id18(id), 'Earlier', 0, 0, id18(ownerid), true, 'Rome', '', createddate::timestamptz,
        id, createddate::timestamptz, createddate::timestamptz, false, 0 FROM sf_account""",
    "dim_contact": """SELECT id18(id) AS contact_id, id18(accountid) AS account_id,
        TIMESTAMPTZ '2026-01-01' AS last_modified_at FROM contacts""",
    "rpt_accounts": "SELECT id18(id) AS account_id, 1 AS n FROM sf_account",
    "dim_user": "SELECT '005000000000000AAA' AS user_id",
}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE MACRO id18(id) AS id || 'AAB'")
        for side, tables in (("old", OLD), ("new", NEW)):
            (folder / side).mkdir()
            for name, query in tables.items():
                path = folder / side / f"{name}.parquet"
                connection.execute(f"COPY ({query}) TO '{path}'")
                connection.execute(f"CREATE VIEW IF NOT EXISTS {name} AS FROM '{path}'")
    return folder


def init(lakes, config, *more):
    places = () if config.exists() else ("--old", str(lakes / "old"), "--new", str(lakes / "new"))
    return CliRunner().invoke(
        cli, ["compare", "init", "--config", str(config), *places, *more], catch_exceptions=False
    )


@pytest.fixture(scope="module")
def written(lakes, tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "comparison.json"
    result = init(lakes, path, "--write")
    assert result.exit_code == 1, result.output  # two tables are covered by nothing
    return path, result.output


def test_what_is_proposed_can_be_compared(written, lakes):
    path, _ = written
    config = read_config(path)
    assert [(p.old.table, p.new.table) for p in config.pairs] == [
        ("contacts", "dim_contact"), ("sf_account", "dim_account")
    ]  # fmt: skip
    account = config.pairs[1]
    found = {c.new: (c.old, c.cast, [str(n) for n in c.normalise]) for c in account.columns}
    assert found == {
        "account_name": ("name", None, []),
        "annual_revenue": ("annualrevenue", "decimal(18,2)", []),
        "employees": ("numberofemployees", "bigint", []),
        "owner_id": ("ownerid", None, ["id18"]),
        "is_active": ("isactive__c", "boolean", []),
        "billing_city": ("billingcity", None, []),
        "other_name": ("shippingcode", None, []),  # by its values alone
        "created_at": ("createddate", "timestamp", []),
    }
    (key,) = account.key
    assert (key.new, key.old, key.normalise) == ("account_id", "id", ("id18",))
    assert account.alignment is not None
    assert (account.alignment.cutoff, account.alignment.is_current) == (
        "systemmodstamp", "is_current"
    )  # fmt: skip
    assert set(account.left_out_new) == {
        "account_key", "valid_from", "valid_to", "is_current", "_batch"
    }  # fmt: skip
    raw = json.loads(path.read_text())["tables"][1]
    assert raw["// nothing covers"] == ["old fax"]
    assert "100% of 300 values agree" in raw["columns"]["account_name"]["// why"]
    assert raw["columns"]["other_name"]["// why"].startswith("0.60: the names differ; 100%")
    compared = CliRunner().invoke(
        cli, ["compare", "--config", str(path), "--output", str(path.parent / "out")]
    )
    assert "old fax" in compared.output  # nobody decided on it yet
    assert "100 %" in compared.output


def test_what_nothing_covers_is_named(written):
    _, told = written
    assert "nothing covers the old table sf_campaign: no table of the new has its keys" in told
    assert "nothing covers the old table sf_lead_scores: no column holds a Salesforce id" in told


def test_what_a_person_wrote_stays(written, lakes, tmp_path):
    path = tmp_path / "comparison.json"
    config = json.loads(written[0].read_text())
    account = config["tables"][1]
    account["columns"] = {"account_name": {"old": "upper(name)", "cast": "varchar"}}
    account["key"] = {"// key": "18 characters", "account_id": {"old": "id"}}
    account["left_out"] = {"old": ["annualrev*"], "new": ["employees"]}
    account["// mine"] = "a word"
    config["tables_left_out"] = {"sf_campaign": "nobody reads it", "sf_lead_scores": "gone"}
    config["tables"] = [account]
    path.write_text(json.dumps(config))
    before = path.read_text()
    result = init(lakes, path)
    assert (result.exit_code, path.read_text()) == (0, before)
    assert "look through it, then: lakehouse compare init --write" in " ".join(
        result.output.split()
    )
    assert init(lakes, path, "--write").exit_code == 0
    after = json.loads(path.read_text())
    mine, contacts = after["tables"]
    assert contacts["old"] == "contacts"
    assert mine["columns"].pop("account_name") == {"old": "upper(name)", "cast": "varchar"}
    assert set(mine["columns"]) == {
        "owner_id", "is_active", "billing_city", "other_name", "created_at"
    }  # fmt: skip
    rest = {k: v for k, v in mine.items() if k != "columns"}
    assert rest == {k: v for k, v in account.items() if k != "columns"}
    again = init(lakes, path, "--json")
    assert json.loads(again.output)["added"] == []


def test_a_broken_file_or_another_place_is_one_line(lakes, tmp_path):
    path = tmp_path / "comparison.json"
    path.write_text("{")
    result = init(lakes, path)
    assert (result.exit_code, "it is no JSON" in result.stderr) == (2, True)
    path.write_text(json.dumps({"old": {"database": "a"}, "new": {"layer": "marts"}}))
    result = init(lakes, path, "--old", "b")
    assert (result.exit_code, "leave it out, or" in result.output) == (2, True)
    path.write_text(json.dumps({"old": {"lake": "a"}, "new": {"layer": "marts"}}))
    result = init(lakes, path)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('"tables": {"a": 1}', "tables: got {'a': 1}"),
        ('"tables": ["a"]', "tables[0]: got 'a'"),
        ('"tables": [{"old": "sf_account", "key": "id"}]', "tables[0].key: got 'id'"),
        ('"tables": [{"columns": {"name": "n"}}]', "tables[0].columns.name: got 'n'"),
        ('"tables_left_out": ["sf_campaign"]', "tables_left_out: got ['sf_campaign']"),
        ('"//": "one", "//": "two"', "the key '//' stands twice"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_alone(lakes, tmp_path, more, told):
    path = tmp_path / "comparison.json"
    places = ", ".join(f'"{side}": {{"folder": "{lakes / side}"}}' for side in ("old", "new"))
    path.write_text(text := f"{{{places}, {more}}}")
    result = CliRunner().invoke(cli, ["compare", "init", "--config", str(path), "--write"])
    assert (result.exit_code, told in result.stderr) == (2, True), result.output
    assert path.read_text() == text


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "comparison.json"
    path.write_text("{}")

    def full(self, text, **_):
        with self.open("w") as file:
            file.write(text[:3])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        write_config(path, {"tables": []})
    assert path.read_text() == "{}"


@pytest.mark.parametrize(
    ("old", "new", "least", "most"),
    [
        ("ownerid", "owner_id", 1, 1),
        ("BillingCity", "billing_city", 1, 1),
        ("name", "account_name", 0.95, 0.95),
        ("createddate", "created_at", 0.9, 0.9),
        ("donotcall", "is_do_not_call", 0.9, 0.9),
        ("tier__c", "tier", 1, 1),
        ("annualrevenue", "employees", 0, 0),
        ("numberofemployees", "employees", 0.6, 0.6),
    ],
)
def test_names_of_columns(old, new, least, most):
    assert least <= column_likeness(old, new, "account")[0] <= most


def test_names_of_tables():
    names = ("sf_account", "dim_accounts", "Salesforce_Opportunities", "raw")
    assert [*map(entity, names)] == ["account", "account", "opportunity", "raw"]
    assert table_likeness("sf_account", "dim_account")[0] == 1
    assert table_likeness("sf_account", "rpt_account_health")[0] == 0.5
    assert table_likeness("sf_account", "dim_user")[0] == 0


def test_the_queries_are_those_of_either_engine(lakes, engine):
    sides = Sides()
    old, new = (
        engine.open(sides.find(Source(place=Place(folder=str(lakes / side)), table=table)))
        for side, table in (("old", "sf_account"), ("new", "dim_account"))
    )
    theirs = sample(engine, "sf_account", old)
    key = key_of(theirs, "account")
    assert (len(theirs.rows), key) == (300, "id")
    wanted = [row["id"] or "" for row in theirs.rows[:50]]
    found = find_key(engine, new, wanted)
    assert found is not None
    assert (found.column, found.share) == ("account_id", 1)
    ours = matching(engine, "dim_account", new, found.column, wanted)
    assert len(ours.rows) == 50  # of the history, what is current
