"""Queries through Athena, in the deployed workgroup."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import QueryError
from lakehouse_tools.stack import Stack

_FIRST_WAIT: Final = 0.1  # seconds; doubled up to the longest
_LONGEST_WAIT: Final = 2.0
_WHOLE: Final = ("tinyint", "smallint", "integer", "int", "bigint")
_BROKEN: Final = ("float", "double", "real")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a result; the type as Athena names it."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A query's rows, as Athena's text; None is null."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def typed(self) -> list[dict[str, Any]]:
        """Rows as dictionaries, with numbers and booleans as such.

        All else is text, decimals too, so that no digit is lost.
        """
        return [
            {c.name: _value(c.type, v) for c, v in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]


def query(
    environment: Environment, stack: Stack, sql: str, *, database: str | None = None
) -> Result:
    """Run one statement and wait for it. ``database``: the marts unless given.

    What ends the waiting, such as ctrl-C, stops the query too. Raises :class:`QueryError` with
    Athena's reason.
    """
    client = environment.client("athena")
    try:
        query_id = client.start_query_execution(
            QueryString=sql,
            WorkGroup=stack.athena_work_group_name,
            QueryExecutionContext={"Database": database or stack.marts_database},
        )["QueryExecutionId"]
    except client.exceptions.InvalidRequestException as error:
        reason = str(error.response["Error"].get("Message"))
        raise QueryError(
            f"query refused: {reason}{next_step(environment, stack, reason)}"
        ) from error
    try:
        failure = _failure(client, query_id)
    except BaseException:
        # Nobody would see what it reads to its end, and is billed for.
        with suppress(Exception):
            client.stop_query_execution(QueryExecutionId=query_id)
        raise
    if failure is not None:
        raise QueryError(f"query failed: {failure}{next_step(environment, stack, failure)}")
    return _result(client, query_id)


def _failure(client: Any, query_id: str) -> str | None:
    """Waits for a query's end. Athena's reason in one line, or None where it succeeded."""
    wait = _FIRST_WAIT
    while True:
        status = client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return None
        if status["State"] in ("FAILED", "CANCELLED"):
            return " ".join((status.get("StateChangeReason") or status["State"]).split())
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def next_step(environment: Environment, stack: Stack, reason: str) -> str:
    """What to do about Athena's reason, to be set after it; empty where nothing is known."""
    ask = f"lakehouse query{environment.option}"
    databases = (
        stack.raw_database,
        stack.staging_database,
        stack.intermediate_database,
        stack.marts_database,
    )
    if "SCHEMA_NOT_FOUND" in reason:
        return f": there are {', '.join(databases)}"
    if "TABLE_NOT_FOUND" in reason:
        return f': `{ask} "show tables"` lists the marts, --database names another layer'
    if "COLUMN_NOT_FOUND" in reason:
        return f': `{ask} "describe <table>"` lists the columns'
    if "mismatched input '::'" in reason:
        return ": write cast(value as type)"
    if "SYNTAX_ERROR" in reason or "mismatched input" in reason:
        return ": Athena speaks Trino's SQL, see docs.aws.amazon.com/athena (SQL reference)"
    return ""


def _result(client: Any, query_id: str) -> Result:
    columns: tuple[Column, ...] = ()
    header: tuple[str, ...] = ()
    rows: list[tuple[str | None, ...]] = []
    for page in client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
        result = page["ResultSet"]
        if not columns:
            found = result.get("ResultSetMetadata", {}).get("ColumnInfo", [])
            columns = tuple(Column(name=c["Name"], type=c["Type"]) for c in found)
            header = tuple(c.name for c in columns)
        batch = [tuple(v.get("VarCharValue") for v in row["Data"]) for row in result["Rows"]]
        # Athena repeats the names in the first row of a SELECT, and only there.
        if not rows and batch and batch[0] == header:
            batch = batch[1:]
        rows.extend(batch)
    return Result(columns=columns, rows=tuple(rows))


def _value(kind: str, text: str | None) -> Any:
    if text is None:
        return None
    if kind in _WHOLE:
        return int(text)
    if kind in _BROKEN:
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    return text
