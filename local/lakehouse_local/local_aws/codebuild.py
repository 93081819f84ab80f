"""CodeBuild builds as processes of this machine.

AWS: a build unpacks its sources from S3 and runs the buildspec's commands
(docs.aws.amazon.com/codebuild/latest/userguide/concepts.html); a project's concurrent
build limit refuses more builds with AccountLimitExceededException, and so does the account's
quota (docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html), which a new
account may have none of.

ministack 1.5.33 calls every build SUCCEEDED at once (``codebuild._start_build``; its mode
with Docker leaves out the source and the overrides), marks finished ones STOPPED
(``_stop_build``), and forgets secondary sources, the limit and the log settings, in the
API (``_create_project``, ``_update_project``, ``_project_shape``) and in CloudFormation.
"""

import copy
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from lakehouse_local.local_aws.codebuild_build import Build
from lakehouse_local.local_aws.context import Context, in_background
from lakehouse_local.local_aws.patching import expect, replace

Answer = tuple[int, dict[str, str], bytes]
# What ministack drops of a project.
KEPT: Final = (
    "secondarySources",
    "concurrentBuildLimit",
    "logsConfig",
    "queuedTimeoutInMinutes",
)
_UNDERSTOOD: Final = (
    "projectName",
    "idempotencyToken",
    "environmentVariablesOverride",
    "buildspecOverride",
    "sourceLocationOverride",
    "timeoutInMinutesOverride",
)


def install(context: Context) -> None:
    """Take the place of ministack's builds."""
    from ministack.services import codebuild

    starting = threading.Lock()
    builds: dict[str, Build] = {}
    make_record = expect(
        codebuild, "_make_build_record", parameters="project build_id source_version"
    )

    def start_build(data: dict[str, Any]) -> Answer:
        name = data.get("projectName", "")
        project = codebuild._projects.get(name)
        if project is None:
            return refuse("ResourceNotFoundException", f"Project cannot be found: {name}")
        project = with_overrides(project, data)
        problem = unsupported(project, data)
        if problem:
            return refuse("InvalidInputException", problem)
        with starting:
            limit = project.get("concurrentBuildLimit")
            running = [
                record["projectName"]
                for record in codebuild._builds.values()
                if record["buildStatus"] == "IN_PROGRESS"
            ]
            quota = context.account_builds
            if quota is not None and len(running) >= quota:
                return refuse(
                    "AccountLimitExceededException",
                    f"Cannot have more than {quota} builds in queue for the account",
                )
            if limit and running.count(name) >= int(limit):
                return refuse(
                    "AccountLimitExceededException",
                    f"Project-level concurrent build limit of {limit} exceeded for {name}",
                )
            record = new_record(make_record(project, codebuild._build_id(name)), project)
            codebuild._builds[record["id"]] = record
        build = builds[record["id"]] = Build(context, project, record)
        answer = codebuild.json_response({"build": copy.deepcopy(record)})
        in_background(build.carry_out)
        return answer

    def stop_build(data: dict[str, Any]) -> Answer:
        record = codebuild._builds.get(data.get("id", ""))
        if record is None:
            return refuse("ResourceNotFoundException", f"Build not found: {data.get('id')}")
        build = builds.get(record["id"])
        if build is not None:
            build.stop(seconds=10)
        return codebuild.json_response({"build": copy.deepcopy(record)})

    def create_project(data: dict[str, Any]) -> Answer:
        answer = original_create(data)
        return kept(data["name"], data) if answer[0] < 400 else answer

    def update_project(data: dict[str, Any]) -> Answer:
        answer = original_update(data)
        return kept(data["name"], data) if answer[0] < 400 else answer

    def load_persisted_state(data: dict[str, Any]) -> None:
        original_load(data)  # makes FAULT of IN_PROGRESS
        for record in codebuild._builds.all_values():
            record["buildComplete"] = True

    def kept(name: str, data: Mapping[str, Any]) -> Answer:
        project = codebuild._projects[name]
        project.update({key: data[key] for key in KEPT if key in data})
        return codebuild.json_response({"project": project_shape(project)})

    def project_shape(project: dict[str, Any]) -> dict[str, Any]:
        return original_shape(project) | {key: project[key] for key in KEPT if key in project}

    def refuse(code: str, message: str) -> Answer:
        return codebuild.error_response_json(code, message, 400)

    replace(codebuild, "_start_build", start_build, parameters="data")
    replace(codebuild, "_stop_build", stop_build, parameters="data")
    original_create = replace(codebuild, "_create_project", create_project, parameters="data")
    original_update = replace(codebuild, "_update_project", update_project, parameters="data")
    original_shape = replace(codebuild, "_project_shape", project_shape, parameters="project")
    original_load = replace(
        codebuild, "load_persisted_state", load_persisted_state, parameters="data"
    )
    _install_in_cloudformation()


