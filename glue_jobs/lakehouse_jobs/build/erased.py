"""What is rebuilt after records were erased from raw: every table that may hold a value of them.

That is each model that stands on the object's raw table, through whatever models, and that was
ever built. An incremental build would not see that rows of raw are gone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_jobs.build.errors import ErasedError
from lakehouse_jobs.contract.raw_log import table_name


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model of the dbt project that has a table."""

    name: str
    database: str
    table: str
    sources: tuple[str, ...]  # the raw tables that it stands on


def made_of(
    objects: Iterable[str],
    *,
    models: Iterable[Model],
    tables: Mapping[str, Mapping[str, Any]],
    left_out: Collection[str],
) -> list[str]:
    """Names of the models to rebuild, none where none of them was ever built.

    ``objects``: API names; ``tables``: those of the catalog, by database; ``left_out``: raw tables
    that this build cannot read. Raises :class:`ErasedError` for a model that stands on such a one:
    its table would keep what was erased.
    """
    raw = {table_name(name) for name in objects}
    there = [m for m in models if raw & {*m.sources} and m.table in tables.get(m.database, {})]
    for model in there:
        missing = sorted({*model.sources} & {*left_out})
        if missing:
            raise ErasedError(
                f"{model.database}.{model.table} may hold erased records and cannot be rebuilt, as"
                f" the raw table {missing[0]} is not there; bring that back, or drop the table if"
                " nobody needs it, then erase again"
            )
    return [model.name for model in there]
