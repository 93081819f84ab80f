"""Columns that became readable after rows were in the table, as a table's property has them.

``{"<column>": <records to fill, or null where nobody has counted them>}``. The run that sees such
a column marks it in the transaction that evolves the schema; the resync that fills it takes
the mark away in the commit that brings the values.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pyiceberg.table import Table

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.raw.fence import put_fence

Unfilled = Mapping[str, int | None]


def read_unfilled(properties: Mapping[str, str]) -> dict[str, int | None]:
    """The marks among a table's properties; one that cannot be read counts as no mark."""
    try:
        found = json.loads(properties.get(TableProperty.UNFILLED) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(k): v if type(v) is int else None for k, v in found.items()}


def unfilled_text(unfilled: Unfilled) -> str:
    """The property's value; empty where nothing is marked."""
    return json.dumps(dict(unfilled), sort_keys=True) if unfilled else ""


def marked(before: Unfilled, *, readable: Iterable[str], present: Iterable[str]) -> Unfilled:
    """The marks after a schema evolved: what became readable, less what is read no longer."""
    kept = set(present)
    return {**{k: v for k, v in before.items() if k in kept}, **dict.fromkeys(readable)}


def read_tried(properties: Mapping[str, str]) -> datetime | None:
    """When filling was last tried, UTC; None where that ended well or cannot be read."""
    try:
        moment = datetime.fromisoformat(properties.get(TableProperty.UNFILLED_TRIED) or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def mark_tried(table: Table, moment: datetime, *, fenced_by: dict[str, str]) -> None:
    """Note that filling is about to be tried. Raises SupersededError where a run came first."""
    with table.transaction() as transaction:
        put_fence(transaction, fenced_by)
        transaction.set_properties({TableProperty.UNFILLED_TRIED.value: moment.isoformat()})
