"""What is in the marts, asked through Athena as anybody would."""

from dataclasses import dataclass

from lakehouse_tools import athena
from lakehouse_tools.environment import Environment
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import Stack

CURRENT = "is_current"


@dataclass(frozen=True, kw_only=True)
class Mart:
    """One table of the marts. ``current`` and ``versions`` where it keeps history."""

    name: str
    rows: int
    current: int | None
    closed: int | None  # versions that a later one replaced, or that a deletion closed


def marts(environment: Environment, stack: Stack) -> list[Mart]:
    """Every table of the marts database with its counts, in one query."""
    tables = _tables(environment, stack.marts_database)
    if not tables:
        return []
    parts = [_counts(name, CURRENT in columns) for name, columns in sorted(tables.items())]
    result = athena.query(environment, stack, " union all ".join(parts) + " order by 1")
    return [_mart(row) for row in result.typed()]


def _tables(environment: Environment, database: str) -> dict[str, set[str]]:
    """Tables of a database with the names of their columns, without dbt's temporary ones."""
    return {
        table["Name"]: {c["Name"] for c in table.get("StorageDescriptor", {}).get("Columns", [])}
        for table in tables_of(environment, database)
        if not table["Name"].endswith("_tmp")
    }


def _counts(table: str, has_current: bool) -> str:
    current = f"count(case when {CURRENT} then 1 end)" if has_current else "cast(null as bigint)"
    return (
        f"select '{table}' as mart, count(*) as mart_rows, {current} as current_rows"  # noqa: S608
        f' from "{table}"'
    )


def _mart(row: dict[str, int | str | None]) -> Mart:
    rows, current = int(row["mart_rows"] or 0), row["current_rows"]
    counted = None if current is None else int(current)
    return Mart(
        name=str(row["mart"]),
        rows=rows,
        current=counted,
        closed=None if counted is None else rows - counted,
    )
