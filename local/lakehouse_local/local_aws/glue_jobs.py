"""Glue job runs as processes of this machine.

AWS: a run gets the script from S3, the job's default arguments under its own, as
``--name value`` (docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html),
its modules, a timeout, and can be stopped; a job runs at most MaxConcurrentRuns at a time
(docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html).

ministack 1.5.33 calls a ``glueetl`` run SUCCEEDED without running it (``_start_job_run``),
stops nothing (``_batch_stop_job_run``), forgets ExecutionProperty (``_create_job``,
``_update_job`` and the CloudFormation defaults), lists runs oldest first
(``_get_job_runs``) and restores a RUNNING run as RUNNING (``load_persisted_state``).
"""

import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from lakehouse_local.local_aws.context import Context, in_background
from lakehouse_local.local_aws.glue_run import GlueRun, move
from lakehouse_local.local_aws.patching import MinistackChangedError, replace

GLUE_VERSION: Final = "5.1"
LIVE: Final = ("STARTING", "RUNNING", "STOPPING")
# AWS's default; without it a job would run any number of times at once.
_MAX_CONCURRENT_RUNS: Final = 1
_REFUSED: Final = {
    "--python-virtual-env": "use --additional-python-modules with a .gluewheels.zip",
    "--extra-jars": "jars of a job are not loaded locally",
    "--extra-files": "put the file into --extra-py-files or read it from S3",
    "--customer-driver-env-vars": "pass a job argument",
}

Answer = tuple[int, dict[str, str], bytes]


def install(context: Context) -> None:
    """Take the place of ministack's runs."""
    import ministack.services.cloudformation.provisioners as provisioners
    from ministack.services import glue

    starting = threading.Lock()

    def start_job_run(data: dict[str, Any]) -> Answer:
        name = data.get("JobName", "")
        job = glue._jobs.get(name)
        if job is None:
            return refuse("EntityNotFoundException", f"Job {name} not found")
        arguments = merged_arguments(job, data.get("Arguments") or {})
        problem = unsupported(job, arguments)
        if problem:
            return refuse("InvalidInputException", problem)
        limit = int((job.get("ExecutionProperty") or {}).get("MaxConcurrentRuns") or 1)
        with starting:
            runs = glue._job_runs.setdefault(name, [])
            if sum(run["JobRunState"] in LIVE for run in runs) >= limit:
                return refuse(
                    "ConcurrentRunsExceededException",
                    f"Concurrent runs exceeded for {name}: MaxConcurrentRuns is {limit}",
                )
            run = new_run(job, data, arguments.get("--custom-logGroup-prefix"))
            runs.append(run)
        in_background(GlueRun(context, job, run, arguments).carry_out)
        return glue.json_response({"JobRunId": run["Id"]})

    def batch_stop_job_run(data: dict[str, Any]) -> Answer:
        name = data.get("JobName", "")
        runs = {run["Id"]: run for run in glue._job_runs.get(name, [])}
        stopped: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for run_id in data.get("JobRunIds", []):
            ids = {"JobName": name, "JobRunId": run_id}
            run = runs.get(run_id)
            if run is None:
                errors.append({**ids, "ErrorDetail": {"ErrorCode": "EntityNotFoundException"}})
            elif move(run, LIVE, "STOPPING"):  # the run's own thread ends its process
                stopped.append(ids)
            else:
                message = f"Run {run_id} is in state {run['JobRunState']}"
                detail = {"ErrorCode": "InvalidInputException", "ErrorMessage": message}
                errors.append({**ids, "ErrorDetail": detail})
        return glue.json_response({"SuccessfulSubmissions": stopped, "Errors": errors})

    def get_job_runs(data: dict[str, Any]) -> Answer:
        if data.get("JobName") not in glue._jobs:
            return refuse("EntityNotFoundException", f"Job {data.get('JobName')} not found")
        runs = list(reversed(glue._job_runs.get(data.get("JobName"), [])))
        first = int(data.get("NextToken") or 0)
        end = first + int(data.get("MaxResults") or 200)
        answer: dict[str, Any] = {"JobRuns": runs[first:end]}
        return glue.json_response(answer | ({"NextToken": str(end)} if end < len(runs) else {}))

    def create_job(data: dict[str, Any]) -> Answer:
        answer = original_create(data)
        if answer[0] < 400:
            keep_limit(data["Name"], data)
        return answer

    def update_job(data: dict[str, Any]) -> Answer:
        answer = original_update(data)
        if answer[0] < 400:
            keep_limit(data["JobName"], data.get("JobUpdate") or {})
        return answer

    def keep_limit(name: str, given: Mapping[str, Any]) -> None:
        limit = given.get("ExecutionProperty") or {}
        number = int(limit.get("MaxConcurrentRuns") or _MAX_CONCURRENT_RUNS)
        glue._jobs[name]["ExecutionProperty"] = {"MaxConcurrentRuns": number}

    def load_persisted_state(data: dict[str, Any]) -> None:
        original_load(data)
        for runs in glue._job_runs.all_values():
            for run in runs:
                if run["JobRunState"] in LIVE:
                    run.update(
                        JobRunState="FAILED",
                        CompletedOn=run.get("CompletedOn") or time.time(),
                        ErrorMessage="The local AWS was stopped while the run was under way",
                    )

    def refuse(code: str, message: str) -> Answer:
        return glue.error_response_json(code, message, 400)

    replace(glue, "_start_job_run", start_job_run, parameters="data")
    replace(glue, "_batch_stop_job_run", batch_stop_job_run, parameters="data")
    replace(glue, "_get_job_runs", get_job_runs, parameters="data")
    original_create = replace(glue, "_create_job", create_job, parameters="data")
    original_update = replace(glue, "_update_job", update_job, parameters="data")
    original_load = replace(glue, "load_persisted_state", load_persisted_state, parameters="data")
    # CloudFormation hands on only the properties that this names.
    defaults = getattr(provisioners, "_GLUE_JOB_DEFAULTS", None)
    if not isinstance(defaults, dict):
        raise MinistackChangedError("ministack's _GLUE_JOB_DEFAULTS, which glue_jobs.py extends")
    defaults["ExecutionProperty"] = {"MaxConcurrentRuns": _MAX_CONCURRENT_RUNS}


