"""Generated models: what dbt makes of 60 objects and 3,000 fields, and five of them on Spark."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pytest
from sqlglot import exp, parse_one
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_local.home import aws_environment
from lakehouse_tools.dbt_models.facts import ObjectFacts, from_describe
from lakehouse_tools.dbt_models.names import VERSION_COLUMNS
from lakehouse_tools.dbt_models.plan import make_plan
from lakehouse_tools.dbt_models.project import FOLDER, read_project
from lakehouse_tools.dbt_models.writing import write
from tests.dbt import names_of_marts, several_currencies
from tests.dbt.page import OF_CURRENCIES
from tests.dbt.several_currencies import (
    currency,
    line_item,
    opportunity,
    rate,
    stage_change,
)
from tests.dbt.wide_org import FIELDS, HELP, NASTY, OBJECTS, WIDE, describes

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
NOWHERE = "http://127.0.0.1:9"  # where nobody listens
ARROW = {
    "double": pa.float64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": TIME,
    "decimal": pa.float64(),
}
STAMP = datetime(2026, 1, 2, tzinfo=UTC)
BUILT = (WIDE, "Account__c", "ns__Ledger__c", "Wide_Load__History", "Thing_05__c")
DATED = ("--vars", '{"multi_currency": "dated"}')
FRESH = {"wide_load__c": 10_080}
BESIDE = ("fct_opportunity_line_item_amounts", "fct_opportunity_stage_change_amounts")
Lake = Any  # of conftest.py, which tests cannot import
Row = dict[str, Any]


def facts_of(answers: list[dict[str, Any]]) -> list[ObjectFacts]:
    return [from_describe(answer, FieldRules()) for answer in answers]


def generate(project: Path, objects: list[ObjectFacts]) -> list[str]:
    plan = make_plan(read_project(project), objects, left_out={}, fresh_minutes=FRESH)
    write(project, FOLDER, {name: plan.files[name] for name in plan.changed})
    return list(plan.changed)


def raw_fields(project: Path, object_name: str) -> pa.Schema:
    """The raw columns of an object, in the types that its extraction gives them."""
    model = read_project(project).generated[object_name.lower()].model
    fields = [
        pa.field(c.raw, ARROW.get(c.data_type.split("(")[0], pa.string())) for c in model.columns
    ]
    return pa.schema([*fields, ("createddate", TIME), ("systemmodstamp", TIME)])


def version(id: str, **values: Any) -> Row:
    return {"id": id, "createddate": STAMP, "systemmodstamp": STAMP} | values


@pytest.fixture(scope="module")
def filled(lake: Lake) -> Lake:
    """A lake with five raw tables; a project with their models, and one that has no table."""
    answers = [d for d in describes() if d["name"] in (*BUILT, "Thing_07__c")]
    assert len(generate(lake.project, facts_of(answers))) == 2 * len(answers) + 1
    for name in BUILT:
        rows = [version("a", name="A"), version("b", name="B", some_date_5__c=STAMP.date())]
        if name == WIDE:
            nasty = [version(f"n{i}", select__c=value) for i, value in enumerate(NASTY)]
            rows += [*nasty, version("n", select__c="Unheard of", tags__c="Red;Blue;O'Neil")]
            rows += [version("odd", amount__c=1.23456, my__field__c="one", myfield__c="two")]
            rows += [version("lost", wide_load__c="nowhere"), version("found", wide_load__c="a")]
        land(lake, name, rows, batch=1)
    land(lake, "User", [version("u")], batch=1)  # to which all records lead
    return lake


def land(lake: Lake, name: str, rows: list[Row], *, batch: int, **more: pa.DataType) -> None:
    schema = raw_fields(lake.project, name)
    for column, kind in more.items():
        schema = schema.append(pa.field(column, kind))
    wanted = [{k: v for k, v in row.items() if k in schema.names} for row in rows]
    lake.land(name.lower(), wanted, batch=batch, fields=schema)


@pytest.fixture(scope="module")
def compiled(project: Path, dbt: Callable[..., CompletedProcess[str]]) -> Path:
    """The whole org compiled where no AWS answers: the columns are told, as a build does.

    With it the marts, over standard objects whose own fields are called like the marts' columns.
    """
    objects = facts_of(describes())
    assert (len(objects), sum(len(d["fields"]) for d in describes())) == (OBJECTS, FIELDS)
    assert len(generate(project, objects)) == 2 * OBJECTS + 1
    assert generate(project, objects) == []
    generate(project, facts_of(several_currencies.describes()))
    made = {each.name for each in objects}
    standard = [each.model.object for each in read_project(project).generated.values()]
    named = names_of_marts.describes(project, [name for name in standard if name not in made])
    generate(project, facts_of(named))
    known = {
        f"t_raw.{each.model.table}": {c.raw: c.data_type for c in each.model.columns}
        for each in read_project(project).generated.values()
    }
    settings = project / "dbt_project.yml"  # an argument would be too long
    told = f"known_columns: {json.dumps(known)}"
    settings.write_text(settings.read_text().replace("known_columns: {}", told))
    done = dbt(
        "dbt", "--quiet", "--no-populate-cache", "compile",
        "--select", f"path:{FOLDER}", "resource_type:model", "--indirect-selection", "empty",
        *DATED,
        # dbt-glue looks each model's table up, and takes a refusal for a table that is not there.
        folder=project, env=aws_environment(NOWHERE) | {"AWS_MAX_ATTEMPTS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return project


def manifest_of(project: Path) -> dict[str, Any]:
    return json.loads((project / "target" / "manifest.json").read_text())


def results(lake: Lake) -> dict[str, tuple[str, int]]:
    """Status and failing rows of each test of the last build."""
    found = json.loads((lake.project / "target" / "run_results.json").read_text())["results"]
    return {r["unique_id"].split(".")[2]: (r["status"], r["failures"]) for r in found}


def test_the_whole_org_compiles(compiled: Path) -> None:
    place = compiled / "target" / "compiled" / "lakehouse" / FOLDER
    sql = {path.stem: path.read_text() for path in place.rglob("*.sql")}

    names = {each.model.name for each in read_project(compiled).generated.values()}
    # Of the org, those that are shipped, and two of currencies.
    assert len(names) == OBJECTS + 14 + 2
    assert names - sql.keys() == set()
    assert [name for name, text in sql.items() if "'''" in text or "\\" in text] == []
    assert len([name for name in sql if name.startswith("listed_values_")]) > 50


def test_texts_arrive_as_they_are(compiled: Path) -> None:
    nodes = manifest_of(compiled)["nodes"]
    wide = nodes["model.lakehouse.stg_salesforce__wide_loads"]

    amount = wide["columns"]["amount"]
    assert amount["description"].startswith("Amount. " + " ".join(HELP.split()))
    assert amount["config"]["meta"] == {"field": "Amount__c", "type": "currency"}
    assert wide["config"]["meta"]["only_newer"]  # of dbt_project.yml, beside our own
    [listed] = [
        n for n in nodes.values() if n["name"] == "listed_values_stg_salesforce__wide_loads"
    ]
    assert listed["config"]["severity"] == "warn"


def test_the_house_rules_hold(compiled: Path) -> None:
    manifest = manifest_of(compiled)
    models = {k: n for k, n in manifest["nodes"].items() if k.startswith("model.")}
    readers = [s for n in models.values() for s in n["depends_on"]["nodes"] if s[:6] == "source"]
    assert sorted(readers) == sorted(manifest["sources"])  # each source has one reader
    for node in models.values():
        if "salesforce_generated" in node["path"]:
            assert re.fullmatch(r"(stg|base)_salesforce__[a-z][a-z0-9_]*s", node["name"])
            assert node["description"].startswith("One row per ")
            assert node["name"].startswith("base_") or next(iter(node["columns"])).endswith("_id")
            assert all(column["description"] for column in node["columns"].values())
            assert all(re.fullmatch(r"_?[a-z][a-z0-9_]*", name) for name in node["columns"])
    for source in manifest["sources"].values():
        usual = {"count": 25, "period": "hour"}
        own = {"count": FRESH.get(source["name"]), "period": "minute"}
        wanted = own if source["name"] in FRESH else usual
        assert source["freshness"]["warn_after"] == wanted, source["name"]


def test_an_orgs_fields_may_be_called_like_what_marts_work_out(compiled: Path) -> None:
    """No column stands twice in any query above staging, and none could be of two tables."""
    tables: dict[str, Any] = {"t_raw": {}, "t_staging": {}}
    for each in read_project(compiled).generated.values():
        columns = {c.name: c.data_type for c in each.model.columns} | dict(VERSION_COLUMNS)
        tables["t_staging"][each.model.name] = columns
        raw = [*(c.raw for c in each.model.columns), *SystemColumn]
        tables["t_raw"][each.model.table] = dict.fromkeys(raw, "string")
    for node in manifest_of(compiled)["nodes"].values():
        if node["resource_type"] in ("model", "seed") and node["schema"] != "t_staging":
            columns = {name: c["data_type"] or "string" for name, c in node["columns"].items()}
            tables.setdefault(node["schema"], {})[node["alias"]] = columns
    assert "weighted_amount" in tables["t_staging"]["stg_salesforce__opportunities"]

    wrong: dict[str, list[str]] = {}
    for folder in ("intermediate", "marts"):
        place = compiled / "target" / "compiled" / "lakehouse" / "models" / folder
        for path in place.rglob("*.sql"):
            try:
                query = qualify(parse_one(path.read_text(), dialect="spark"), schema=tables)
            except OptimizeError as error:
                wrong[path.stem] = [str(error)]
                continue
            for select in query.find_all(exp.Select):
                if twice := [n for n, times in Counter(select.named_selects).items() if times > 1]:
                    wrong[path.stem] = twice
    assert wrong == {}


def test_five_of_them_on_spark(filled: Lake) -> None:
    """One test, because a build takes its time; later builds are test_incremental.py's."""
    lake = filled
    # A changed type, a changed record, an untouched one. A date that became a number is no
    # date: Spark refuses even to try the cast.
    newer = version("a", systemmodstamp=datetime(2026, 1, 3, tzinfo=UTC), name="A2")
    newer["ns__sum__c__string"] = "12.5"
    newer["some_date_5__c__double"] = 5.0
    more = {"ns__sum__c__string": pa.string(), "some_date_5__c__double": pa.float64()}
    land(lake, "ns__Ledger__c", [newer], batch=2, **more)

    outcome = lake.build("first")

    assert outcome["status"] == "succeeded", outcome["log"]
    assert "salesforce.thing_07__c" in outcome["excluded"]

    wide = {r["wide_load_id"]: r for r in lake.rows("staging", "stg_salesforce__wide_loads")}
    assert len(wide["odd"]) > 795
    assert str(wide["odd"]["amount"]) == "1.2346"
    assert (wide["odd"]["my_field"], wide["odd"]["myfield__c"]) == ("one", "two")
    assert [wide[f"n{i}"]["wide_load_select"] for i in range(len(NASTY))] == list(NASTY)
    assert len(lake.rows("staging", "stg_salesforce__custom_accounts")) == 2
    assert len(lake.rows("staging", "stg_salesforce__wide_load_histories")) == 2
    # Values that describe does not list and ids that lead nowhere: a warning each.
    assert results(lake)["listed_values_stg_salesforce__wide_loads"] == ("warn", 2)
    assert results(lake)["known_references_stg_salesforce__wide_loads"] == ("warn", 1)
    assert results(lake)["listed_values_stg_salesforce__custom_accounts"] == ("pass", 0)

    ledgers = {r["ns_ledger_id"]: r for r in lake.rows("staging", "stg_salesforce__ns_ledgers")}
    assert (ledgers["a"]["ns_ledger_name"], str(ledgers["a"]["ns_sum"])) == ("A2", "12.50")
    assert ledgers["b"]["ns_ledger_name"] == "B"
    assert [ledgers[id]["some_date_5_date"] for id in "ab"] == [None, STAMP.date()]


