"""A running execution and the threads of control in it.

History events carry what GetExecutionHistory of AWS carries
(docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html):
previousEventId leads back along the same branch. ministack writes no events inside Map
and Parallel and no previousEventId.
"""

import copy
import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakehouse_local.local_aws import step_functions_jsonata as jsonata
from lakehouse_local.local_aws.step_functions_errors import DATA_LIMIT, StatesError
from lakehouse_local.local_aws.step_functions_scope import Scope

# docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: input or output of a
# state; entries of an execution's history.
PAYLOAD_LIMIT: Final = 256 * 1024
HISTORY_LIMIT: Final = 25_000

Definition = dict[str, Any]


class Execution:
    """One execution: its record in ministack, its definition as it was at the start."""

    def __init__(
        self, record: dict[str, Any], machine: dict[str, Any], definition: Definition
    ) -> None:
        self.record = record
        self.definition = definition
        self.context = {
            "Execution": {
                "Id": record["executionArn"],
                "Input": json.loads(record["input"]),
                "Name": record["name"],
                "RoleArn": machine["roleArn"],
                "StartTime": record["startDate"],
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine["stateMachineArn"], "Name": machine["name"]},
        }
        self.lock = threading.Lock()

    def event(self, kind: str, previous: int, **details: Any) -> int:
        """Append to the history; nothing is added once the execution has ended."""
        from ministack.services import stepfunctions

        with self.lock:
            if self.record["status"] != "RUNNING":
                return previous
            if len(self.record["events"]) >= HISTORY_LIMIT:
                raise StatesError(
                    "States.Runtime", f"The execution reached {HISTORY_LIMIT} history events"
                )
            event = stepfunctions._add_event(self.record, kind, details)
            event["previousEventId"] = previous
            return event["id"]

    def end(self, status: str, event: str, **fields: Any) -> None:
        """Close the record, once, with the event that ends every history."""
        from ministack.services import stepfunctions

        details = {f"{event[0].lower()}{event[1:]}EventDetails": fields}
        with self.lock:
            if self.record["status"] != "RUNNING":
                return
            last = self.record["events"][-1]["id"]
            stepfunctions._add_event(self.record, event, details)["previousEventId"] = last
            self.record.update(status=status, stopDate=stepfunctions.now_iso(), **fields)
        stepfunctions._emit_execution_status_event(self.record)


@dataclass(frozen=True, kw_only=True)
class State:
    """The state that a flow is in."""

    name: str
    definition: Definition
    entered: str
    entered_event: int
    retries: int = 0


@dataclass(kw_only=True)
class Flow:
    """One thread of control: the execution itself, a Map iteration or a Parallel branch."""

    execution: Execution
    scope: Scope
    variables: dict[str, Any] = field(default_factory=dict)
    map_item: dict[str, Any] | None = None
    last_event: int = 1

    def branch(self, scope: Scope, *, map_item: dict[str, Any] | None = None) -> "Flow":
        """A flow within this one: it reads the outer variables, its own stay its own."""
        return Flow(
            execution=self.execution,
            scope=scope,
            variables=copy.deepcopy(self.variables),
            map_item=map_item if map_item is not None else self.map_item,
            last_event=self.last_event,
        )

    def event(self, kind: str, **details: Any) -> int:
        """Append to the history, behind this flow's last event."""
        self.last_event = self.execution.event(kind, self.last_event, **details)
        return self.last_event

    def context(self, state: State) -> dict[str, Any]:
        """The context object as the state sees it."""
        result = dict(self.execution.context)
        result["State"] = {
            "EnteredTime": state.entered,
            "Name": state.name,
            "RetryCount": state.retries,
        }
        if self.map_item is not None:
            result["Map"] = {"Item": self.map_item}
        return result

    def bindings(
        self,
        state: State,
        data: Any,
        *,
        result: Any = jsonata.MISSING,
        error: Any = jsonata.MISSING,
    ) -> dict[str, Any]:
        """What the expressions of a state can name."""
        states = {"input": data, "context": self.context(state)}
        if result is not jsonata.MISSING:
            states["result"] = result
        if error is not jsonata.MISSING:
            states["errorOutput"] = error
        return {**self.variables, "states": states}

    def assign(self, new: dict[str, Any]) -> None:
        """Set variables, all at once: none of the expressions saw another's new value."""
        self.variables.update(new)


def retried(state: State) -> State:
    """The state, entered once more by a Retry."""
    return replace(state, retries=state.retries + 1)


def checked(data: Any, *, what: str) -> str:
    """The JSON text of a payload. Raises ``States.DataLimitExceeded`` above 256 KiB."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > PAYLOAD_LIMIT:
        raise StatesError(
            DATA_LIMIT,
            f"{what} has a size exceeding the maximum number of bytes service limit "
            f"({PAYLOAD_LIMIT})",
        )
    return text
