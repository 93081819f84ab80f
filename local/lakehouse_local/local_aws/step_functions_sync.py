"""Run a job (``.sync``): start it, wait for its end, stop it when nobody waits any more.

Glue: docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html; CodeBuild:
connect-codebuild.html. A run that ends otherwise than well is ``States.TaskFailed`` with
the run or build as JSON for its cause. ministack has neither integration.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from lakehouse_local.local_aws.step_functions_errors import TASK_FAILED, StatesError, StoppedError
from lakehouse_local.local_aws.step_functions_scope import Scope
from lakehouse_local.local_aws.step_functions_services import camel, json_call, pascal

# AWS polls or listens to events; here a poll costs next to nothing.
POLL_SECONDS: Final = 0.2

# Called with the service's answer once the job is under way.
Submitted = Callable[[Any], None]


def glue_start_job_run(arguments: Any, scope: Scope, submitted: Submitted) -> Any:
    """``glue:startJobRun.sync``: the JobRun."""
    started = glue("StartJobRun", arguments)
    run_id = started["JobRunId"]
    submitted(started)
    name = arguments["JobName"]

    def run() -> dict[str, Any]:
        return glue("GetJobRun", {"JobName": name, "RunId": run_id})["JobRun"]

    def stop() -> None:
        glue("BatchStopJobRun", {"JobName": name, "JobRunIds": [run_id]})

    ended = _wait(scope, run, stop, lambda r: r["JobRunState"] in ("SUCCEEDED", *_GLUE_FAILURES))
    ended = _milliseconds(pascal(ended))
    if ended["JobRunState"] == "SUCCEEDED":
        return ended
    raise StatesError(TASK_FAILED, json.dumps(ended, default=str))


_GLUE_FAILURES: Final = ("FAILED", "TIMEOUT", "ERROR", "STOPPED", "EXPIRED")


def codebuild_start_build(arguments: Any, scope: Scope, submitted: Submitted) -> Any:
    """``codebuild:startBuild.sync``: ``{"Build": …}``."""
    started = codebuild("StartBuild", camel(arguments))["build"]
    build_id = started["id"]
    submitted({"Build": _milliseconds(pascal(started))})

    def build() -> dict[str, Any]:
        return codebuild("BatchGetBuilds", {"ids": [build_id]})["builds"][0]

    def stop() -> None:
        codebuild("StopBuild", {"id": build_id})

    ended = _wait(scope, build, stop, lambda b: b["buildStatus"] != "IN_PROGRESS")
    result = {"Build": _milliseconds(pascal(ended))}
    if ended["buildStatus"] == "SUCCEEDED":
        return result
    raise StatesError(TASK_FAILED, json.dumps(result, default=str))


def glue(operation: str, payload: Any) -> dict[str, Any]:
    """Call the local Glue."""
    return json_call("glue", "Glue", f"AWSGlue.{operation}", payload)


def codebuild(operation: str, payload: Any) -> dict[str, Any]:
    """Call the local CodeBuild."""
    target = f"CodeBuild_20161006.{operation}"
    return json_call("codebuild", "CodeBuild", target, payload)


def _wait(
    scope: Scope,
    look: Callable[[], dict[str, Any]],
    stop: Callable[[], None],
    ended: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    try:
        while not ended(found := look()):
            scope.sleep(POLL_SECONDS)
    except (StoppedError, StatesError):
        stop()
        raise
    return found


_TIMES: Final = frozenset({"StartedOn", "CompletedOn", "LastModifiedOn", "StartTime", "EndTime"})


def _milliseconds(value: Any) -> Any:
    """Times as Step Functions shows them: milliseconds, where the services use seconds."""
    if isinstance(value, dict):
        return {
            k: int(v * 1000) if k in _TIMES and isinstance(v, int | float) else _milliseconds(v)
            for k, v in value.items()
        }
    return [_milliseconds(v) for v in value] if isinstance(value, list) else value
