"""The table ``_runs``: one row per object and run, with all that the outcome says.

What is nested in the outcome is JSON text, which Athena reads with ``json_extract``.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pyiceberg.catalog import Catalog

from lakehouse_jobs import log
from lakehouse_jobs.contract.raw_log import RUNS_TABLE
from lakehouse_jobs.contract.runs import ObjectOutcome
from lakehouse_jobs.raw.schema import RawColumn
from lakehouse_jobs.raw.side_table import open_side_table
from lakehouse_jobs.raw.store import Store

_LONG: Final = "long"
_TEXT: Final = "string"
_TIME: Final = "timestamptz"
# GROUP is a reserved word in SQL; every other column is named like the outcome's key.
COLUMN_OF: Final = {"group": "group_name"}
COLUMNS: Final = tuple(
    RawColumn(name=name, type=kind, comment=comment)
    for name, kind, comment in (
        ("run_id", _TEXT, "Name of the execution"),
        ("ended_at", _TIME, "When the group's run ended, by the job's clock"),
        ("object", _TEXT, "API name"),
        ("group_name", _TEXT, "Group of the configuration"),
        ("status", _TEXT, "landed, unchanged, skipped, superseded or failed"),
        ("message", _TEXT, "A sentence for a person"),
        ("error", _TEXT, "Class of the error"),
        ("mode", _TEXT, "incremental, full, reconcile or refresh"),
        ("rows", _LONG, "Versions written, tombstones included"),
        ("read", _LONG, "Rows that Salesforce sent"),
        ("tombstones", _LONG, "Records found to be gone without a trace"),
        ("rejected", _LONG, "Values kept as text in _rejected"),
        ("bytes", _LONG, "Bytes of Parquet"),
        ("pages", _LONG, "Pages read"),
        ("requests", _LONG, "Calls to Salesforce"),
        ("retries", _LONG, "Of them, calls made again after a failure"),
        ("api_before", _TEXT, "JSON {used, limit}: the org's daily requests by everybody"),
        ("api_after", _TEXT, "JSON {used, limit}, at the end"),
        ("batch", _LONG, "The raw table's batch after the run"),
        ("watermark_before", _TIME, "The raw table's watermark when the run began"),
        ("watermark_after", _TIME, "The raw table's watermark when the run ended"),
        ("schema_changes", _TEXT, "JSON list of sentences"),
        ("left_out", _TEXT, "JSON list: fields not read, with the reason"),
        ("blocked", _TEXT, "JSON list of {what, message, accept}"),
        ("unfilled", _TEXT, "JSON {column: records that lack it}"),
        ("resumed", "boolean", "Whether it went on with the load of a run that died"),
        ("api", _TEXT, "bulk or rest"),
        ("seconds", "double", "From beginning to end"),
        ("phases", _TEXT, "JSON {step: seconds}"),
    )
)
_TYPES: Final = {column.name: column.type for column in COLUMNS}


def append_runs(
    catalog: Catalog,
    store: Store,
    *,
    database: str,
    run_id: str,
    group: str,
    outcomes: Sequence[ObjectOutcome],
) -> None:
    """Add a group's outcomes in one commit.

    Never raises: the same stands under ``runs/``, so a table that cannot be written costs
    the run a line in its log and nothing else.
    """
    if not outcomes:
        return
    ended = datetime.now(UTC)
    try:
        table = open_side_table(
            catalog, database=database, bucket=store.bucket, name=RUNS_TABLE, columns=COLUMNS
        )
        # Two attempts at one execution's group are two runs: neither overwrites the other.
        key = f"{run_id}-{group}-{uuid.uuid4().hex[:8]}"
        table.append(table.write(store, key, [row(run_id, ended, o) for o in outcomes]))
    except Exception as error:
        log.warn(
            f"{database}.{RUNS_TABLE} did not get this run's {len(outcomes)} rows "
            f"({type(error).__name__}: {log.told(error) or 'no more is known'}); "
            f"they stand in runs/{run_id}/ all the same"
        )


def row(run_id: str, ended: datetime, outcome: ObjectOutcome) -> dict[str, Any]:
    """One row, by column."""
    values = {COLUMN_OF.get(key, key): value for key, value in outcome.items()}
    return {
        "run_id": run_id,
        "ended_at": ended,
        **{name: _value(name, value) for name, value in values.items()},
    }


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if _TYPES[name] == _TIME:
        return datetime.fromisoformat(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value
