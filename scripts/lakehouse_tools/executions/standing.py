"""All that `lakehouse status` tells, gathered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lakehouse_jobs.contract.runs import ApiUse
from lakehouse_tools.configured import deployed_config
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import EXIT_FAILED
from lakehouse_tools.executions import history
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.needs import URGENT, Need, needs
from lakehouse_tools.executions.progress import RUNNING, SUCCEEDED
from lakehouse_tools.executions.states import ObjectState, api_use, object_states
from lakehouse_tools.stack import Stack

LOOKED_AT: Final = 20  # executions, for the last outcomes of each object


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an environment stands at one moment."""

    environment: Environment
    now: datetime
    executions: tuple[PastExecution, ...]  # newest first
    failure: str | None  # of the last execution that ended, in one line
    objects: tuple[ObjectState, ...]
    needs: tuple[Need, ...]
    api: ApiUse | None

    @property
    def exit_status(self) -> int:
        """1 where something is broken or too old."""
        urgent = any(need.kind in URGENT for need in self.needs)
        return EXIT_FAILED if self.failure or urgent else 0


def look(environment: Environment, stack: Stack, *, limit: int) -> Standing:
    """Ask AWS how it stands; ``limit`` executions are told."""
    past = history.executions(environment, stack, limit=max(limit, LOOKED_AT))
    now = datetime.now(UTC)
    states: list[ObjectState] = []
    if past:
        config = deployed_config(environment, stack)
        states = object_states(environment, stack, past[:LOOKED_AT], config)
    return Standing(
        environment=environment,
        now=now,
        executions=tuple(past[:limit]),
        failure=_failure(environment, past),
        objects=tuple(states),
        needs=tuple(needs(environment, stack, states, now)),
        api=api_use(states),
    )


def _failure(environment: Environment, past: list[PastExecution]) -> str | None:
    ended = next((execution for execution in past if execution.status != RUNNING), None)
    if ended is None or ended.status == SUCCEEDED:
        return None
    cause = history.cause_of(environment, ended) or "no cause given"
    return f"the last execution, {ended.name}, {ended.status}: {cause}"
