"""Athena: both tables in the Glue catalog, one wide join where the data are."""

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from lakehouse_tools import athena
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.sides import Found, Kept
from lakehouse_tools.comparison.sql.dialects import Dialect
from lakehouse_tools.comparison.sql.rows import Rows
from lakehouse_tools.comparison.sql.sides import Compared, PairSql, Relation
from lakehouse_tools.comparison.sql.types import sql_type
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import QueryError
from lakehouse_tools.stack import Stack


class AthenaEngine:
    """Queries in the deployed workgroup; nothing is written."""

    name = "athena"
    dialect = Dialect()
    version = "3"

    def __init__(self, environment: Environment, stack: Stack) -> None:
        self._environment = environment
        self._stack = stack

    def open(self, found: Found) -> Relation:
        """The table of the catalog, as of the snapshot where it is Iceberg's."""
        if found.database is None:
            raise NotComparedError(
                f"{found.name}: Athena reads tables of the Glue catalog alone: give `database`,"
                " or compare with --engine duckdb"
            )
        table = exp.table_(found.table, db=found.database, quoted=True)
        if found.kept is Kept.ICEBERG and found.snapshot is not None:
            table = self.dialect.at_snapshot(table, found.snapshot)
        types = {name.lower(): sql_type(text) for name, text in found.columns}
        return Relation(table=table, types=types)

    def answer(self, query: exp.Expr) -> list[dict[str, Any]]:
        """The rows of a query."""
        try:
            return athena.query(self._environment, self._stack, self.dialect.write(query)).typed()
        except QueryError as error:
            raise NotComparedError(f"Athena: {error}") from error

    def parts(self, sql: PairSql, *, rows: int) -> Iterator[Rows]:
        """All rows at once: Athena spills and scales, and keeps nothing between queries."""
        del rows
        yield Rows(sql=sql, side=sql.select)

    def outside(self, sql: PairSql, columns: tuple[Compared, ...]) -> dict[int, int]:
        """Nothing is outside."""
        del sql
        return dict.fromkeys((one.index for one in columns), 0)
