"""Executions that were."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack

# How `said_of` begins where the state machine came to its own end, which tells all.
TOLD: Final = ("succeeded", "failed")


@dataclass(frozen=True, kw_only=True)
class PastExecution:
    """One execution, newest first in lists."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None


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


def arn_of(stack: Stack, name: str) -> str:
    """The ARN of the execution of that name."""
    return f"{stack.state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def said_of(environment: Environment, stack: Stack, name: str) -> str:
    """How one execution stands, with its cause where it failed.

    Raises :class:`RequestError` for a name that no execution has.
    """
    client = environment.client("stepfunctions")
    try:
        answer = client.describe_execution(executionArn=arn_of(stack, name))
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
