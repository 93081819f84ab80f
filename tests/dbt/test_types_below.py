"""A model is built anew where the types of what it stands on are others, directly or not."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from lakehouse_local.home import aws_environment
from lakehouse_tools.dbt_models.project import read_project

NOWHERE = "http://127.0.0.1:9"  # where nobody listens
Columns = dict[str, dict[str, str]]  # database.table -> column -> type


def anew(
    names: list[str], project: Path, dbt: Callable[..., CompletedProcess[str]], known: Columns
) -> set[str]:
    """Which of the models dbt would build anew where the catalog has these columns."""
    done = dbt(
        "dbt", "--quiet", "--no-populate-cache", "compile", "--select", *names,
        "--indirect-selection", "empty", "--vars", json.dumps({"known_columns": known}),
        folder=project, env=aws_environment(NOWHERE) | {"AWS_MAX_ATTEMPTS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    place = project / "target" / "compiled" / "lakehouse" / "models" / "marts" / "sales"
    # By the delta a model asks for what is newer than its own rows.
    return {n for n in names if f"max(_batch), 0) from t_marts.{n}" not in _sql(place, n)}


def _sql(place: Path, name: str) -> str:
    return (place / f"{name}.sql").read_text().replace("glue_catalog.", "").replace("`", "")


@pytest.mark.parametrize("manifest", ["false"], indirect=True)
def test_a_type_below_a_history_or_a_fact_is_another(
    project: Path, dbt: Callable[..., CompletedProcess[str]], manifest: dict[str, Any]
) -> None:
    known: Columns = {
        f"{node['schema']}.{node['alias']}": {
            name: column["data_type"] for name, column in node["columns"].items()
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    for each in read_project(project).generated.values():
        known[f"t_raw.{each.model.table}"] = {c.raw: c.data_type for c in each.model.columns}
    other = deepcopy(known)
    other["t_staging.stg_salesforce__opportunities"]["amount"] = "decimal(18,4)"
    models = ["dim_account", "dim_opportunity", "fct_opportunities"]

    assert anew(models, project, dbt, known) == set()
    assert anew(models, project, dbt, other) == {"dim_opportunity", "fct_opportunities"}
