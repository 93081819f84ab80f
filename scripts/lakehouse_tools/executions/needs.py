"""What needs a person: each finding with what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from lakehouse_jobs.contract.raw_log import REJECTED_TABLE
from lakehouse_jobs.contract.runs import Status
from lakehouse_tools.display.words import age, count
from lakehouse_tools.environment import Environment
from lakehouse_tools.executions.states import ObjectState
from lakehouse_tools.stack import Stack


class Kind(StrEnum):
    """What is the matter, the gravest first."""

    FAILED = "failed"
    STALE = "stale"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    UNFILLED = "unfilled"


# With one of these `lakehouse status` ends with exit status 1; the others can wait.
URGENT = frozenset({Kind.FAILED, Kind.STALE})
_REJECTED_QUERY: Final = f'select * from "{REJECTED_TABLE}"'  # noqa: S608 - a constant


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that needs a person."""

    kind: Kind
    object: str
    text: str  # what is the matter
    remedy: str | None  # None where the text says it, as errors do


def needs(
    environment: Environment, stack: Stack, states: Sequence[ObjectState], now: datetime
) -> list[Need]:
    """All findings, the gravest first."""
    order = list(Kind)
    found = [n for state in states for n in _of(environment, stack, state, now)]
    return sorted(found, key=lambda need: (order.index(need.kind), need.object))


def _of(
    environment: Environment, stack: Stack, state: ObjectState, now: datetime
) -> Iterator[Need]:
    option = environment.option
    last, read = state.last, state.last_read
    if last and last["status"] == Status.FAILED:
        text = last["message"] or last["error"] or "no reason given"
        yield Need(kind=Kind.FAILED, object=state.name, text=text, remedy=None)
    if state.is_stale(now) and state.limit_minutes is not None:
        yield _stale(state, now, option)
    for blocked in read["blocked"] if read else ():
        yield Need(
            kind=Kind.BLOCKED,
            object=state.name,
            text=blocked["message"],
            remedy=f"to let it in, put this into salesforce_objects.json: {blocked['accept']}",
        )
    if state.rejected:
        yield Need(
            kind=Kind.REJECTED,
            object=state.name,
            text=f"{count(state.rejected)} values did not fit their columns and are kept as text",
            remedy=f"see them with `lakehouse query{option} --database {stack.raw_database}"
            f" '{_REJECTED_QUERY}'`",
        )
    for column, records in state.unfilled.items():
        amount = "records not counted yet" if records is None else f"{count(records)} records"
        yield Need(
            kind=Kind.UNFILLED,
            object=state.name,
            text=f"{column} became readable and is still empty in older versions ({amount})",
            remedy="nothing, if the next runs fill it; to fill it now:"
            f" `lakehouse run{option} --objects {state.name} --mode full`",
        )


def _stale(state: ObjectState, now: datetime, option: str) -> Need:
    behind, limit = state.behind(now), (state.limit_minutes or 0) * 60
    text = "was never read" if behind is None else f"stands {age(behind)} ago"
    return Need(
        kind=Kind.STALE,
        object=state.name,
        text=f"{text}; its limit is {age(limit)}",
        remedy=f"read what is too old with `lakehouse run{option}`, check that its schedule is"
        " on, or raise stale_after_minutes in salesforce_objects.json",
    )
