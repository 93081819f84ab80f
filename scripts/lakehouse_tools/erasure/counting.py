"""In how many rows of which columns ids stand, by Athena: only those columns are read."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_tools import athena
from lakehouse_tools.environment import Environment
from lakehouse_tools.erasure.model import Found
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.model import holds

# Of one statement: Athena takes 262,144 bytes, and so many tables are planned in good time.
_MOST_CHARACTERS: Final = 200_000
_MOST_COLUMNS: Final = 40
_AT_ONCE: Final = 4


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of one id, or of several (``…_ids``)."""

    database: str
    table: str
    name: str


def count(
    environment: Environment, stack: Stack, columns: Sequence[Column], ids: Collection[str]
) -> list[Found]:
    """The columns that hold any of the ids, with their rows, in the given order."""
    environment.client("athena")  # made here: boto3 does not make clients in threads safely
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(
            lambda sql: athena.query(environment, stack, sql).typed(), _statements(columns, ids)
        )
        counts = {int(row["place"]): int(row["found"]) for rows in answers for row in rows}
    return [
        Found(database=c.database, table=c.table, column=c.name, rows=counts[place])
        for place, c in enumerate(columns)
        if counts.get(place)
    ]


def versions(
    environment: Environment, stack: Stack, *, database: str, table: str, ids: Collection[str]
) -> dict[str, int]:
    """Rows of each id in a table's column ``id``; ids without any are left out."""
    sql = f"""select id, count(*) as "found" from "{database}"."{table}"
        where id in ({_listed(ids)}) group by id"""  # noqa: S608 - checked ids
    rows: list[dict[str, Any]] = athena.query(environment, stack, sql).typed()
    return {row["id"]: int(row["found"]) for row in rows}


def _statements(columns: Sequence[Column], ids: Collection[str]) -> Iterator[str]:
    selects: list[str] = []
    for place, column in enumerate(columns):
        select = f"""select {place} as "place", count(*) as "found"
            from "{column.database}"."{column.table}" where {_condition(column.name, ids)}"""  # noqa: S608
        length = sum(map(len, selects)) + len(select)
        if selects and (length > _MOST_CHARACTERS or len(selects) == _MOST_COLUMNS):
            yield " union all ".join(selects)
            selects = []
        selects.append(select)
    if selects:
        yield " union all ".join(selects)


def _condition(column: str, ids: Collection[str]) -> str:
    if column.endswith("_ids"):
        return " or ".join(holds(column, record) for record in ids)
    return f'"{column}" in ({_listed(ids)})'


def _listed(ids: Collection[str]) -> str:
    return ", ".join(f"'{record}'" for record in ids)
