"""The rules of the house, checked on what dbt makes of the project."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_tools.configured import configured_names
from tests.dbt.page import PAGE, QUERIES

ROOT = Path(__file__).parents[2]
Node = dict[str, Any]
PREFIXES = {
    "staging": r"(stg|base)_salesforce__[a-z][a-z0-9_]*s",
    "intermediate": r"int_[a-z]+_[a-z_]+",
    "marts": r"(dim|fct|rpt)_[a-z_]+",
}


@pytest.fixture
def models(manifest: dict[str, Any]) -> list[Node]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def layer(node: Node) -> str:
    return node["fqn"][1]


def one_line(described: Node) -> str:
    """The description of a model or column, wherever its lines end."""
    return " ".join(described["description"].split())


def names_of_tests(manifest: dict[str, Any], node: Node) -> Iterator[str]:
    for other in manifest["nodes"].values():
        if other["resource_type"] == "test" and other.get("attached_node") == node["unique_id"]:
            yield other["test_metadata"]["name"]


def test_every_node_says_its_grain(manifest: dict[str, Any]) -> None:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    silent = [n["name"] for n in nodes if not n["description"].startswith("One row per ")]

    assert silent == []


def test_every_model_has_a_key_test(manifest: dict[str, Any], models: list[Node]) -> None:
    # A seed too: a line that stands twice makes two rows of each record that is joined to it.
    seeds = [n for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    assert seeds
    untested = [
        node["name"]
        for node in [*models, *seeds]
        if node["config"]["materialized"] != "ephemeral"
        and not {"primary_key", "unbroken_history"}.intersection(names_of_tests(manifest, node))
    ]

    assert untested == []


def test_names_tell_the_layer(models: list[Node]) -> None:
    wrong = [n["name"] for n in models if not re.fullmatch(PREFIXES[layer(n)], n["name"])]

    assert wrong == []


def test_staging_alone_reads_raw_and_reads_nothing_else(models: list[Node]) -> None:
    for node in models:
        parents = node["depends_on"]["nodes"]
        if layer(node) == "staging":
            outside = [p for p in parents if not re.match(r"source\.|model\.\w+\.base_", p)]
        else:
            outside = [p for p in parents if p.startswith("source.")]
        assert outside == [], node["name"]


def test_every_source_has_one_reader(manifest: dict[str, Any], models: list[Node]) -> None:
    for source in manifest["sources"]:
        readers = [n["name"] for n in models if source in n["depends_on"]["nodes"]]
        assert len(readers) == 1, (source, readers)


def test_every_reader_of_raw_stops_at_the_bound(models: list[Node]) -> None:
    # Runs land batches while a build goes on; see the macro.
    unbound = [
        node["name"]
        for node in models
        if node["sources"]
        and not re.search(
            r"from \{\{ source\([^}]*\) \}\}\s+\{\{ newer_batches\(\) \}\}", node["raw_code"]
        )
    ]

    assert unbound == []


def test_marts_are_public_contracts_with_described_columns(models: list[Node]) -> None:
    for node in models:
        assert (node["access"] == "public") == (layer(node) == "marts"), node["name"]
        if layer(node) == "marts":
            assert node["config"]["contract"]["enforced"], node["name"]
            for column in node["columns"].values():
                assert column["data_type"], (node["name"], column["name"])
                assert column["description"], (node["name"], column["name"])


def test_incremental_models_merge_and_write_only_the_delta(models: list[Node]) -> None:
    for node in models:
        config = node["config"]
        if config["materialized"] == "incremental":
            assert config["unique_key"], node["name"]
            assert config["incremental_strategy"] == "merge", node["name"]
            assert config["iceberg_expire_snapshots"] == "False", node["name"]
            modes = {k: v for k, v in config["table_properties"].items() if k.endswith(".mode")}
            assert set(modes.values()) == {"merge-on-read"}, node["name"]


def test_every_staging_model_lists_its_columns_in_order(models: list[Node]) -> None:
    # An incremental model is built anew, each time, when these differ from its table's.
    last = ["is_deleted", "created_at", "last_modified_at", "system_modified_at", "deleted_at"]
    codes = {node["name"]: node["raw_code"] for node in models}
    for node in models:
        if node["config"]["materialized"] == "incremental" and layer(node) == "staging":
            base = re.search(r"ref\('(base_\w+)'\)", node["raw_code"])
            code = codes[base[1]] if base else node["raw_code"]
            aliases = re.findall(r"\}\} as (\w+),", code)
            wanted = [*aliases, *last, "_extracted_at", "_batch"]
            assert list(node["columns"]) == wanted, node["name"]


def test_columns_of_money_time_and_share_say_their_unit(models: list[Node]) -> None:
    units = {
        r"amount|price|revenue|cost": "currency",
        r"^hours_": "[Hh]ours",
        r"^days_|_days_": "[Dd]ays",
        r"minutes": "minutes",
        r"percent": "percent",
        r"_at$|^valid_": "UTC",
    }
    for node in models:
        if layer(node) == "marts":
            for name, column in node["columns"].items():
                for pattern, unit in units.items():
                    if re.search(pattern, name) and not name.endswith("_id"):
                        assert re.search(unit, column["description"]), (node["name"], name)


def test_a_model_lies_beside_its_description_in_its_layers_folder(models: list[Node]) -> None:
    for node in models:
        folder = node["path"].split("/")[0]
        assert folder == layer(node), node["name"]
        assert node["patch_path"].endswith(node["path"].replace(".sql", ".yml")), node["name"]


def test_marts_stand_on_what_is_below_them(models: list[Node]) -> None:
    order = ("stg", "base", "int", "dim", "fct", "rpt")
    for node in models:
        own = order.index(node["name"].split("_")[0])
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("model."):
                assert order.index(parent.split(".")[-1].split("_")[0]) <= max(own, 1), (
                    node["name"],
                    parent,
                )


def test_every_mart_has_a_reader_that_is_named(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    exposed = {
        name for each in manifest["exposures"].values() for name in each["depends_on"]["nodes"]
    }

    assert [
        n["name"] for n in models if layer(n) == "marts" and n["unique_id"] not in exposed
    ] == []


def test_histories_say_what_they_tell_of_the_time_before_raw(models: list[Node]) -> None:
    histories = [node for node in models if "valid_from" in node["columns"]]
    words = "A period before the first extraction has the values that it found."

    assert histories
    assert [node["name"] for node in histories if words not in one_line(node)] == []


def test_facts_flag_what_is_deleted_or_say_how_to_leave_it_out(models: list[Node]) -> None:
    silent = [
        node["name"]
        for node in models
        if node["name"].startswith("fct_")
        and "is_deleted" not in node["columns"]
        and "leave out `is_deleted`" not in one_line(node)
    ]

    assert silent == []


def test_measures_of_reports_add_up_or_say_over_what(models: list[Node]) -> None:
    """Those that do are listed here: a new one is looked at, not taken for one of them."""
    outcomes = {f"{outcome}_opportunities" for outcome in ("won", "lost", "open")}
    sums = {"won_amount", "lost_amount", "open_amount", "open_weighted_amount", "won_days_to_close"}
    additive = {
        "rpt_owner_performance": outcomes | sums,
        "rpt_manager_performance": outcomes | sums,
        "rpt_sales_funnel": {"open_opportunities", "lost_opportunities"},
        "rpt_pipeline_by_day": set(),
    }
    silent = [
        (node["name"], name)
        for node in models
        if node["name"].startswith("rpt_")
        for name, column in node["columns"].items()
        if re.match("bigint|int|double|decimal", column["data_type"])
        and name not in {"stage_order"} | additive[node["name"]]
        and not re.search(r"Adds up over \w+, not over \w+", one_line(column))
    ]

    assert silent == []


def test_every_mart_is_in_the_page_for_analysts(models: list[Node]) -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Rules that hold", 1)[0]
    asked = {word for query in QUERIES for word in re.findall(r"\w+", query)}
    marts = [n["name"] for n in models if layer(n) == "marts"]

    assert [name for name in marts if f"`{name}`" not in table] == []
    assert [name for name in marts if name not in asked] == []


def test_what_a_demo_builds_needs_nothing_else(models: list[Node]) -> None:
    core = {n["unique_id"] for n in models if "core" in n["tags"]}

    for node in models:
        if node["unique_id"] in core:
            parents = {p for p in node["depends_on"]["nodes"] if p.startswith("model.")}
            ephemeral = {
                n["unique_id"] for n in models if n["config"]["materialized"] == "ephemeral"
            }
            assert parents <= core | ephemeral, node["name"]


def test_days_are_counted_between_days_of_the_orgs_zone(models: list[Node]) -> None:
    # A day of UTC beside a date of Salesforce's is at times the day after, or before.
    counted = [call for n in models for call in re.findall(r"datediff\(.*", n["raw_code"])]

    assert len(counted) == 3
    assert [
        call for call in counted if not re.match(r"datediff\(\w+_date, \{\{ org_date\(", call)
    ] == []


def test_nothing_reads_the_wall_clock(manifest: dict[str, Any]) -> None:
    clock = re.compile(
        r"current_(timestamp|date|time)|\bnow\(|\bunix_timestamp\(\s*\)|run_started_at|localtimestamp"
    )
    nodes = [*manifest["nodes"].values()]
    own = [m for m in manifest["macros"].values() if m["package_name"] == "lakehouse"]

    found = [n["name"] for n in nodes if clock.search(n.get("raw_code") or "")]
    found += [m["name"] for m in own if clock.search(m["macro_sql"])]

    assert found == []


def test_only_standard_fields_are_relied_upon(models: list[Node]) -> None:
    # What was generated from an org may: it is made for that one.
    shipped = [
        n for n in models if n["config"]["meta"].get("generated_from", "shipped") == "shipped"
    ]

    custom = [n["name"] for n in shipped if re.search(r"\w__c\b", n["raw_code"])]

    assert custom == []


def test_staging_reads_fields_through_the_macro_alone(models: list[Node]) -> None:
    # Any field may be hidden from the integration user.
    for node in models:
        if layer(node) == "staging" and "source(" in node["raw_code"]:
            select = node["raw_code"].split("select", 1)[1].split("from {{ source")[0]
            lines = [line.strip() for line in select.splitlines() if line.strip()]
            plain = [x for x in lines if not x.startswith(("--", "{{ field(", "{{ version_col"))]
            assert plain == [], node["name"]


def test_sources_are_the_configured_objects(manifest: dict[str, Any]) -> None:
    config = ObjectsConfig.from_file(ROOT / "config" / "salesforce_objects.json")
    configured = {table_name(name) for name in configured_names(config)}

    # Those of rates are configured where an org has several currencies.
    of_rates = {"currencytype", "datedconversionrate"}
    sources = {s["name"] for s in manifest["sources"].values()} - of_rates

    assert configured - sources == set()
    assert [name for name in sources if config.group_of(name) is None] == []


def test_sources_have_freshness_by_their_watermark(manifest: dict[str, Any]) -> None:
    # Not by a column: the newest row of a quiet object is old, however often it is read.
    for source in manifest["sources"].values():
        assert not source["loaded_at_field"], source["name"]
        assert source["freshness"]["warn_after"]["count"], source["name"]


def test_layers_lie_in_their_databases(manifest: dict[str, Any], models: list[Node]) -> None:
    for node in models:
        assert node["schema"] == f"t_{layer(node)}", node["name"]
    assert {s["schema"] for s in manifest["sources"].values()} == {"t_raw"}


def test_there_is_nothing_to_install(manifest: dict[str, Any]) -> None:
    packages = {n["package_name"] for n in manifest["nodes"].values()}

    assert packages == {"lakehouse"}
    assert not (ROOT / "dbt_project" / "packages.yml").exists()


def test_facts_know_whom_they_lead_to(manifest: dict[str, Any], models: list[Node]) -> None:
    """Each id of a fact that some dimension or fact has as its key is tested against it."""
    keys = {
        "account_id": "dim_account",
        "campaign_id": "dim_campaign",
        "contact_id": "dim_contact",
        "product_id": "dim_product",
        "opportunity_id": "fct_opportunities",
        "lead_id": "fct_leads",
        "owner_id": "dim_user",
    }
    for node in models:
        if node["name"].startswith("fct_"):
            tests = [
                other["test_metadata"]["kwargs"].get("references", [])
                for other in manifest["nodes"].values()
                if other.get("attached_node") == node["unique_id"]
            ]
            tested = {each["column"]: each["to"] for found in tests for each in found}
            for column, to in keys.items():
                if column in node["columns"] and to != node["name"]:
                    assert to in tested.get(column, ""), (node["name"], column)


def test_what_a_seed_lacks_is_told_whichever_objects_are_read(manifest: dict[str, Any]) -> None:
    """dbt leaves a test out with any of the models that it reads."""
    seeds = {key for key in manifest["nodes"] if key.startswith("seed.")}
    readers = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and seeds & set(node["depends_on"]["nodes"])
    ]

    assert len(readers) > len(seeds)
    for node in readers:
        others = set(node["depends_on"]["nodes"]) - seeds - {node.get("attached_node")}
        assert others == set(), node["name"]


def test_known_bad_data_warns_and_has_a_ceiling(manifest: dict[str, Any]) -> None:
    bad = ("rare", "known_references")
    tests = [
        node
        for node in manifest["nodes"].values()
        if node.get("test_metadata", {}).get("name") in bad
        and "/marts/" in node["original_file_path"]
    ]

    assert tests
    for node in tests:
        assert node["config"]["warn_if"] == ">0", node["name"]
        assert re.fullmatch(r">[0-9]+", node["config"]["error_if"]), node["name"]


def test_what_comes_in_is_held_against_what_came_before(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    for node in models:
        if layer(node) == "marts" and re.match("fct_|dim_", node["name"]):
            hierarchy = node["name"].endswith("_hierarchy")  # worked out anew each time
            assert ("steady" in names_of_tests(manifest, node)) != hierarchy, node["name"]
