"""The files of a model: SQL and yml, of the model of all versions too where it has one."""

from typing import Final

from lakehouse_tools.dbt_models.columns import GROUPS, Column
from lakehouse_tools.dbt_models.model import Model
from lakehouse_tools.dbt_models.text import marked
from lakehouse_tools.dbt_models.yml import base_yml, model_yml


def files(model: Model) -> dict[str, str]:
    """Texts by file name."""
    if model.has_base:
        sql = {f"{model.base}.sql": _base(model), f"{model.name}.sql": _upon_base(model)}
        yml = {f"{model.base}.yml": base_yml(model), f"{model.name}.yml": model_yml(model)}
    else:
        sql = {f"{model.name}.sql": _alone(model)}
        yml = {f"{model.name}.yml": model_yml(model)}
    return {name: marked(text, comment="{#") for name, text in sql.items()} | {
        name: marked("".join(f"{line}\n" for line in lines), comment="#")
        for name, lines in yml.items()
    }


def _alone(model: Model) -> str:
    return _ALONE.format(key=model.key, table=model.table, selected=_selected(model, " " * 8))


def _base(model: Model) -> str:
    return _BASE.format(table=model.table, selected=_selected(model, " " * 4))


def _upon_base(model: Model) -> str:
    return _UPON_BASE.format(key=model.key, base=model.base)


def _selected(model: Model, indent: str) -> str:
    blocks = []
    for group in GROUPS:
        found = [_expression(column) for column in model.columns if column.group == group]
        if found:
            blocks.append("\n".join(f"{indent}{line}" for line in (f"-- {group}", *found)))
    return "\n\n".join([*blocks, f"{indent}{{{{ version_columns(raw) }}}}"])


def _expression(column: Column) -> str:
    given = "" if column.data_type == "string" else f", '{column.data_type.replace(',', ', ')}'"
    return f"{{{{ field(raw, '{column.raw}'{given}) }}}} as {column.name},"


_ALONE: Final = """\
{{{{ config(unique_key='{key}') }}}}
{{% set raw = columns_of(source('salesforce', '{table}')) %}}

with

versions as (

    select
{selected}

    from {{{{ source('salesforce', '{table}') }}}}
    {{{{ newer_batches() }}}}

),

{{{{ latest_version('versions', '{key}') }}}}
"""

_BASE: Final = """\
{{{{ config(materialized='ephemeral') }}}}
{{% set raw = columns_of(source('salesforce', '{table}')) %}}

select
{selected}

from {{{{ source('salesforce', '{table}') }}}}
{{{{ newer_batches() }}}}
"""

_UPON_BASE: Final = """\
{{{{ config(unique_key='{key}') }}}}

with

versions as (

    select * from {{{{ ref('{base}') }}}}
    {{{{ newer_batches() }}}}

),

{{{{ latest_version('versions', '{key}') }}}}
"""