LEDGERS = """{{ config(unique_key='ns_ledger_id') }}

select
    ns_ledger_id,
    cast(ns_sum * 10000 as bigint) as units,
    cast(ns_sum as decimal(24, 8)) as total,
    _batch
from {{ ref('stg_salesforce__ns_ledgers') }}
{{ newer_batches() }}
"""
LEDGERS_YML = """models:
  - name: fct_ledgers
    columns:
      - {name: ns_ledger_id, data_type: string}
      - {name: units, data_type: bigint}
      - {name: total, data_type: "decimal(20, 3)"}
      - {name: _batch, data_type: bigint}
"""


def test_a_column_of_another_type_has_its_table_built_anew(filled: Lake) -> None:
    """One test, because a build takes its time."""
    [described] = [d for d in describes() if d["name"] == "ns__Ledger__c"]
    fields = {f["name"]: f for f in described["fields"]}
    mart = filled.project / "models" / "marts" / "sales" / "fct_ledgers.sql"
    mart.write_text(LEDGERS)
    mart.with_suffix(".yml").write_text(LEDGERS_YML)
    filled.test_data(enabled=False)
    values = {"ns__sum__c": 1.23456, "some_currency_1__c": 1.23456, "some_double_3__c": 1.5}
    land(filled, "ns__Ledger__c", [version("n", **values)], batch=3)

    assert built(filled, "types-1") == [("1.23", "1.23", "1.5", 12_300, "1.230")]

    # Another scale, and a double where an amount was: no column moves to another place.
    fields["ns__Sum__c"]["scale"] = 4
    fields["Some_currency_1__c"]["type"] = "double"
    generate(filled.project, facts_of([described]))
    first = ("1.2346", "1.23456", "1.5", 12_346, "1.235")
    assert built(filled, "types-2", anew=2) == [first]

    # A text where a number was.
    more = {"some_double_3__c__string": pa.string()}
    text = version("t", ns__sum__c=2.0, some_double_3__c__string="n/a")
    land(filled, "ns__Ledger__c", [text], batch=4, **more)
    fields["Some_double_3__c"]["type"] = "string"
    generate(filled.project, facts_of([described]))
    rows = [first, ("2.0000", "None", "n/a", 20_000, "2.000")]
    assert built(filled, "types-3", anew=2) == rows
    assert built(filled, "types-4", anew=0) == rows

    refused = {
        ("bigint", "date"): "column units: its query gives bigint; its yml says date: make",
        ("(20, 3)", "(3, 3)"): "column total: a value has no place in decimal(3,3)",
    }
    for (declared, other), words in refused.items():
        mart.with_suffix(".yml").write_text(LEDGERS_YML.replace(declared, other, 1))
        failed = filled.build(f"types-{other}", models="fct_ledgers")
        assert f"fct_ledgers: {words}" in failed["log"]
    for path in (mart, mart.with_suffix(".yml")):
        path.unlink()
    filled.test_data(enabled=True)


