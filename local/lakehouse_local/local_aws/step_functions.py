"""Step Functions: an interpreter of its own behind ministack's API.

AWS: docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html.
ministack keeps the state machines, executions and histories. Its interpreter has no
``.sync`` for Glue and CodeBuild, stops no job on StopExecution or a time-out, lets Map
siblings of a failed iteration go on, has no time-out of the machine, and evaluates
JSONata's Assign, Output and null otherwise than AWS in places: each module beside this
one names what it replaces. Refused rather than pretended: JSONPath, distributed Map,
``.waitForTaskToken``, activities, HeartbeatSeconds, TestState (see
:mod:`.step_functions_definition`, :mod:`.step_functions_fields` and
:mod:`.step_functions_task`).
"""

import json
import logging
import threading
from typing import Any

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.step_functions_definition import problems
from lakehouse_local.local_aws.step_functions_errors import StatesError, StoppedError
from lakehouse_local.local_aws.step_functions_flow import Execution, Flow, checked
from lakehouse_local.local_aws.step_functions_scope import Scope
from lakehouse_local.local_aws.step_functions_states import run

_log = logging.getLogger(__name__)
Response = tuple[int, dict[str, str], bytes]


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Put the interpreter, and the checks of definitions, in place."""
    from ministack.services import stepfunctions as engine

    running = _Running()
    patching.replace(engine, "_run_execution", running.run, parameters="exec_arn")
    patching.expect(engine, "_add_event", parameters="execution event_type details")
    patching.expect(engine, "_emit_execution_status_event", parameters="execution")
    patching.expect(engine, "_invoke_resource", parameters="resource input_data")
    stop = patching.expect(engine, "_stop_execution", parameters="data")
    create = patching.expect(engine, "_create_state_machine", parameters="data")
    update = patching.expect(engine, "_update_state_machine", parameters="data")
    start = patching.expect(engine, "_start_execution", parameters="data")

    def stop_execution(data: dict[str, Any]) -> Response:
        answer = stop(data)
        running.stop(data.get("executionArn", ""))
        return answer

    def start_execution(data: dict[str, Any]) -> Response:
        try:
            json.loads(data.get("input", "{}"))
        except ValueError as error:
            message = f"Invalid State Machine Execution Input: '{error}'"
            return engine.error_response_json("InvalidExecutionInput", message, 400)
        return _same_execution(data) or start(data)

    def create_state_machine(data: dict[str, Any]) -> Response:
        express = data.get("type") == "EXPRESS"
        return _refusal(data.get("definition", ""), express=express) or create(data)

    def update_state_machine(data: dict[str, Any]) -> Response:
        if "definition" not in data:
            return update(data)
        machine = engine._state_machines.get(data.get("stateMachineArn")) or {}
        express = machine.get("type") == "EXPRESS"
        return _refusal(data["definition"], express=express) or update(data)

    def test_state(data: dict[str, Any]) -> Response:  # noqa: ARG001
        message = "TestState is not supported by the local AWS"
        return engine.error_response_json("InvalidAction", message, 400)

    patching.replace(engine, "_stop_execution", stop_execution, parameters="data")
    patching.replace(engine, "_start_execution", start_execution, parameters="data")
    patching.replace(engine, "_create_state_machine", create_state_machine, parameters="data")
    patching.replace(engine, "_update_state_machine", update_state_machine, parameters="data")
    patching.replace(engine, "_validate_state_machine_definition", _validate, parameters="data")
    patching.replace(engine, "_test_state", test_state, parameters="data")


class _Running:
    """The executions under way in this server, by ARN."""

    def __init__(self) -> None:
        self._scopes: dict[str, Scope] = {}
        self._lock = threading.Lock()

    def stop(self, arn: str) -> None:
        """End what the execution waits for."""
        with self._lock:
            scope = self._scopes.get(arn)
        if scope:
            scope.cancel()

    def run(self, exec_arn: str) -> None:
        """From start to end; ministack calls it in a thread of its own."""
        from ministack.services import stepfunctions as engine

        record = engine._executions.get(exec_arn)
        machine = engine._state_machines.get(record["stateMachineArn"]) if record else None
        if record is None or machine is None:
            return
        definition = json.loads(machine["definition"])
        execution = Execution(record, machine, definition)
        record["events"][0].setdefault("previousEventId", 0)
        scope = Scope(seconds=definition.get("TimeoutSeconds"))
        with self._lock:
            self._scopes[exec_arn] = scope
        if record["status"] != "RUNNING":  # stopped in between
            scope.cancel()
        try:
            _follow(execution, scope)
        finally:
            with self._lock:
                self._scopes.pop(exec_arn, None)


def _follow(execution: Execution, scope: Scope) -> None:
    definition = execution.definition
    flow = Flow(execution=execution, scope=scope)
    try:
        output = run(flow, definition, execution.context["Execution"]["Input"])
        text = checked(output, what="The output of the execution")
        execution.end("SUCCEEDED", "ExecutionSucceeded", output=text)
    except (StoppedError, StatesError) as error:
        if scope.expired():
            execution.end("TIMED_OUT", "ExecutionTimedOut")
        elif isinstance(error, StatesError):
            fields = {"error": error.error, "cause": error.cause}
            execution.end("FAILED", "ExecutionFailed", **{k: v for k, v in fields.items() if v})
    except Exception as error:  # a defect of the interpreter must not leave it RUNNING
        _log.exception("execution %s", execution.record["executionArn"])
        cause = f"The local interpreter failed: {type(error).__name__}: {error}"
        execution.end("FAILED", "ExecutionFailed", error="States.Runtime", cause=cause)


def _same_execution(data: dict[str, Any]) -> Response | None:
    """The answer to a StartExecution sent again: name and input of one that is running.

    docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html;
    ministack answers ExecutionAlreadyExists, which a retry would take for a failure.
    """
    from ministack.services import stepfunctions as engine

    arn = str(data.get("stateMachineArn", "")).replace(":stateMachine:", ":execution:")
    record = engine._executions.get(f"{arn}:{data.get('name')}")
    if not record or record["status"] != "RUNNING" or record["input"] != data.get("input", "{}"):
        return None
    return engine.json_response(
        {"executionArn": record["executionArn"], "startDate": record["startDate"]}
    )


def _refusal(definition: str, *, express: bool) -> Response | None:
    from ministack.services import stepfunctions as engine

    found = problems(definition, express=express)
    if not found:
        return None
    message = f"Invalid State Machine Definition: '{', '.join(map(str, found))}'"
    return engine.error_response_json("InvalidDefinition", message, 400)


def _validate(data: dict[str, Any]) -> Response:
    from ministack.services import stepfunctions as engine

    found = problems(data.get("definition", ""), express=data.get("type") == "EXPRESS")
    diagnostics = [
        {"severity": "ERROR", "code": p.code, "message": p.message, "location": p.location}
        for p in found
    ]
    result = "FAIL" if found else "OK"
    return engine.json_response({"result": result, "diagnostics": diagnostics})