def _install_in_cloudformation() -> None:
    """Let AWS::CodeBuild::Project keep what ministack's provisioner drops."""
    import ministack.services.cloudformation.provisioners as provisioners
    from ministack.services import codebuild

    to_api = expect(provisioners, "_codebuild_cfn_to_api", parameters="value")
    original_create = expect(
        provisioners, "_codebuild_project_create", parameters="logical_id props stack_name"
    )
    original_update = expect(
        provisioners,
        "_codebuild_project_update",
        parameters="physical_id old_props new_props stack_name",
    )

    def keep(name: str, props: Mapping[str, Any]) -> None:
        project = codebuild._projects[name]
        for key in KEPT:
            project.pop(key, None)
            value = props.get(key[:1].upper() + key[1:])
            if value is not None:
                project[key] = to_api(value)

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name, attributes = original_create(logical_id, props, stack_name)
        keep(name, props)
        return name, attributes

    def update(
        physical_id: str, old_props: dict[str, Any], new_props: dict[str, Any], stack_name: str
    ) -> Any:
        name, attributes = original_update(physical_id, old_props, new_props, stack_name)
        keep(name, new_props)
        return name, attributes

    handlers = provisioners._RESOURCE_HANDLERS
    kind = "AWS::CodeBuild::Project"
    handlers[kind] = {**handlers[kind], "create": create, "update": update}


def with_overrides(project: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The project as this build sees it."""
    project = copy.deepcopy(dict(project))
    if data.get("buildspecOverride"):
        project["source"]["buildspec"] = data["buildspecOverride"]
    if data.get("sourceLocationOverride"):
        project["source"]["location"] = data["sourceLocationOverride"]
    if data.get("timeoutInMinutesOverride"):
        project["timeoutInMinutes"] = data["timeoutInMinutesOverride"]
    environment = project.setdefault("environment", {})
    given = environment.get("environmentVariables") or []
    merged = {variable["name"]: variable for variable in given}
    merged |= {each["name"]: each for each in data.get("environmentVariablesOverride") or []}
    environment["environmentVariables"] = list(merged.values())
    return project


def unsupported(project: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Why a build cannot be carried out faithfully here; empty if it can."""
    for key, value in data.items():
        if key not in _UNDERSTOOD and value:
            return f"The local AWS does not support {key} of StartBuild"
    for source in (project.get("source") or {}, *(project.get("secondarySources") or [])):
        if source.get("type") not in ("S3", "NO_SOURCE"):
            return (
                "The local AWS builds from sources of type S3 or NO_SOURCE; "
                f"got {source.get('type')!r}"
            )
    cloud_watch = (project.get("logsConfig") or {}).get("cloudWatchLogs") or {}
    if cloud_watch.get("status", "ENABLED") != "ENABLED":
        return "The local AWS always writes a build's log to CloudWatch Logs; enable them"
    artifacts = (project.get("artifacts") or {}).get("type", "NO_ARTIFACTS")
    if artifacts not in ("NO_ARTIFACTS", "CODEPIPELINE"):
        return f"The local AWS keeps no artifacts of builds; got artifacts of type {artifacts!r}"
    return ""


def new_record(record: dict[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:
    """Ministack's record, which says SUCCEEDED, as that of a build that was just submitted."""
    now = time.time()
    del record["endTime"]
    logs = (project.get("logsConfig") or {}).get("cloudWatchLogs") or {}
    number = record["id"].rpartition(":")[2]
    submitted = {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": now}
    return record | {
        "startTime": now,
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "currentPhase": "SUBMITTED",
        "phases": [{**submitted, "endTime": now, "durationInSeconds": 0}],
        "secondarySources": project.get("secondarySources") or [],
        "logs": {
            "groupName": logs.get("groupName") or record["logs"]["groupName"],
            "streamName": "/".join(filter(None, (logs.get("streamName"), number))),
        },
    }