def built(lake: Lake, execution: str, *, anew: int = 0) -> list[tuple[Any, ...]]:
    """A build of the ledgers: what it made of the records `n` and `t`, and how."""
    outcome = lake.build(execution, models="stg_salesforce__ns_ledgers fct_ledgers")
    assert outcome["status"] == "succeeded", outcome["log"]
    assert outcome["log"].count("it is built anew") == anew
    facts = {r["ns_ledger_id"]: r for r in lake.rows("marts", "fct_ledgers")}
    staged = {r["ns_ledger_id"]: r for r in lake.rows("staging", "stg_salesforce__ns_ledgers")}
    columns = ("ns_sum", "some_currency_1", "some_double_3")
    return [
        (*(str(row[c]) for c in columns), facts[id]["units"], str(facts[id]["total"]))
        for id, row in sorted(staged.items())
        if id in ("n", "t")
    ]


def test_amounts_of_several_currencies_are_added_up_in_one(filled: Lake) -> None:
    """One test, because a build takes its time."""
    # The org calls fields of its own like what the marts work out.
    own = names_of_marts.describes(filled.project, ["Opportunity", "Contact"])
    generate(filled.project, facts_of(own))
    generate(filled.project, facts_of(several_currencies.describes()))
    land(filled, "Contact", [version("c", is_reachable_by_email__c="theirs")], batch=1)
    land(filled, "CurrencyType", [currency("USD", is_corporate=True)], batch=1)
    land(filled, "CurrencyType", [currency("EUR", is_corporate=False)], batch=2)
    land(filled, "DatedConversionRate", [rate("EUR", "2026-03-01", 0.5)], batch=1)
    theirs = {"outcome__c": "theirs", "phase__c": "theirs", "weighted_amount__c": "theirs"}
    sold = [opportunity("a", "EUR", 100.0) | theirs, opportunity("b", "USD", 30.0)]
    land(filled, "Opportunity", [*sold, opportunity("c", "GBP", 7.0)], batch=1)

    assert corporate_amounts(filled, "+dim_contact") == {"a": 200, "b": 30, "c": None}
    [staged, *_] = filled.rows("staging", "stg_salesforce__opportunities")
    assert {staged[name.removesuffix("__c")] for name in theirs} == {"theirs"}
    for mart in ("dim_opportunity", "fct_opportunities"):
        [row, *_] = filled.rows("marts", mart, "opportunity_id", "outcome", "weighted_amount")
        assert (row["outcome"], row["weighted_amount"]) == ("Open", 50)
    [row] = filled.rows("marts", "dim_contact", "is_reachable_by_email")
    assert not row["is_reachable_by_email"]
    [row] = filled.rows("marts", "rpt_owner_performance")
    assert (row["open_opportunities"], row["open_amount"]) == (3, 230)
    [row, *_] = filled.rows("marts", "rpt_pipeline_by_day")
    assert (row["open_amount"], row["open_weighted_amount"]) == (230, 115)
    [outcome] = [
        r for test, r in results(filled).items() if test.startswith("rare_fct_opportunity_am")
    ]
    assert outcome == ("warn", 1)

    # A rate that is added reaches opportunities that did not change, and what belongs to them.
    land(filled, "DatedConversionRate", [rate("EUR", "2026-03-10", 0.4)], batch=2)
    land(filled, "OpportunityLineItem", [line_item("l", "a", 60.0)], batch=1)
    # The opportunity was in euros once.
    entries = [stage_change("h", "b", "EUR", 10.0), stage_change("i", "c", "GBP", 7.0)]
    land(filled, "OpportunityHistory", entries, batch=1)
    assert corporate_amounts(filled, *(f"+{mart}" for mart in BESIDE)) == {
        "a": 250, "b": 30, "c": None,
    }  # fmt: skip
    items, changes = (filled.rows("marts", mart) for mart in BESIDE)
    assert [row["corporate_total_price"] for row in items] == [150]
    assert [(row["opportunity_id"], row["corporate_amount"]) for row in changes] == [
        ("b", 25), ("c", None),
    ]  # fmt: skip
    [outcome] = [
        r for test, r in results(filled).items() if test.startswith("rare_fct_opportunity_stage_ch")
    ]
    assert outcome == ("warn", 1)

    for query in OF_CURRENCIES:
        _, answer = filled.ask(query)
        assert answer, query

    marts = (
        "fct_opportunity_line_items", "fct_opportunity_amounts", *BESIDE, "rpt_pipeline_by_day",
    )  # fmt: skip
    tests = [f"test_type:unit,{mart}" for mart in marts]
    log = filled.by_hand("test", "--select", *tests, *DATED)
    assert "PASS=10 " in log, log


