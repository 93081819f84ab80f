"""The rows of staging and marts that a record became, and those that carry its id.

A model's own rows are those whose first id column is the record's: ``account_id`` in the
staging model of accounts and in ``dim_account``. What carries the id elsewhere is counted, in
columns of one id and in those of several, such as ``ancestor_ids``.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_tools import athena
from lakehouse_tools.dbt_models.names import model_name, models
from lakehouse_tools.environment import Environment
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.model import Carrier, ModelRows, holds

# Keys of marts whose rows come of several objects, and what each is called in their staging.
OF_SEVERAL: Final = {"activity_id": ("task_id", "event_id")}
_TYPES: Final = {"_id": "string", "_ids": "array<string>"}


def follow(
    environment: Environment, stack: Stack, *, object_name: str, record: str
) -> tuple[tuple[ModelRows, ...], tuple[Carrier, ...]]:
    """The record's own rows, and the columns of marts that hold its id.

    Nothing where dbt has not built the object's staging model under its usual name.
    """
    staging = ids_of(tables_of(environment, stack.staging_database))
    marts = ids_of(tables_of(environment, stack.marts_database))
    model = next((m for m in map(model_name, models(object_name)) if m in staging), None)
    key = key_of(staging[model]) if model else None
    if model is None or key is None:
        return (), ()
    own = [(stack.staging_database, model, key)]
    for name, ids in marts.items():
        first = key_of(ids)
        if first and key in (first, *OF_SEVERAL.get(first, ())):
            own.append((stack.marts_database, name, first))
    theirs = {(name, column) for _, name, column in own}
    others = {
        name: [column for column in ids if (name, column) not in theirs]
        for name, ids in marts.items()
    }
    environment.client("athena")  # made here: boto3 does not make clients in threads safely
    with ThreadPoolExecutor(max_workers=4) as pool:
        counted = pool.submit(_carriers, environment, stack, others, record)
        rows = [
            pool.submit(_rows, environment, stack, database, name, column, record)
            for database, name, column in own
        ]
        return tuple(each.result() for each in rows), counted.result()


def ids_of(tables: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Table → its columns that hold ids, one each or several, in the table's order."""
    return {
        table["Name"]: [
            column["Name"]
            for column in current_columns(table)
            if any(
                column["Name"].endswith(end) and column.get("Type") == kind
                for end, kind in _TYPES.items()
            )
        ]
        for table in sorted(tables, key=lambda table: table["Name"])
    }


def key_of(ids: Sequence[str]) -> str | None:
    """The first column of one id."""
    return next((column for column in ids if column.endswith("_id")), None)


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
                f"cast(count_if({holds(column, record)}) as varchar)" for column in columns
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
