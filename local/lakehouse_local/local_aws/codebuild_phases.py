"""The phases of a build, as BatchGetBuilds shows them."""

import time
from pathlib import Path
from typing import Any

from lakehouse_local.local_aws.codebuild_spec import BuildSpec


class Phases:
    """Begins and finishes phases in a build's record."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._record = record

    def begin(self, name: str) -> dict[str, Any]:
        """Add a phase that is under way."""
        phase = {"phaseType": name, "startTime": time.time()}
        self._record["phases"].append(phase)
        self._record["currentPhase"] = name
        return phase

    def finish(
        self, phase: dict[str, Any], status: str, *, code: str = "", message: str = ""
    ) -> None:
        """End a phase; a failed one has a context that says why."""
        now = time.time()
        phase |= {
            "phaseStatus": status,
            "endTime": now,
            "durationInSeconds": int(now - phase["startTime"]),
            "contexts": [{"statusCode": code, "message": message}] if message else [],
        }


class PhaseReader:
    """Turns what a build's shell tells (`codebuild_shell`) into phases."""

    def __init__(self, phases: Phases, told: Path, spec: BuildSpec) -> None:
        self._phases = phases
        self._told = told
        self._spec = spec
        self._read = 0
        self._open: dict[str, Any] | None = None
        self._failure = ""

    def read(self) -> None:
        """Take in what is new."""
        lines = self._told.read_text().splitlines()
        for line in lines[self._read :]:
            word, phase, *rest = line.split()
            if word == "START":
                self._open = self._phases.begin(phase.upper())
            elif word == "FAIL":
                number, status = rest
                command = self._spec.phases[phase].commands[int(number)]
                self._failure = (
                    f"Error while executing command: {command}. Reason: exit status {status}"
                )
            elif word == "STOP":
                self.close("SUCCEEDED" if rest[0] == "0" else "FAILED", self._failure)
        self._read = len(lines)

    def close(self, status: str, message: str) -> None:
        """End the phase that is open, if one is."""
        if self._open is not None:
            code = "COMMAND_EXECUTION_ERROR" if message else ""
            self._phases.finish(self._open, status, code=code, message=message)
        self._open, self._failure = None, ""
