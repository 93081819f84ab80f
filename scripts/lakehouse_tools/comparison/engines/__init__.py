"""Where the SQL runs: DuckDB on this machine, or Athena where the lake is."""

from collections.abc import Iterator
from typing import Any, Protocol

from sqlglot import exp

from lakehouse_tools.comparison.sides import Found
from lakehouse_tools.comparison.sql.dialects import Dialect
from lakehouse_tools.comparison.sql.rows import Rows
from lakehouse_tools.comparison.sql.sides import Compared, PairSql, Relation


class Engine(Protocol):
    """Runs the queries of a comparison."""

    name: str
    version: str

    @property
    def dialect(self) -> Dialect:
        """Its own words."""
        ...

    def open(self, found: Found) -> Relation:
        """A table as this engine reads it, pinned, with the types of its columns."""
        ...

    def answer(self, query: exp.Expr) -> list[dict[str, Any]]:
        """The rows of a query. Raises :class:`NotComparedError` with the engine's reason."""
        ...

    def parts(self, sql: PairSql, *, rows: int) -> Iterator[Rows]:
        """What has to be compared cell by cell, part by part. Keys of parts are distinct.

        ``rows``: of the old side.
        """
        ...

    def outside(self, sql: PairSql, columns: tuple[Compared, ...]) -> dict[int, int]:
        """By column, the values that pairs outside the parts have, where both sides agree.

        After :meth:`parts` has been gone through.
        """
        ...
