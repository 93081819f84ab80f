"""What the lake has of records: their own rows, and the rows that only name them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_jobs.contract.raw_log import REJECTED_TABLE
from lakehouse_tools.dbt_models.names import model_name, models
from lakehouse_tools.dbt_models.raw_tables import COMMENT
from lakehouse_tools.environment import Environment
from lakehouse_tools.erasure import counting
from lakehouse_tools.erasure.counting import Column
from lakehouse_tools.erasure.model import Asked, Found, Survey
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions import raw_table
from lakehouse_tools.versions.marts import OF_SEVERAL, ids_of, key_of

_REFERENCE: Final = "reference"  # type of a field


def look(environment: Environment, stack: Stack, asked: Sequence[Asked]) -> Survey:
    """Count them. Only columns of ids are read."""
    ids = [record for one in asked for record in one.ids]
    versions: dict[str, int] = {}
    own: list[Found] = []
    for one in asked:
        place = {"database": stack.raw_database, "table": one.table.name}
        found = counting.versions(environment, stack, **place, ids=one.ids)
        versions |= found
        if found:
            own.append(Found(**place, column="id", rows=sum(found.values())))
    ours, others = _of_models(environment, stack, asked)
    ours += _of_rejected(environment, stack)
    own += counting.count(environment, stack, ours, ids)
    others = [*_of_raw(environment, stack), *others]
    return Survey(
        versions=versions,
        own=tuple(own),
        references=tuple(counting.count(environment, stack, others, ids)),
    )


def _of_rejected(environment: Environment, stack: Stack) -> list[Column]:
    names = {table["Name"] for table in tables_of(environment, stack.raw_database)}
    place = Column(database=stack.raw_database, table=REJECTED_TABLE, name="id")
    return [place] if REJECTED_TABLE in names else []


def _of_raw(environment: Environment, stack: Stack) -> Iterator[Column]:
    """The columns of raw whose field refers to a record."""
    for table in raw_table.known(environment, stack):
        for column in current_columns(table.entry):
            told = COMMENT.match(str(column.get("Comment") or ""))
            if told and told["type"] == _REFERENCE:
                yield Column(database=stack.raw_database, table=table.name, name=column["Name"])


def _of_models(
    environment: Environment, stack: Stack, asked: Sequence[Asked]
) -> tuple[list[Column], list[Column]]:
    """Columns of ids in the tables of models: keys of the records' own rows, and all others."""
    layers = (stack.staging_database, stack.intermediate_database, stack.marts_database)
    tables = {
        (database, name): ids
        for database in dict.fromkeys(layers)
        for name, ids in ids_of(tables_of(environment, database)).items()
    }
    staging = {name: ids for (layer, name), ids in tables.items() if layer == layers[0]}
    keys = {key for one in asked if (key := _key(one.object, staging))}
    own: list[Column] = []
    others: list[Column] = []
    for (database, table), ids in tables.items():
        first = key_of(ids)
        for name in ids:
            mine = name == first and _is_own(name, keys)
            (own if mine else others).append(Column(database=database, table=table, name=name))
    return own, others


def _key(object_name: str, staging: dict[str, list[str]]) -> str | None:
    model = next((m for m in map(model_name, models(object_name)) if m in staging), None)
    return key_of(staging[model]) if model else None


def _is_own(first: str, keys: Collection[str]) -> bool:
    return bool({first, *OF_SEVERAL.get(first, ())} & {*keys})
