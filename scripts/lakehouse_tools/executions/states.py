"""Each object as it stands: its raw table, its last outcomes, and how old it may be."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from lakehouse_jobs.contract.objects import ObjectsConfig, is_pattern
from lakehouse_jobs.contract.raw_log import TableProperty, table_name
from lakehouse_jobs.contract.runs import ApiUse, ObjectOutcome, Status
from lakehouse_tools.environment import Environment
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.outcomes import object_outcomes
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.iceberg import metadata_of
from lakehouse_tools.stack import Stack

# An execution of another run's object tells nothing of it.
_READ = (Status.LANDED, Status.UNCHANGED)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one execution left of an object."""

    execution: str
    outcome: ObjectOutcome


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """One object."""

    name: str
    rows: int | None  # versions in the raw table; None where there is no table
    watermark: datetime | None
    told: tuple[Told, ...] = ()  # newest first
    limit_minutes: int | None = None  # age allowed; None for what is not configured
    waiting_since: datetime | None = None  # never read: since when it could have been
    unfilled: Mapping[str, int | None] = field(default_factory=dict)  # column -> records

    @property
    def last(self) -> ObjectOutcome | None:
        """The newest outcome."""
        return self.told[0].outcome if self.told else None

    @cached_property
    def last_read(self) -> ObjectOutcome | None:
        """The newest outcome of a run that read the object to its end."""
        return next((t.outcome for t in self.told if t.outcome["status"] in _READ), None)

    @property
    def rejected(self) -> int:
        """Values that did not fit, over the executions looked at."""
        return sum(t.outcome["rejected"] for t in self.told)

    def behind(self, now: datetime) -> float | None:
        """Seconds from the watermark to ``now``; 0 where the org's clock is ahead."""
        return max(0.0, (now - self.watermark).total_seconds()) if self.watermark else None

    def is_stale(self, now: datetime) -> bool:
        """Whether it is older than its limit. What was never read ages from its first chance."""
        since = self.watermark or self.waiting_since
        if self.limit_minutes is None or since is None:
            return False
        return (now - since).total_seconds() > self.limit_minutes * 60


def object_states(
    environment: Environment,
    stack: Stack,
    past: Sequence[PastExecution],
    config: ObjectsConfig,
) -> list[ObjectState]:
    """Each object that is configured by name, has a raw table or an outcome, by name."""
    told = _told(environment, stack, past)
    tables = _tables(environment, stack)
    with ThreadPoolExecutor(max_workers=8) as pool:
        environment.client("s3")  # made here: boto3 does not make clients in threads safely
        read = pool.map(lambda t: (t["Name"], metadata_of(environment, t)), tables)
        metadata = dict(read)
    names = {table_name(name): name for name in told}
    for table, found in metadata.items():
        names.setdefault(table, found.get("properties", {}).get(TableProperty.OBJECT, table))
    for group in config.groups:
        for name in group.include:
            if not is_pattern(name):
                names.setdefault(table_name(name), name)
    first = min((e.started for e in past), default=None)
    return sorted(
        (
            ObjectState(
                name=name,
                rows=_rows(metadata[table]) if metadata.get(table) else None,
                watermark=_watermark(metadata.get(table)),
                told=tuple(told.get(name, ())),
                limit_minutes=_limit(config, name),
                waiting_since=first,
                unfilled=_unfilled(metadata.get(table)),
            )
            for table, name in names.items()
        ),
        key=lambda state: state.name,
    )


def api_use(states: Sequence[ObjectState]) -> ApiUse | None:
    """The org's use of its daily requests, as the newest execution that knows of it saw it."""
    told = [t for state in states for t in state.told if t.outcome["api_after"]]
    if not told:
        return None
    newest = max(t.execution for t in told)  # names begin with the time
    uses = [t.outcome["api_after"] for t in told if t.execution == newest]
    return max((use for use in uses if use), key=lambda use: use["used"])


def _limit(config: ObjectsConfig, name: str) -> int | None:
    return config.rules(name).stale_after_minutes if config.group_of(name) else None


def _told(
    environment: Environment, stack: Stack, past: Sequence[PastExecution]
) -> dict[str, list[Told]]:
    told: dict[str, list[Told]] = {}
    for execution in past:
        for outcome in object_outcomes(environment, stack, execution.name):
            one = Told(execution=execution.name, outcome=outcome)
            told.setdefault(outcome["object"], []).append(one)
    return told


def _tables(environment: Environment, stack: Stack) -> list[dict[str, Any]]:
    """The raw tables of objects: the others begin with an underscore."""
    found = tables_of(environment, stack.raw_database)
    return [table for table in found if not table["Name"].startswith("_")]


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


def _unfilled(metadata: dict[str, Any] | None) -> dict[str, int | None]:
    text = (metadata or {}).get("properties", {}).get(TableProperty.UNFILLED)
    return json.loads(text) if text else {}
