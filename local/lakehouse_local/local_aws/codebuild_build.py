"""One build: its sources, its shell, its phases."""

import os
import shutil
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from lakehouse_local.local_aws import codebuild_sources as sources
from lakehouse_local.local_aws import events
from lakehouse_local.local_aws.codebuild_phases import PhaseReader, Phases
from lakehouse_local.local_aws.codebuild_shell import write_program
from lakehouse_local.local_aws.codebuild_spec import BuildSpec, parse
from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.overlays import make_overlay

_POLL: Final = 0.1
_MINUTE: Final = 60.0


class Build:
    """Carries out one build and keeps its record (the dict that BatchGetBuilds shows)."""

    def __init__(
        self, context: Context, project: Mapping[str, Any], record: dict[str, Any]
    ) -> None:
        self._context = context
        self._project = project
        self._record = record
        self._phases = Phases(record)
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._spec: BuildSpec | None = None
        self._work = context.home.instance / "work" / record["id"].replace(":", "-")
        self._log = context.home.logs / "codebuild" / f"{record['id'].replace(':', '-')}.log"

    def stop(self, seconds: float) -> None:
        """Ask it to end, and wait so long for that."""
        self._stopped.set()
        self._ended.wait(seconds)

    def carry_out(self) -> None:
        """From QUEUED to COMPLETED."""
        for name in ("QUEUED", "PROVISIONING"):
            self._phases.finish(self._phases.begin(name), "SUCCEEDED")
        status = "FAULT"
        try:
            environment = self._download_source()
            status = "FAILED" if environment is None else self._run(environment)
        finally:
            self._context.processes.stop(self._record["id"])
            shutil.rmtree(self._work, ignore_errors=True)
            self._complete(status)

    def _download_source(self) -> dict[str, str] | None:
        """Unpack the sources; the shell's environment, or None when that failed."""
        phase = self._phases.begin("DOWNLOAD_SOURCE")
        try:
            environment = self._prepare()
        except Exception as error:
            missing = isinstance(error, FileNotFoundError)
            message = f"no such object: {error}" if missing else str(error)
            self._phases.finish(phase, "FAILED", code="CLIENT_ERROR", message=message)
            names = self._record["logs"]
            self._context.logs.write(names["groupName"], names["streamName"], [message])
            return None
        self._phases.finish(phase, "SUCCEEDED")
        return environment

    def _prepare(self) -> dict[str, str]:
        source = self._work / "src"
        sources.unpack(self._project["source"], source)
        own = {"CODEBUILD_SRC_DIR": str(source)}
        for secondary in self._project.get("secondarySources") or []:
            identifier = secondary["sourceIdentifier"]
            folder = self._work / f"src_{identifier}"
            sources.unpack(secondary, folder)
            own[f"CODEBUILD_SRC_DIR_{identifier}"] = str(folder)
        self._spec = parse(sources.buildspec_text(self._project["source"], source))
        (self._work / "home").mkdir()
        (self._work / "exports").mkdir()
        (self._work / "tmp").mkdir()
        # What a build installs ends with it; what the image has stays as it was.
        build_bin = self._context.home.build_bin
        python = make_overlay(build_bin.parent, self._work / "python")
        search = [str(python.parent), str(build_bin), os.environ.get("PATH", "/usr/bin:/bin")]
        return self._context.child_environment() | {
            **own,
            "PATH": os.pathsep.join(search),
            "HOME": str(self._work / "home"),
            "TMPDIR": str(self._work / "tmp"),
            "CI": "true",
            "CODEBUILD_BUILD_ID": self._record["id"],
            "CODEBUILD_BUILD_ARN": self._record["arn"],
            "CODEBUILD_BUILD_NUMBER": str(self._record["buildNumber"]),
            "CODEBUILD_INITIATOR": self._record["initiator"],
            "CODEBUILD_START_TIME": str(int(self._record["startTime"] * 1000)),
            **self._spec.variables,
            **{name: sources.secret(value) for name, value in self._spec.secrets.items()},
            # The project's (and the call's) variables go over the buildspec's.
            **sources.variables(self._project),
        }

    def _run(self, environment: dict[str, str]) -> str:
        """Run the commands; the status of the build."""
        if self._spec is None:
            raise TypeError("a build runs after its sources are there")
        told = self._work / "events"
        told.touch()
        program = write_program(
            self._spec, folder=self._work, events=told, exports=self._work / "exports"
        )
        names = self._record["logs"]
        follower = self._context.logs.follow(self._log, names["groupName"], names["streamName"])
        reader = PhaseReader(self._phases, told, self._spec)
        minutes = int(self._project.get("timeoutInMinutes") or 60)
        deadline = time.monotonic() + _MINUTE * minutes
        child = self._context.processes.start(
            self._record["id"],
            ["bash", program],
            log=self._log,
            env=environment,
            cwd=self._work / "src",
        )
        ended_by = ""
        while child.poll() is None:
            ended_by = "STOPPED" if self._stopped.is_set() else ended_by
            ended_by = "TIMED_OUT" if time.monotonic() > deadline else ended_by
            if ended_by:
                self._context.processes.stop(self._record["id"])
            reader.read()
            follower.copy()
            time.sleep(_POLL)
        reader.read()
        follower.copy(rest=True)
        self._export()
        if ended_by:
            reader.close(ended_by, f"Build has been {ended_by.lower()} ({minutes} minutes allowed)")
            return ended_by
        if child.returncode != 0:
            reader.close("FAILED", f"The shell ended with status {child.returncode}")
        return "SUCCEEDED" if child.returncode == 0 else "FAILED"

    def _export(self) -> None:
        self._record["exportedEnvironmentVariables"] = [
            {"name": path.name, "value": path.read_text()}
            for path in sorted((self._work / "exports").iterdir())
        ]

    def _complete(self, status: str) -> None:
        now = time.time()
        self._record["phases"].append({"phaseType": "COMPLETED", "startTime": now})
        # The status last: who waits for it finds the rest.
        self._record.update(currentPhase="COMPLETED", endTime=now, buildComplete=True)
        self._record["buildStatus"] = status
        self._ended.set()
        events.publish(
            "aws.codebuild",
            "CodeBuild Build State Change",
            {
                "build-status": status,
                "project-name": self._record["projectName"],
                "build-id": self._record["arn"],
            },
            resources=[self._record["arn"]],
        )