def merged_arguments(job: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """The run's arguments over the job's defaults; what is not overridable over both."""
    return {
        **(job.get("DefaultArguments") or {}),
        **given,
        **(job.get("NonOverridableArguments") or {}),
    }


def unsupported(job: Mapping[str, Any], arguments: Mapping[str, str]) -> str:
    """Why a run cannot be carried out faithfully here; empty if it can."""
    command = (job.get("Command") or {}).get("Name", "")
    if command != "glueetl":
        return f"The local AWS runs glueetl jobs only, and this one is {command!r}"
    version = job.get("GlueVersion")
    if version != GLUE_VERSION:
        return f"The local AWS has the packages of Glue {GLUE_VERSION} only; got {version!r}"
    if int(job.get("MaxRetries") or 0):
        return "The local AWS does not repeat failed runs: set MaxRetries to 0"
    for name, instead in _REFUSED.items():
        if name in arguments:
            return f"The local AWS does not support {name}: {instead}"
    modules = arguments.get("--additional-python-modules", "")
    if modules and not (modules.startswith("s3://") and modules.endswith(".gluewheels.zip")):
        return (
            "The local AWS installs --additional-python-modules from one .gluewheels.zip in S3, "
            f"without a package index; got {modules!r}"
        )
    return ""


def log_group(job: Mapping[str, Any], prefix: str) -> str:
    """What the run's log groups begin with: with a security configuration, groups of its own.

    docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
    """
    configuration = job.get("SecurityConfiguration")
    if not configuration:
        return prefix
    return f"{prefix}/{configuration}-role/{job['Role'].rsplit('/', 1)[-1]}"


def new_run(
    job: Mapping[str, Any], data: Mapping[str, Any], log_group_prefix: str | None
) -> dict[str, Any]:
    """The record of a run that is about to start; its values go over the job's."""
    now = time.time()
    workers = data.get("NumberOfWorkers") or job.get("NumberOfWorkers") or 2
    return {
        "Id": f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}",
        "Attempt": 0,
        "JobName": job["Name"],
        "JobMode": "SCRIPT",
        "StartedOn": now,
        "LastModifiedOn": now,
        "JobRunState": "STARTING",
        "Arguments": dict(data.get("Arguments") or {}),
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "AllocatedCapacity": workers,
        "Timeout": int(data.get("Timeout") or job.get("Timeout") or 2880),
        "WorkerType": data.get("WorkerType") or job.get("WorkerType") or "G.1X",
        "NumberOfWorkers": workers,
        "LogGroupName": log_group(job, log_group_prefix or "/aws-glue/jobs"),
        "GlueVersion": job["GlueVersion"],
    }
