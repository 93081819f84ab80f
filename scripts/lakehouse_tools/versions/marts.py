"""The rows of staging and marts that a record became, and those that carry its id.

A model's own rows are those whose first id column is the record's: ``account_id`` in the
staging model of accounts and in ``dim_account``. What carries the id elsewhere is counted.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lakehouse_tools import athena
from lakehouse_tools.dbt_models.names import model_name, models
from lakehouse_tools.environment import Environment
from lakehouse_tools.glue_tables import current_columns, tables_of
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.model import Carrier, ModelRows


def follow(
    environment: Environment, stack: Stack, *, object_name: str, record: str
) -> tuple[tuple[ModelRows, ...], tuple[Carrier, ...]]:
    """The record's own rows, and the columns of marts that hold its id.

    Nothing where dbt has not built the object's staging model under its usual name.
    """
    staging = _ids_of(tables_of(environment, stack.staging_database))
    marts = _ids_of(tables_of(environment, stack.marts_database))
    model = next((m for m in map(model_name, models(object_name)) if m in staging), None)
    if model is None or not staging[model]:
        return (), ()
    key = staging[model][0]
    own = [(stack.staging_database, model)]
    own += [(stack.marts_database, name) for name, ids in marts.items() if ids[:1] == [key]]
    others = {
        name: [column for column in ids if (name, column) not in {(n, key) for _, n in own}]
        for name, ids in marts.items()
    }
    environment.client("athena")  # made here: boto3 does not make clients in threads safely
    with ThreadPoolExecutor(max_workers=4) as pool:
        counted = pool.submit(_carriers, environment, stack, others, record)
        rows = [
            pool.submit(_rows, environment, stack, database, name, key, record)
            for database, name in own
        ]
        return tuple(each.result() for each in rows), counted.result()


def _ids_of(tables: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Table → its columns that hold one id each, in the table's order."""
    return {
        table["Name"]: [
            column["Name"]
            for column in current_columns(table)
            if column["Name"].endswith("_id") and column.get("Type") == "string"
        ]
        for table in sorted(tables, key=lambda table: table["Name"])
    }


def _rows(
    environment: Environment, stack: Stack, database: str, name: str, key: str, record: str
) -> ModelRows:
    sql = f"""select * from "{database}"."{name}" where "{key}" = '{record}'"""  # noqa: S608
    rows = athena.query(environment, stack, sql).typed()
    rows.sort(key=lambda row: str(row.get("valid_from") or ""))
    return ModelRows(database=database, table=name, rows=tuple(rows))


def _carriers(
    environment: Environment, stack: Stack, ids: Mapping[str, Sequence[str]], record: str
) -> tuple[Carrier, ...]:
    """All marts in one statement, each read once, and only its id columns."""
    selects = []
    for name, columns in ids.items():
        if columns:
            counts = " || ',' || ".join(
                f"""cast(count_if("{column}" = '{record}') as varchar)""" for column in columns
            )
            place = f'"{stack.marts_database}"."{name}"'
            selects.append(f"""select '{name}' as "name", {counts} as "counts" from {place}""")  # noqa: S608
    if not selects:
        return ()
    found = athena.query(environment, stack, " union all ".join(selects)).typed()
    return tuple(
        Carrier(database=stack.marts_database, table=row["name"], column=column, rows=int(count))
        for row in sorted(found, key=lambda row: row["name"])
        for column, count in zip(ids[row["name"]], row["counts"].split(","), strict=True)
        if int(count)
    )
