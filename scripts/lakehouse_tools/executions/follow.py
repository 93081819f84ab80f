"""An execution as it stands now: Step Functions, Glue, CodeBuild and their logs, read together.

A Glue run or a build belongs to an execution by the execution's name, which the state
machine hands to it as an argument or a variable.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from lakehouse_jobs.contract.arguments import Argument, BuildVariable
from lakehouse_tools.environment import Environment
from lakehouse_tools.executions import build as build_lines
from lakehouse_tools.executions import extraction
from lakehouse_tools.executions.logs import LogTail
from lakehouse_tools.executions.progress import (
    BuildProgress,
    ExecutionProgress,
    GroupProgress,
)
from lakehouse_tools.executions.start import name_of
from lakehouse_tools.stack import Stack

# Settings of the job that move its logs (Glue 5.0 and later).
_GROUP_PREFIX = "--custom-logGroup-prefix"
_DEFAULT_GROUP_PREFIX = "/aws-glue/jobs"
_NEWEST_BUILDS = 10


class Follower:
    """Keeps an :class:`ExecutionProgress` up to date; each :meth:`refresh` asks once."""

    def __init__(self, environment: Environment, stack: Stack, execution_arn: str) -> None:
        self.environment = environment
        self.stack = stack
        self._tails: dict[str, LogTail] = {}
        self._found_groups: dict[str, str] = {}  # run id → log group
        self._events: dict[int, dict[str, Any]] = {}
        description = self._describe(execution_arn)
        self.progress = ExecutionProgress(
            arn=execution_arn, name=name_of(execution_arn), started=description["startDate"]
        )

    def refresh(self) -> ExecutionProgress:
        """Ask all services once.

        The execution's own end is asked first, so that what its jobs logged before it is
        complete when it is reported.
        """
        description = self._describe(self.progress.arn)
        if self.progress.running:
            self._read_history()
            self._read_runs()
            self._read_build()
        progress = self.progress
        progress.status = description["status"]
        if not progress.running:
            progress.stopped = description.get("stopDate") or datetime.now(UTC)
            progress.states = ()
            progress.error = description.get("error")
            progress.cause = description.get("cause")
            progress.output = description.get("output")
        return progress

    def _describe(self, arn: str) -> dict[str, Any]:
        return self.environment.client("stepfunctions").describe_execution(executionArn=arn)

    def _read_history(self) -> None:
        client = self.environment.client("stepfunctions")
        options: dict[str, Any] = {}
        while True:
            page = client.get_execution_history(
                executionArn=self.progress.arn,
                reverseOrder=True,
                maxResults=200,
                includeExecutionData=False,
                **options,
            )
            fresh = [e for e in page["events"] if e["id"] not in self._events]
            self._events.update({e["id"]: e for e in fresh})
            if len(fresh) < len(page["events"]) or not page.get("nextToken"):
                break
            options = {"nextToken": page["nextToken"]}
        self.progress.states = current_states([e for _, e in sorted(self._events.items())])

    def _read_runs(self) -> None:
        client = self.environment.client("glue")
        options: dict[str, Any] = {}
        while True:
            page = client.get_job_runs(JobName=self.stack.extract_job_name, **options)
            runs = page["JobRuns"]
            for run in runs:
                arguments = run.get("Arguments") or {}
                if arguments.get(Argument.EXECUTION_NAME.flag) == self.progress.name:
                    self._read_run(run, arguments.get(Argument.GROUP.flag, "?"))
            older = [r for r in runs if r["StartedOn"] < self.progress.started]
            if older or not page.get("NextToken"):
                return
            options = {"NextToken": page["NextToken"]}

    def _read_run(self, run: dict[str, Any], name: str) -> None:
        group = self.progress.groups.get(name)
        if group is None or group.run_id != run["Id"]:
            if group is not None and group.started and run["StartedOn"] < group.started:
                return  # an attempt that was retried since
            group = GroupProgress(name=name, run_id=run["Id"], state=run["JobRunState"])
            self.progress.groups[name] = group
        group.state = run["JobRunState"]
        group.error = run.get("ErrorMessage")
        group.started, group.ended = run["StartedOn"], run.get("CompletedOn")
        for line in self._output_of(run):
            extraction.apply(group, line)

    def _read_build(self) -> None:
        client = self.environment.client("codebuild")
        ids = client.list_builds_for_project(
            projectName=self.stack.dbt_project_name, sortOrder="DESCENDING"
        ).get("ids", [])[:_NEWEST_BUILDS]
        if not ids:
            return
        for found in client.batch_get_builds(ids=ids)["builds"]:
            if _execution_of(found) != self.progress.name:
                continue
            build = self.progress.build
            if build is None or build.build_id != found["id"]:
                build = BuildProgress(build_id=found["id"], state=found["buildStatus"])
                self.progress.build = build
            build.state = found["buildStatus"]
            build.phase = found.get("currentPhase")
            build.started, build.ended = found.get("startTime"), found.get("endTime")
            logs = found.get("logs") or {}
            if logs.get("groupName") and logs.get("streamName"):
                for line in self._tail(logs["groupName"], logs["streamName"]).read():
                    build_lines.apply(build, line)
            return

    def _output_of(self, run: dict[str, Any]) -> list[str]:
        """New lines of a run's standard output, from the first log group that has any."""
        for group in self._log_groups(run):
            lines = self._tail(group, run["Id"]).read()
            if lines:
                self._found_groups[run["Id"]] = group
                return lines
        return []

    def _log_groups(self, run: dict[str, Any]) -> list[str]:
        if run["Id"] in self._found_groups:
            return [self._found_groups[run["Id"]]]
        return output_log_groups(self._job, run)

    @cached_property
    def _job(self) -> dict[str, Any]:
        name = self.stack.extract_job_name
        return self.environment.client("glue").get_job(JobName=name)["Job"]

    def _tail(self, group: str, stream: str) -> LogTail:
        key = f"{group}:{stream}"
        if key not in self._tails:
            client = self.environment.client("logs")
            self._tails[key] = LogTail(client, group=group, stream=stream)
        return self._tails[key]


def output_log_groups(job: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """Where a Glue 5 run's standard output may be, the likeliest first.

    With a security configuration Glue puts its name and the role's between prefix and
    ``output`` (docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html); the
    run itself may name its group's prefix.
    """
    arguments = job.get("DefaultArguments") or {}
    prefix = str(arguments.get(_GROUP_PREFIX) or _DEFAULT_GROUP_PREFIX).rstrip("/")
    groups = [f"{prefix}/output"]
    security = job.get("SecurityConfiguration")
    if security:
        role = str(job.get("Role") or "").rsplit("/", 1)[-1]
        groups.insert(0, f"{prefix}/{security}-role/{role}/output")
    if run.get("LogGroupName"):
        groups.append(f"{run['LogGroupName'].rstrip('/')}/output")
    return list(dict.fromkeys(groups))


def current_states(events: list[dict[str, Any]]) -> tuple[str, ...]:
    """The states that were entered and not left, in the order of their first entry."""
    open_states: dict[str, int] = {}
    for event in events:
        if event["type"].endswith("StateEntered"):
            name = event["stateEnteredEventDetails"]["name"]
            open_states[name] = open_states.get(name, 0) + 1
        elif event["type"].endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            open_states[name] = open_states.get(name, 0) - 1
    return tuple(name for name, count in open_states.items() if count > 0)


def _execution_of(build: dict[str, Any]) -> str | None:
    variables = (build.get("environment") or {}).get("environmentVariables") or []
    for variable in variables:
        if variable.get("name") == BuildVariable.EXECUTION_NAME:
            return variable.get("value")
    return None
