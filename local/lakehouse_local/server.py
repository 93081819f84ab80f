"""Starts, stops and looks at the local AWS."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lakehouse_local import loopback
from lakehouse_local.background import BackgroundError, BackgroundProcess
from lakehouse_local.home import Home, spark_pool_from_environment
from lakehouse_local.local_aws.processes import Processes, own_environment

_PORT_IS_FREED_WITHIN: Final = 2.0  # seconds


class ServerError(RuntimeError):
    """The local AWS could not be started; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """The local AWS of one home."""

    endpoint: str
    pid: int | None
    healthy: bool  # whether it answers

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.pid is not None


def start(
    home: Home,
    report: Callable[[str], None],
    *,
    spark_pool: int | None = None,
    account_builds: int | None = None,
) -> ServerStatus:
    """Start the local AWS, or do nothing when it runs.

    Raises `ServerError`, and ValueError for ``LAKEHOUSE_SPARK_POOL``.
    ``spark_pool`` Spark processes are started before dbt asks (default: ``LAKEHOUSE_SPARK_POOL``
    or 1; each takes about 1 GB of memory, and without one the first build waits 15 s longer).
    ``account_builds``: builds that the account may run at once. Default: any number.
    """
    pool = spark_pool_from_environment() if spark_pool is None else spark_pool
    server = _process(home)
    if server.pid() is None:
        _check_port(home.port)
        report(f"local AWS: starting on {home.endpoint}")
        argv = [sys.executable, "-m", "lakehouse_local.local_aws"]
        quota = [] if account_builds is None else ["--account-builds", str(account_builds)]
        try:
            server.start(
                [
                    *argv,
                    "--root",
                    str(home.root),
                    "--port",
                    str(home.port),
                    "--spark-pool",
                    str(pool),
                    *quota,
                ],
                env=own_environment(),
                ready=lambda: _answers(home),
                timeout=60,
            )
        except BackgroundError as error:
            raise ServerError(str(error)) from error
    return status(home)


def stop(home: Home) -> bool:
    """Stop the local AWS with its jobs, sessions and builds; whether it was running.

    Its data stays. What a killed server left running is ended too.
    """
    was_running = _process(home).stop(timeout=20)
    children_of(home).end_orphans()
    return was_running


def status(home: Home) -> ServerStatus:
    """Whether the local AWS runs and answers."""
    pid = _process(home).pid()
    healthy = pid is not None and _answers(home)
    return ServerStatus(endpoint=home.endpoint, pid=pid, healthy=healthy)


def children_of(home: Home) -> Processes:
    """The records of the server's children."""
    return Processes(home.state / "children")


def kill_job_run(home: Home, run_id: str) -> int:
    """End the process of a Glue job run with SIGKILL, as a machine that is lost would.

    Neither the job nor anything that is deployed can tell. Returns its pid; raises
    :class:`ServerError` where it does not run.
    """
    pid = children_of(home).kill(run_id)
    if pid is None:
        raise ServerError(f"Glue run {run_id} has no process here: it ended or did not start yet")
    return pid


def _process(home: Home) -> BackgroundProcess:
    return BackgroundProcess(home.instance, "local_aws")


def _check_port(port: int) -> None:
    # A server that was just killed keeps its port until the last of its threads is gone.
    deadline = time.monotonic() + _PORT_IS_FREED_WITHIN
    while not loopback.is_free(port):
        if time.monotonic() > deadline:
            raise ServerError(
                f"port {port} is in use by another program; stop that program or set "
                "LAKEHOUSE_LOCAL_PORT to a free port"
            )
        time.sleep(0.1)


def _answers(home: Home) -> bool:
    try:
        with loopback.ask(f"{home.endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