def test_amounts_that_are_added_up_without_a_rate_are_told(filled: Lake) -> None:
    """After the test above, which built opportunities in three currencies. One is left."""
    several = "one_currency_stg_salesforce__opportunities"
    filled.by_hand("test", "--select", several)
    assert results(filled)[several] == ("warn", 3)
    filled.by_hand("test", "--select", several, *DATED)
    assert several not in results(filled)

    gone = [opportunity("a", "EUR", 100.0), opportunity("c", "GBP", 7.0)]
    rows = [row | {"_is_deleted": True, "_deleted_at": STAMP} for row in gone]
    fields = raw_fields(filled.project, "Opportunity")
    filled.land("opportunity", rows, batch=2, fields=fields)
    filled.by_hand("run", "--select", "stg_salesforce__opportunities")
    filled.by_hand("test", "--select", several)
    assert results(filled)[several] == ("pass", 0)


def corporate_amounts(lake: Lake, *more: str) -> dict[str, float | None]:
    reports = ["+rpt_owner_performance", "+rpt_pipeline_by_day", *more]
    selected = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    lake.by_hand("build", "--select", *reports, *selected, *DATED)
    rows = lake.rows("marts", "fct_opportunity_amounts", "opportunity_id", "corporate_amount")
    return {row["opportunity_id"]: row["corporate_amount"] for row in rows}
