"""The rules of dbt's project evaluator, on the manifest: the package itself knows no Glue."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

Node = dict[str, Any]
HERE = Path(__file__).parent

# Each rule of dbt-labs/dbt-project-evaluator, by its model's name: the test that holds it, here or
# in test_manifest.py, or why the project does otherwise.
RULES: Final = {
    "direct_join_to_source": "test_staging_alone_reads_raw_and_reads_nothing_else",
    "duplicate_sources": "test_every_table_is_declared_once_and_described",
    "exposures_dependent_on_sources": "test_exposures_stand_on_public_tables",
    "hard_coded_references": "test_no_relation_is_named_by_hand",
    "marts_or_intermediate_dependent_on_source": (
        "test_staging_alone_reads_raw_and_reads_nothing_else"
    ),
    "model_fanout": "not held: a fact is there to be read by many reports; the rule limits leaves",
    "multiple_sources_joined": "test_a_model_reads_one_raw_table",
    "rejoining_of_upstream_concepts": (
        "not held: a hierarchy joins the climb back to the records it was made from, because"
        " Spark has no recursion that ends with the data"
    ),
    "root_models": "test_every_model_stands_on_something",
    "source_fanout": "test_every_source_has_one_reader",
    "staging_dependent_on_marts_or_intermediate": "test_marts_stand_on_what_is_below_them",
    "staging_dependent_on_staging": "test_staging_alone_reads_raw_and_reads_nothing_else",
    "too_many_joins": "test_no_model_joins_too_much",
    "unused_sources": "test_every_source_has_one_reader",
    "documentation_coverage": "test_every_node_says_its_grain",
    "undocumented_models": "test_every_node_says_its_grain",
    "undocumented_source_tables": "test_every_table_is_declared_once_and_described",
    "undocumented_sources": "test_every_table_is_declared_once_and_described",
    "exposures_dependent_on_private_models": "test_exposures_stand_on_public_tables",
    "public_models_without_contract": "test_marts_are_public_contracts_with_described_columns",
    "undocumented_public_models": "test_marts_are_public_contracts_with_described_columns",
    "chained_views_dependencies": "test_ephemeral_models_are_not_stacked",
    "exposure_parents_materializations": "test_exposures_stand_on_public_tables",
    "model_directories": "test_a_model_lies_beside_its_description_in_its_layers_folder",
    "model_naming_conventions": "test_names_tell_the_layer",
    "source_directories": "test_sources_are_declared_beside_staging",
    "test_directories": "test_a_model_lies_beside_its_description_in_its_layers_folder",
    "missing_primary_key_tests": "test_every_model_has_a_key_test",
    "sources_without_freshness": "test_sources_have_freshness_by_their_watermark",
    "test_coverage": "test_every_model_has_a_key_test",
}


@pytest.fixture
def models(manifest: dict[str, Any]) -> list[Node]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def test_each_rule_has_its_test_or_its_reason() -> None:
    texts = [(HERE / name).read_text("utf-8") for name in ("test_evaluator.py", "test_manifest.py")]

    lost = [
        rule
        for rule, answer in RULES.items()
        if not answer.startswith("not held: ")
        and not any(f"def {answer}(" in text for text in texts)
    ]

    assert lost == []


def test_every_table_is_declared_once_and_described(manifest: dict[str, Any]) -> None:
    sources = manifest["sources"].values()

    assert max(Counter((s["schema"], s["identifier"]) for s in sources).values()) == 1
    silent = [s["name"] for s in sources if not (s["description"] and s["source_description"])]
    assert silent == []


def test_sources_are_declared_beside_staging(manifest: dict[str, Any]) -> None:
    folders = {s["original_file_path"].rsplit("/", 1)[0] for s in manifest["sources"].values()}

    assert {folder.split("/")[1] for folder in folders} == {"staging"}


def test_a_model_reads_one_raw_table(models: list[Node]) -> None:
    assert [n["name"] for n in models if len({*map(tuple, n["sources"])}) > 1] == []


def test_every_model_stands_on_something(models: list[Node]) -> None:
    assert [n["name"] for n in models if not n["depends_on"]["nodes"]] == []


def test_no_relation_is_named_by_hand(models: list[Node]) -> None:
    """After ``from`` and ``join`` stands a reference or a CTE, never a database's table."""
    named = re.compile(r"\b(?:from|join)\s+[`\w]+\.[`\w]+", re.IGNORECASE)

    assert [n["name"] for n in models if named.search(n["raw_code"])] == []


def test_no_model_joins_too_much(models: list[Node]) -> None:
    assert [n["name"] for n in models if len(n["depends_on"]["nodes"]) >= 7] == []


def test_ephemeral_models_are_not_stacked(models: list[Node]) -> None:
    """One on another is written into every statement that reads the last of them."""
    ephemeral = {n["unique_id"] for n in models if n["config"]["materialized"] == "ephemeral"}

    stacked = [
        n["name"]
        for n in models
        if n["unique_id"] in ephemeral and ephemeral & set(n["depends_on"]["nodes"])
    ]

    assert stacked == []


def test_exposures_stand_on_public_tables(manifest: dict[str, Any]) -> None:
    for exposure in manifest["exposures"].values():
        for parent in exposure["depends_on"]["nodes"]:
            node = manifest["nodes"][parent]  # no source
            assert node["access"] == "public", (exposure["name"], parent)
            assert node["config"]["materialized"] == "incremental", (exposure["name"], parent)
