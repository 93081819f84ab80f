"""Athena: queries over the lake's Iceberg tables, in a workgroup, with results in S3.

AWS: docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html and
querying-iceberg.html. ministack keeps workgroups and executions; it runs the text as
DuckDB's SQL, reads Iceberg tables as CSV, lets a query choose its result location in a
workgroup that enforces its own, accepts unknown workgroups, and does not stop a query.
Modules beside this one: dialect, functions (what Athena refuses), tables, show, format,
engine. Not done: statements that write, views, metadata tables (``"t$snapshots"``),
federated catalogs, the workgroup's limit of bytes scanned.
"""

import asyncio
import csv
import io
import json
import logging
import threading
import time
from typing import Any, Final

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.athena_engine import Engine, Result
from lakehouse_local.local_aws.athena_errors import QueryError
from lakehouse_local.local_aws.context import Context

_log = logging.getLogger(__name__)
_states: Final = threading.Lock()  # a query that was stopped stays so
Response = tuple[int, dict[str, str], bytes]


def install(context: Context) -> None:
    """Put the query engine and the rules of workgroups in place."""
    from ministack.services import athena

    engine = Engine(
        endpoint=context.endpoint, extensions=context.home.runtimes / "duckdb_extensions"
    )
    parameters: dict[str, list[str]] = {}  # of queries not yet begun, by id

    async def execute(
        query_id: str, query: str, database: str, ddl: object, catalog: str | None = None
    ) -> None:
        del ddl, catalog  # ministack's own reading of the text
        execution = athena._executions[query_id]
        given = parameters.pop(query_id, [])
        await asyncio.to_thread(_execute, engine, execution, query, database, given)

    def start_query(data: dict[str, Any]) -> Response:
        try:
            request = _in_workgroup(data)
        except ValueError as error:
            return athena.error_response_json("InvalidRequestException", str(error), 400)
        answer = start(request)
        if answer[0] == 200:
            query_id = json.loads(answer[2])["QueryExecutionId"]
            parameters[query_id] = data.get("ExecutionParameters") or []
        return answer

    def stop_query(data: dict[str, Any]) -> Response:
        with _states:
            answer = stop(data)
        engine.stop(data.get("QueryExecutionId", ""))
        return answer

    patching.replace(
        athena, "_execute_query", execute, parameters="query_id query database ddl catalog"
    )
    start = patching.replace(athena, "_start_query_execution", start_query, parameters="data")
    stop = patching.replace(athena, "_stop_query_execution", stop_query, parameters="data")
    results = patching.expect(athena, "_get_query_results", parameters="data")

    def get_results(data: dict[str, Any]) -> Response:
        return _with_sizes(results(data), athena._executions.get(data.get("QueryExecutionId")))

    patching.replace(athena, "_get_query_results", get_results, parameters="data")


def _in_workgroup(data: dict[str, Any]) -> dict[str, Any]:
    """The request with the workgroup's result location where the workgroup enforces it.

    Raises ValueError for a workgroup that is missing or disabled.
    """
    from ministack.services import athena

    athena._ensure_default_workgroup()
    name = data.get("WorkGroup") or "primary"
    workgroup = athena._workgroups.get(name)
    if workgroup is None:
        raise ValueError(f"WorkGroup {name} is not found.")
    if workgroup.get("State", "ENABLED") != "ENABLED":
        raise ValueError(f"WorkGroup {name} is disabled.")
    settings = workgroup.get("Configuration") or {}
    enforced = settings.get("EnforceWorkGroupConfiguration", name != "primary")
    own = (settings.get("ResultConfiguration") or {}).get("OutputLocation")
    asked = (data.get("ResultConfiguration") or {}).get("OutputLocation")
    location = own if enforced and own else asked or own
    request = {**data, "WorkGroup": name}
    if location:
        request["ResultConfiguration"] = {"OutputLocation": location.rstrip("/") + "/"}
    return request


def _execute(
    engine: Engine, execution: dict[str, Any], query: str, database: str, given: list[str]
) -> None:
    status, statistics = execution["Status"], execution["Statistics"]
    began = time.monotonic()
    with _states:
        if status["State"] == "QUEUED":
            status["State"] = "RUNNING"

    def stopped() -> bool:
        return status["State"] == "CANCELLED"

    try:
        query_id = execution["QueryExecutionId"]
        result = engine.run(query_id, query, database, given, stopped=stopped)
        execution["StatementType"] = result.statement
        _save(execution, result)
        outcome, reason = "SUCCEEDED", ""
        execution["_results"] = {"columns": [c.name for c in result.columns], "rows": result.rows}
        execution["_column_types"] = [c.type for c in result.columns]
        execution["_sizes"] = [(c.precision, c.scale) for c in result.columns]
    except QueryError as error:
        outcome, reason = "FAILED", str(error)
    except Exception as error:  # a defect here must not leave the query RUNNING
        _log.exception("query %s", execution["QueryExecutionId"])
        outcome, reason = "FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
    milliseconds = int((time.monotonic() - began) * 1000)
    statistics["EngineExecutionTimeInMillis"] = milliseconds
    statistics["TotalExecutionTimeInMillis"] = milliseconds
    with _states:
        if not stopped():
            ended = int(time.time())
            status.update(State=outcome, StateChangeReason=reason, CompletionDateTime=ended)


def _save(execution: dict[str, Any], result: Result) -> None:
    """Write the result file: CSV with every value quoted, null as nothing; SHOW as text."""
    from ministack.services import s3

    location = execution["ResultConfiguration"]["OutputLocation"]
    rows: list[list[str | None]] = list(result.rows)
    if execution["StatementType"] == "DML":
        text = _csv([[c.name for c in result.columns], *rows])
    else:
        location = location.removesuffix(".csv") + ".txt"
        execution["ResultConfiguration"]["OutputLocation"] = location
        text = "".join("\t".join(v or "" for v in row) + "\n" for row in rows)
    bucket, _, key = location.removeprefix("s3://").partition("/")
    status, _, body = s3._put_object(bucket, key, text.encode(), {})
    if status >= 300:
        message = f"Unable to verify/create output bucket {bucket}"
        raise QueryError("INVALID_REQUEST", f"{message}: {bytes(body)[:300].decode()}")


def _csv(rows: list[list[str | None]]) -> str:
    text = io.StringIO()
    # QUOTE_NOTNULL needs Python 3.12: an empty field and a null must differ.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="")
    for row in rows:
        for index, value in enumerate(row):
            text.write("," if index else "")
            if value is not None:
                writer.writerow([value])
        text.write("\n")
    return text.getvalue()


def _with_sizes(answer: Response, execution: dict[str, Any] | None) -> Response:
    """The answer with the columns' precision and scale, which ministack does not know."""
    if answer[0] != 200 or not execution or "_sizes" not in execution:
        return answer
    body = json.loads(answer[2])
    described = body["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    for column, (precision, scale) in zip(described, execution["_sizes"], strict=True):
        column.update(Precision=precision, Scale=scale)
    return answer[0], answer[1], json.dumps(body).encode()
