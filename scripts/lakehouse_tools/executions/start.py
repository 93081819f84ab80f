"""What an execution is asked to do, and its start."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.period import ALWAYS, Period, moment_text
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Request:
    """The input of an execution. What is empty, None or False is left to the state machine."""

    objects: tuple[str, ...] = ()  # API names; empty: all that are configured
    groups: tuple[str, ...] = ()
    mode: Mode | None = None
    period: Period = ALWAYS  # of stamps, to be read again
    full_refresh: bool = False  # dbt rebuilds every model from raw
    models: tuple[str, ...] = ()  # dbt's selectors of what to build; empty: everything

    def as_input(self) -> dict[str, Any]:
        """The execution's input, without what was left open."""
        values = {
            "objects": list(self.objects),
            "groups": list(self.groups),
            "mode": self.mode.value if self.mode else None,
            "since": moment_text(self.period.since) if self.period.since else None,
            "until": moment_text(self.period.until) if self.period.until else None,
            "full_refresh": self.full_refresh,
            "models": list(self.models),
        }
        return {key: value for key, value in values.items() if value}


def names(text: str | None, *, option: str) -> tuple[str, ...]:
    """A comma-separated list, without blanks and repetitions, in the given order.

    None is none. Text without a name is a :class:`RequestError`: a script's empty variable
    must not mean everything.
    """
    found = tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    if text is not None and not found:
        raise RequestError(f"{option}: got {text!r}; give names with commas, or leave it out")
    return found


def period(since: str | None, until: str | None) -> Period:
    """The range that two options give. Raises :class:`RequestError`."""
    try:
        return Period.of(since=since, until=until)
    except ValueError as error:
        raise RequestError(f"--{error}; or leave it out") from None


def execution_name(now: datetime) -> str:
    """A name that sorts by time and is unique: ``20260131-080000-3f9a``."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def start(environment: Environment, stack: Stack, request: Request) -> str:
    """Start the state machine. Returns the execution's ARN."""
    answer = environment.client("stepfunctions").start_execution(
        stateMachineArn=stack.state_machine_arn,
        name=execution_name(datetime.now(UTC)),
        input=json.dumps(request.as_input()),
    )
    return answer["executionArn"]


def name_of(execution_arn: str) -> str:
    """The execution's name, the last part of its ARN."""
    return execution_arn.rsplit(":", 1)[-1]


def stop(environment: Environment, execution_arn: str) -> None:
    """End an execution; Step Functions stops its Glue runs and its build."""
    environment.client("stepfunctions").stop_execution(
        executionArn=execution_arn, error="Stopped", cause="stopped with `lakehouse stop`"
    )
