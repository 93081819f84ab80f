"""One DuckDB for all queries: extensions loaded once, a database of its own for each query.

The extensions come from packages of DuckDB's own version; nothing is fetched.
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb

from lakehouse_jobs.contract.hive_lines import BAD_DATA
from lakehouse_local.home import REGION
from lakehouse_local.local_aws.athena_aliases import refuse_aliases
from lakehouse_local.local_aws.athena_dialect import DIVIDE_MACRO, parse, reads, write
from lakehouse_local.local_aws.athena_errors import QueryError
from lakehouse_local.local_aws.athena_format import formatter, size, type_name
from lakehouse_local.local_aws.athena_show import show
from lakehouse_local.local_aws.athena_tables import Tables

_EXTENSIONS: Final = ("httpfs", "avro", "iceberg")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a result, as Athena describes it."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True, kw_only=True)
class Result:
    """Columns, and rows of text; null is None."""

    columns: Sequence[Column]
    rows: list[list[str | None]]
    statement: str = "DML"  # or UTILITY: lines of text without a header


class Engine:
    """Runs queries, each in the thread that asks, and ends one that is stopped."""

    def __init__(self, *, endpoint: str, extensions: Path) -> None:
        self._endpoint = endpoint
        self._folder = extensions
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._running: dict[str, duckdb.DuckDBPyConnection] = {}

    def run(
        self,
        query_id: str,
        query: str,
        database: str,
        parameters: Sequence[str] = (),
        *,
        stopped: Callable[[], bool],
    ) -> Result:
        """The result of a query. Raises :class:`QueryError`.

        ``stopped`` says whether it was stopped: before there was anything to interrupt, perhaps.
        """
        shown = show(query, database)
        if shown is not None:
            name, lines = shown
            return Result(
                columns=[Column(name=name, type="string")],
                rows=[[line] for line in lines],
                statement="UTILITY",
            )
        statement = parse(query, parameters)
        if not reads(statement):
            kind = query.split(None, 1)[0].upper()
            message = f"the local AWS only reads with Athena; {kind} is left to the jobs and to dbt"
            raise QueryError("NOT_SUPPORTED", message)
        refuse_aliases(statement, database or "default")
        connection = self._connect()
        catalog = f"query_{uuid.uuid4().hex}"
        self._running[query_id] = connection
        try:
            connection.execute(f"ATTACH ':memory:' AS {catalog}")
            Tables(connection, catalog, database or "default").bind(statement)
            if stopped():  # an interrupt between two statements is forgotten by DuckDB
                raise duckdb.InterruptException
            return _result(connection.execute(write(statement)))
        except duckdb.InterruptException:
            raise QueryError("USER_CANCELED", "Query was cancelled by user") from None
        except duckdb.Error as error:
            raise _worded(error) from None
        finally:
            with self._lock:  # from here on nobody interrupts it
                self._running.pop(query_id, None)
            connection.execute("USE memory")
            connection.execute(f"DETACH DATABASE IF EXISTS {catalog}")
            connection.close()

    def stop(self, query_id: str) -> None:
        """Interrupt a query that is running."""
        with self._lock:
            connection = self._running.get(query_id)
            if connection is not None:
                connection.interrupt()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None:
                self._database = self._start()
            connection = self._database.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET integer_division = true")  # 7 / 2 is 3 in Athena
        return connection

    def _start(self) -> duckdb.DuckDBPyConnection:
        from duckdb_extensions import import_extension

        self._folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(":memory:")
        connection.execute(f"SET extension_directory = '{self._folder}'")
        connection.execute("SET autoinstall_known_extensions = false")
        for name in _EXTENSIONS:
            import_extension(name, con=connection)
            connection.execute(f"LOAD {name}")
        connection.execute(DIVIDE_MACRO)
        connection.execute(
            "CREATE SECRET local_aws (TYPE s3, KEY_ID 'test', SECRET 'test', "
            f"ENDPOINT '{urlsplit(self._endpoint).netloc}', URL_STYLE 'path', USE_SSL false, "
            f"REGION '{REGION}')"
        )
        return connection


def _result(answer: duckdb.DuckDBPyConnection) -> Result:
    description = answer.description or []
    kinds: list[Any] = [column[1] for column in description]
    columns = []
    for (name, *_), kind in zip(description, kinds, strict=True):
        precision, scale = size(kind)
        column = Column(name=name, type=type_name(kind), precision=precision, scale=scale)
        columns.append(column)
    # By way of Arrow: DuckDB's own fetch wants pytz for times with zone.
    table = answer.to_arrow_table()
    values = [
        [None if v is None else print_(v) for v in column.to_pylist()]
        for column, print_ in zip(table.columns, map(formatter, kinds), strict=True)
    ]
    rows = [list(row) for row in zip(*values, strict=True)]
    return Result(columns=columns, rows=rows)


_NAMES: Final = {
    duckdb.BinderException: "COLUMN_NOT_FOUND",
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.ParserException: "SYNTAX_ERROR",
}


def _worded(error: duckdb.Error) -> QueryError:
    first = str(error).split("\n", 1)[0]
    if "does not exist" in first and "Function with name" in first:
        name = first.split("Function with name ", 1)[1].split()[0]
        message = f"Athena has the function {name}; the local AWS cannot run it"
        return QueryError("NOT_SUPPORTED", message)
    if f"{BAD_DATA}: " in first:
        return QueryError(BAD_DATA, first.split(f"{BAD_DATA}: ", 1)[1])
    if "DIVISION_BY_ZERO" in first:
        return QueryError("DIVISION_BY_ZERO", "Division by zero")
    name = next((n for kind, n in _NAMES.items() if isinstance(error, kind)), "GENERIC_USER_ERROR")
    if name == "COLUMN_NOT_FOUND" and "not found" not in first:
        name = "TYPE_MISMATCH"
    return QueryError(name, f"{first} (as the local AWS's DuckDB words it)")
