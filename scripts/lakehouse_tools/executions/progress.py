"""What is known of an execution at one moment. Plain values, filled in as logs arrive."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

RUNNING: Final = "RUNNING"
SUCCEEDED: Final = "SUCCEEDED"
READING: Final = "reading"
WAITING: Final = "waiting"


@dataclass(kw_only=True)
class ObjectProgress:
    """One object within one Glue run."""

    name: str
    group: str
    status: str = WAITING  # waiting, reading, or a status of contract.runs
    rows: int = 0
    bytes: int = 0  # of Parquet
    seconds: float = 0.0
    message: str | None = None

    @property
    def finished(self) -> bool:
        """Whether its outcome is known."""
        return self.status not in (WAITING, READING)

    @property
    def rate(self) -> float:
        """Rows per second so far; 0 where nothing can be said."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


@dataclass(kw_only=True)
class GroupProgress:
    """One Glue run."""

    name: str
    run_id: str
    state: str  # as Glue names it
    error: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    objects: dict[str, ObjectProgress] = field(default_factory=dict)


@dataclass(kw_only=True)
class NodeProgress:
    """One dbt node that has finished, or that is being built."""

    index: int
    total: int
    text: str  # "sql incremental model staging.stg_salesforce__accounts"
    status: str | None = None  # OK, PASS, WARN, FAIL, ERROR, SKIP; None while it runs
    detail: str | None = None  # "FAIL 3": what the status says beyond its name
    seconds: float = 0.0


@dataclass(kw_only=True)
class BuildProgress:
    """The dbt build."""

    build_id: str
    state: str  # as CodeBuild names it
    phase: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    nodes: dict[int, NodeProgress] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Nodes of the build, 0 until dbt has said so."""
        return max((node.total for node in self.nodes.values()), default=0)

    @property
    def finished(self) -> list[NodeProgress]:
        """The nodes that are done, in dbt's order."""
        return [n for _, n in sorted(self.nodes.items()) if n.status is not None]


@dataclass(kw_only=True)
class ExecutionProgress:
    """One execution of the state machine."""

    arn: str
    name: str
    started: datetime
    status: str = RUNNING
    stopped: datetime | None = None
    states: tuple[str, ...] = ()  # those it is in now
    groups: dict[str, GroupProgress] = field(default_factory=dict)
    build: BuildProgress | None = None
    error: str | None = None
    cause: str | None = None
    output: str | None = None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status == RUNNING

    @property
    def seconds(self) -> float:
        """From its start to its end, or to now."""
        return ((self.stopped or datetime.now(UTC)) - self.started).total_seconds()

    @property
    def extract_seconds(self) -> float:
        """From the start of the first Glue run to the end of the last."""
        runs = [g for g in self.groups.values() if g.started and g.ended]
        if not runs:
            return 0.0
        first = min(g.started for g in runs if g.started)
        last = max(g.ended for g in runs if g.ended)
        return (last - first).total_seconds()

    @property
    def build_seconds(self) -> float:
        """From the start of the dbt build to its end."""
        build = self.build
        if build is None or build.started is None or build.ended is None:
            return 0.0
        return (build.ended - build.started).total_seconds()
