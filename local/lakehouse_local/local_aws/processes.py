"""Children of the local AWS: Glue runs, sessions, builds. None outlives it unnoticed.

Each child leads its own process group, so that what it starts goes with it, and has a
record on disk (pid and start time). A server that was killed leaves those records, and
the next one ends what they name, and nothing else.
"""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from lakehouse_local.background import identity, kill_group

# Import path with a stand-in for AWS's own package awsglue.
PYTHON_STUBS: Final = Path(__file__).with_name("glue_stubs")
_GRACE: Final = 3.0  # seconds between SIGTERM and SIGKILL


class Processes:
    """The server's children by key (a run's, session's or build's id)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: dict[str, tuple[subprocess.Popen[str], str]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def start(
        self,
        key: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a child whose output (stderr alone when ``stdout`` is given) goes to ``log``.

        ``env`` is its whole environment. Raises OSError when the program cannot be run,
        RuntimeError when the server is stopping.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output, self._lock:
            if self._closed:
                raise RuntimeError("the local AWS is stopping")
            child = subprocess.Popen(
                [str(word) for word in argv],
                env=dict(env),
                cwd=cwd,
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=output,
                text=True,
                start_new_session=True,
            )
            started = identity(child.pid) or ""
            self._note(child.pid, started, key)
            self._live[key] = (child, started)
        return child

    def stop(self, key: str, *, grace: float = _GRACE) -> bool:
        """End a child and its group; whether there was one of that key.

        Also to be called when the child ended by itself: its own children may be left.
        """
        with self._lock:
            child, started = self._live.pop(key, (None, ""))
        if child is None:
            return False
        kill_group(child.pid, started, timeout=grace)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._record(child.pid).unlink(missing_ok=True)
        return True

    def kill(self, key: str) -> int | None:
        """SIGKILL a child and its group at once, as a machine that is lost would end them.

        Works from the records, so also where another process is the parent. The child's pid,
        or None where none of that key runs.
        """
        for record in self._folder.glob("*.json"):
            with suppress(OSError, json.JSONDecodeError, KeyError):
                left = json.loads(record.read_text())
                pid, started = int(left["pid"]), str(left["started"])
                if left["key"] == key and started and identity(pid) == started:
                    os.killpg(pid, signal.SIGKILL)
                    return pid
        return None

    def stop_all(self) -> None:
        """End all children, at once rather than in turn, and start no more."""
        with self._lock:
            self._closed = True
            keys = list(self._live)
        threads = [threading.Thread(target=self.stop, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def running(self) -> dict[str, int]:
        """Pids of the live children by key."""
        with self._lock:
            return {key: child.pid for key, (child, _) in self._live.items()}

    def end_orphans(self) -> list[int]:
        """End what a killed server left behind; the pids that were still alive."""
        ended = []
        for record in self._folder.glob("*.json"):
            with suppress(json.JSONDecodeError, KeyError):
                left = json.loads(record.read_text())
                pid, started = int(left["pid"]), str(left["started"])
                # The leader may be gone and its group not: then the number is free.
                if started and identity(pid) in (started, None):
                    kill_group(pid, started, timeout=0)
                    ended.append(pid)
            record.unlink(missing_ok=True)
        return ended

    def _note(self, pid: int, started: str, key: str) -> None:
        """Whole or not at all: other processes read the records while children start."""
        record = self._record(pid)
        partial = record.with_suffix(".partial")
        partial.write_text(json.dumps({"pid": pid, "started": started, "key": key}))
        partial.replace(record)

    def _record(self, pid: int) -> Path:
        return self._folder / f"{pid}.json"


def own_environment() -> dict[str, str]:
    """What a child may inherit: where programs lie, the locale, proxies. No settings.

    Neither the user's AWS, Python, Spark or dbt settings nor the server's own reach it.
    """
    names = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE")
    names += ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    inherited = {
        name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")
    }
    # The local AWS and the demo org must not be looked for behind a proxy.
    no_proxy = [
        os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "",
        "127.0.0.1,localhost",
    ]
    both = ",".join(part for part in no_proxy if part)
    return {**inherited, "NO_PROXY": both, "no_proxy": both, "PYTHONUNBUFFERED": "1"}
