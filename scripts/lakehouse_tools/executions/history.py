"""Executions that were, and the state of each raw table."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from lakehouse_jobs.contract.raw_log import TableProperty, table_name
from lakehouse_jobs.contract.runs import ObjectOutcome
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions.outcomes import object_outcomes
from lakehouse_tools.stack import Stack

_EXECUTIONS_LOOKED_AT: Final = 20  # for the last outcome of each object


@dataclass(frozen=True, kw_only=True)
class PastExecution:
    """One execution, newest first in lists."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """One object as it stands: its raw table and its last outcome."""

    name: str
    rows: int | None  # versions in the raw table; None where there is no table
    watermark: datetime | None
    last_execution: str | None
    last_status: str | None
    last_message: str | None

    def behind(self, now: datetime) -> float | None:
        """Seconds between the watermark and ``now``."""
        return (now - self.watermark).total_seconds() if self.watermark else None


def executions(environment: Environment, stack: Stack, *, limit: int) -> list[PastExecution]:
    """The newest executions."""
    answer = environment.client("stepfunctions").list_executions(
        stateMachineArn=stack.state_machine_arn, maxResults=limit
    )
    return [
        PastExecution(
            arn=e["executionArn"],
            name=e["name"],
            status=e["status"],
            started=e["startDate"],
            stopped=e.get("stopDate"),
        )
        for e in answer["executions"][:limit]
    ]


def said_of(environment: Environment, stack: Stack, name: str) -> str:
    """How one execution stands, with its cause where it failed.

    Raises :class:`RequestError` for a name that no execution has.
    """
    client = environment.client("stepfunctions")
    arn = f"{stack.state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        answer = client.describe_execution(executionArn=arn)
    except (client.exceptions.ExecutionDoesNotExist, client.exceptions.InvalidArn):
        raise RequestError(
            f"no execution {name!r}: `lakehouse status{environment.option}` lists them"
        ) from None
    ended = answer["status"].lower().replace("_", " ")
    cause = one_line(answer.get("error"), answer.get("cause"))
    return f"{ended}: {cause}" if cause else ended


def cause_of(environment: Environment, execution: PastExecution) -> str | None:
    """Why an execution failed, in the state machine's words."""
    answer = environment.client("stepfunctions").describe_execution(executionArn=execution.arn)
    return one_line(answer.get("error"), answer.get("cause"))


def one_line(error: str | None, cause: str | None) -> str | None:
    """Error and cause as one line."""
    text = ": ".join(part for part in (error, cause) if part)
    return " ".join(text.split()) or None


def object_states(
    environment: Environment, stack: Stack, past: list[PastExecution]
) -> list[ObjectState]:
    """Each object that has a raw table or an outcome, by name."""
    last = _last_outcomes(environment, stack, past)
    with ThreadPoolExecutor(max_workers=8) as pool:
        environment.client("s3")  # made here: boto3 does not make clients in threads safely
        metadata = dict(pool.map(lambda t: _metadata(environment, t), _tables(environment, stack)))
    names = {table_name(name): name for name in last}
    for table, found in metadata.items():
        names.setdefault(table, found.get("properties", {}).get(TableProperty.OBJECT, table))
    return sorted(
        (_state(name, metadata.get(table), last.get(name)) for table, name in names.items()),
        key=lambda state: state.name,
    )


def _last_outcomes(
    environment: Environment, stack: Stack, past: list[PastExecution]
) -> dict[str, tuple[str, ObjectOutcome]]:
    last: dict[str, tuple[str, ObjectOutcome]] = {}
    for execution in past[:_EXECUTIONS_LOOKED_AT]:
        for outcome in object_outcomes(environment, stack, execution.name):
            last.setdefault(outcome["object"], (execution.name, outcome))
    return last


def _tables(environment: Environment, stack: Stack) -> list[dict[str, Any]]:
    pages = environment.client("glue").get_paginator("get_tables")
    return [t for p in pages.paginate(DatabaseName=stack.raw_database) for t in p["TableList"]]


def _metadata(environment: Environment, table: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The Iceberg metadata a catalog entry points to.

    Properties and snapshots' totals are in it: no table has to be scanned for its count.
    """
    location = (table.get("Parameters") or {}).get("metadata_location")
    if not location:
        return table["Name"], {}
    address = urlsplit(location)
    answer = environment.client("s3").get_object(
        Bucket=address.netloc, Key=address.path.lstrip("/")
    )
    return table["Name"], json.loads(answer["Body"].read())


def _state(
    name: str, metadata: dict[str, Any] | None, last: tuple[str, ObjectOutcome] | None
) -> ObjectState:
    execution, outcome = last or (None, None)
    return ObjectState(
        name=name,
        rows=_rows(metadata) if metadata else None,
        watermark=_watermark(metadata),
        last_execution=execution,
        last_status=outcome["status"] if outcome else None,
        last_message=outcome["message"] if outcome else None,
    )


def _rows(metadata: dict[str, Any]) -> int:
    current = metadata.get("current-snapshot-id")
    for snapshot in metadata.get("snapshots", []):
        if snapshot["snapshot-id"] == current:
            return int(snapshot.get("summary", {}).get("total-records", 0))
    return 0


def _watermark(metadata: dict[str, Any] | None) -> datetime | None:
    text = (metadata or {}).get("properties", {}).get(TableProperty.WATERMARK)
    if not text:
        return None
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
