"""Task: one call of a service, under Retry, Catch and TimeoutSeconds.

docs.aws.amazon.com/step-functions/latest/dg/state-task.html. ministack leaves the job
running when TimeoutSeconds has passed, and takes TimeoutSeconds as a number only.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local.home import REGION
from lakehouse_local.local_aws.step_functions_calls import CALLS
from lakehouse_local.local_aws.step_functions_data import (
    arguments_of,
    next_of,
    number_of,
    output_of,
)
from lakehouse_local.local_aws.step_functions_errors import TIMEOUT, StatesError
from lakehouse_local.local_aws.step_functions_flow import Flow, State, checked
from lakehouse_local.local_aws.step_functions_retry import Outcome, with_retry_and_catch
from lakehouse_local.local_aws.step_functions_scope import Scope
from lakehouse_local.local_aws.step_functions_sync import (
    codebuild_start_build,
    glue_start_job_run,
)

JOBS: Final = {
    "glue:startJobRun": glue_start_job_run,
    "codebuild:startBuild": codebuild_start_build,
}

# Request-response integrations that ministack has.
DELEGATED: Final = ("lambda:invoke", "sqs:sendMessage", "events:putEvents", "dynamodb:", "aws-sdk:")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A Task's Resource ``arn:aws:states:::<service>:<action>[.sync]``."""

    arn: str
    action: str  # service and action, "glue:startJobRun"
    sync: bool

    @classmethod
    def parse(cls, arn: str) -> "Resource":
        """From the text in the definition. Raises ValueError with what is not supported."""
        prefix, _, action = arn.partition(":states:::")
        if not action or not prefix.startswith("arn:"):
            raise ValueError(f"Resource {arn}: Lambda functions and activities are not supported")
        action, _, pattern = action.partition(".")
        if pattern not in ("", "sync"):
            raise ValueError(f"Resource {arn}: '.{pattern}' is not supported")
        if pattern == "sync" and action not in JOBS:
            raise ValueError(f"Resource {arn}: .sync is supported for {', '.join(JOBS)}")
        if not pattern and action not in CALLS and not action.startswith(DELEGATED):
            raise ValueError(f"Resource {arn} is not supported")
        return cls(arn=arn, action=action, sync=pattern == "sync")

    @property
    def details(self) -> dict[str, str]:
        """As history events name it."""
        service, _, action = self.action.rpartition(":")
        return {"resourceType": service, "resource": action + (".sync" if self.sync else "")}


def task(flow: Flow, state: State, data: Any) -> Outcome:
    """The state's output and what comes next."""

    def attempt(state: State) -> Outcome:
        resource = Resource.parse(state.definition["Resource"])
        arguments = arguments_of(flow, state, data)
        seconds = number_of(flow, state, data, "TimeoutSeconds")
        scheduled: dict[str, Any] = {
            **resource.details,
            "region": REGION,
            "parameters": checked(arguments, what="The task's input"),
        }
        if seconds is not None:
            scheduled["timeoutInSeconds"] = int(seconds)
        flow.event("TaskScheduled", taskScheduledEventDetails=scheduled)
        flow.event("TaskStarted", taskStartedEventDetails=resource.details)
        with flow.scope.child(seconds=seconds) as scope:
            result = _result(flow, resource, arguments, scope)
        return output_of(flow, state, data, result=result), next_of(state)

    return with_retry_and_catch(flow, state, data, attempt)


def _result(flow: Flow, resource: Resource, arguments: Any, scope: Scope) -> Any:
    submitted = False

    def submit(answer: Any) -> None:
        nonlocal submitted
        submitted = True
        details = {**resource.details, "output": json.dumps(answer, default=str)}
        flow.event("TaskSubmitted", taskSubmittedEventDetails=details)

    try:
        if resource.sync:
            result = JOBS[resource.action](arguments, scope, submit)
        elif resource.action in CALLS:
            result = CALLS[resource.action](arguments)
        else:
            result = _delegate(resource, arguments)
        if not resource.sync:
            scope.check()
        output = checked(result, what=f"The result of {resource.action}")
    except StatesError as error:
        event = "TaskFailed"
        if error.error == TIMEOUT:
            event = "TaskTimedOut"
        elif resource.sync and not submitted:
            event = "TaskSubmitFailed"
        details = {**resource.details, "error": error.error, "cause": error.cause}
        flow.event(event, **{f"t{event[1:]}EventDetails": details})
        raise
    details = {**resource.details, "output": output}
    flow.event("TaskSucceeded", taskSucceededEventDetails=details)
    return result


def _delegate(resource: Resource, arguments: Any) -> Any:
    from ministack.services import stepfunctions as engine

    try:
        return engine._invoke_resource(resource.arn, arguments)
    except engine._ExecutionError as error:
        raise StatesError(error.error, error.cause) from None
