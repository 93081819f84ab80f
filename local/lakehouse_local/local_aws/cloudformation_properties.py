"""Properties of a template that ministack drops or keeps under other names.

- ``AWS::StepFunctions::StateMachine``: the definition is checked as by CreateStateMachine
  (ministack stores whatever it says); LoggingConfiguration and TracingConfiguration can
  be described. No log and no trace is written.
- ``AWS::SNS::Topic``: KmsMasterKeyId can be described. Nothing is encrypted.
"""

from collections.abc import Callable
from typing import Any

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.step_functions_definition import problems
from lakehouse_local.local_aws.step_functions_services import camel

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]
# Properties as ministack's handler is to get them; what to do with the resource made.
Before = Callable[[Properties], Properties]
After = Callable[[str, Properties], None]


def register() -> None:
    """Put both types' additions in place."""
    _wrap("AWS::StepFunctions::StateMachine", before=_machine, after=_described_machine)
    _wrap("AWS::SNS::Topic", before=dict, after=_described_topic)


def _wrap(kind: str, *, before: Before, after: After) -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS.get(kind, {})
    if not handlers.get("update_with_logical_id") or "create" not in handlers:
        raise patching.MinistackChangedError(f"ministack's handlers of {kind} have changed")
    create, update = handlers["create"], handlers["update"]

    def create_resource(logical_id: str, props: Properties, stack: str) -> Provisioned:
        made = create(logical_id, before(props), stack)
        after(made[0], props)
        return made

    def update_resource(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None
    ) -> Provisioned:
        made = update(physical_id, old, before(new), stack, logical_id)
        after(made[0], new)
        return made

    provisioners._RESOURCE_HANDLERS[kind] = {
        **handlers,
        "create": create_resource,
        "update": update_resource,
    }


def _machine(props: Properties) -> Properties:
    from ministack.services.cloudformation import provisioners

    express = props.get("StateMachineType") == "EXPRESS"
    found = problems(provisioners._sfn_definition(props), express=express)
    if found:
        listed = ", ".join(map(str, found))
        raise ValueError(f"Invalid State Machine Definition: '{listed}'")
    if "LoggingConfiguration" in props:
        return {**props, "LoggingConfiguration": camel(props["LoggingConfiguration"])}
    return dict(props)


def _described_machine(arn: str, props: Properties) -> None:
    from ministack.services import stepfunctions

    tracing = camel(props.get("TracingConfiguration") or {"enabled": False})
    stepfunctions._state_machines[arn]["tracingConfiguration"] = tracing


def _described_topic(arn: str, props: Properties) -> None:
    from ministack.services import sns

    attributes = sns._topics[arn]["attributes"]
    attributes.pop("KmsMasterKeyId", None)
    if props.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = props["KmsMasterKeyId"]
