"""Processes that outlive the command that started them: one per name, with record and log.

A pid alone proves nothing, since the system gives it out again. A process is therefore
known by its pid *and* its start time (`identity`), and nothing else is ever signalled.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

_POLL: Final = 0.05
_LOG_LINES: Final = 15
# Children of this very process have to be waited for, or they stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


class BackgroundError(RuntimeError):
    """A background process did not start, or one of that name runs already."""


def identity(pid: int) -> str | None:
    """Start time of the live process ``pid`` in the system's own unit; None if there is none.

    A zombie counts as gone: it runs nothing and holds nothing.
    """
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        return None
    if sys.platform == "linux":
        try:
            # The command, in parentheses, may hold spaces and parentheses itself.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def is_running(pid: int, started: str) -> bool:
    """Whether ``pid`` is still the process that started at ``started``."""
    return identity(pid) == started


def wait_gone(pid: int, started: str, timeout: float) -> bool:
    """Wait up to ``timeout`` seconds for the end of a process; whether it ended."""
    deadline = time.monotonic() + timeout
    while is_running(pid, started):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def kill_group(pid: int, started: str, timeout: float) -> None:
    """End a process that leads its own group: SIGTERM, then SIGKILL after ``timeout`` seconds.

    The SIGKILL goes to the group in any case, for children that outlive their leader.
    """
    if is_running(pid, started):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGTERM)
        wait_gone(pid, started, timeout)
    elif identity(pid) is not None:
        return  # The number is somebody else's now, and so is a group of that number.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    wait_gone(pid, started, timeout=5)


class BackgroundProcess:
    """The process ``name``: record ``<folder>/<name>.json``, log ``<folder>/<name>.log``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder
        self.record = folder / f"{name}.json"
        self.log = folder / f"{name}.log"

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
        timeout: float = 60,
        details: Mapping[str, Any] | None = None,
    ) -> int:
        """Start ``argv`` in a session of its own and wait until ``ready()`` is true.

        ``env`` is the whole environment (default: this process's). Returns the pid.
        Raises `BackgroundError`, with the last lines of the log, when the process ends or
        is not ready within ``timeout`` seconds (it is stopped then).
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            running = self.pid()
            if running is not None:
                raise BackgroundError(f"{self.name} runs already (process {running})")
            with self.log.open("wb") as log:
                child = subprocess.Popen(
                    list(argv),
                    env=None if env is None else dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            started = identity(child.pid)
            _children[child.pid] = child
            self._write(
                {
                    "pid": child.pid,
                    "started": started,
                    "argv": list(argv),
                    "details": dict(details or {}),
                }
            )
            try:
                self._wait_ready(child, ready, timeout)
            except BaseException:
                self.stop(timeout=5)
                raise
            return child.pid

    def pid(self) -> int | None:
        """Pid of the running process, or None."""
        record = self._read()
        if record and record["started"] and is_running(record["pid"], record["started"]):
            return int(record["pid"])
        return None

    def details(self) -> dict[str, Any]:
        """What ``start`` was given as details; empty when the process does not run."""
        return dict(self._read().get("details", {})) if self.pid() is not None else {}

    def stop(self, timeout: float = 20) -> bool:
        """End the process: SIGTERM to it alone, after ``timeout`` seconds SIGKILL to its group.

        Returns whether it was running. Its record goes, its log stays.
        """
        record, pid = self._read(), self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            if not wait_gone(pid, record["started"], timeout):
                kill_group(pid, record["started"], timeout=0)
        child = _children.pop(record.get("pid", -1), None)
        if child is not None:
            child.wait()
        self.record.unlink(missing_ok=True)
        return pid is not None

    def last_lines(self, count: int = _LOG_LINES) -> str:
        """The last ``count`` lines of the log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 64 * 1024))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-count:])

    def _wait_ready(
        self, child: subprocess.Popen[bytes], ready: Callable[[], bool] | None, timeout: float
    ) -> None:
        deadline = time.monotonic() + timeout
        while ready is not None and not ready():
            status = child.poll()
            if status is not None:
                what = f"ended with status {status} before it was ready"
            elif time.monotonic() >= deadline:
                what = f"was not ready within {timeout:g} s"
            else:
                time.sleep(_POLL)
                continue
            raise BackgroundError(
                f"{self.name} {what}; its log, {self.log}, ends with:\n{self.last_lines()}"
            )

    def _read(self) -> dict[str, Any]:
        try:
            return json.loads(self.record.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def _write(self, record: Mapping[str, Any]) -> None:
        partial = self.record.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=2))
        partial.replace(self.record)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One starter at a time: a second one finds the first one's record."""
        with (self.folder / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
