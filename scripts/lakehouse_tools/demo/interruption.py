"""The demo kills an extraction in the middle, and the org's journal judges what comes of it.

The first load of the org's biggest object is served page by page until some have come; then
the org falters, and the process of the Glue run is ended with SIGKILL. Nothing in the job or
in the stack knows of it.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local import server
from lakehouse_local.home import Home
from lakehouse_local.salesforce_org import lifecycle
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import ExecutionError
from lakehouse_tools.executions.follow import Follower
from lakehouse_tools.executions.progress import ExecutionProgress
from lakehouse_tools.executions.start import Request, start
from lakehouse_tools.stack import Stack

PAGES: Final = 12  # of the load
SERVED: Final = 6  # of them before the org falters
_FALTERS: Final = 60.0  # seconds, longer than the killed run has left
_SETTLE: Final = 1.0  # seconds for the job to store the pages that have come
_LONGEST: Final = 180.0  # seconds until they have to have come
_POLL: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What was killed, and when."""

    object_name: str
    records: int
    pages: int  # that had come whole
    pid: int
    progress: ExecutionProgress  # of the execution, which failed


def biggest(home: Home, names: list[str]) -> tuple[str, int]:
    """The object of these with the most records in the org, and how many."""
    records = lifecycle.status(home).records or {}
    return max(((name, records.get(name, 0)) for name in names), key=lambda each: each[1])


def has_table(environment: Environment, stack: Stack, name: str) -> bool:
    """Whether raw has a table of the object: then its first load is over."""
    client = environment.client("glue")
    try:
        client.get_table(DatabaseName=stack.raw_database, Name=name.lower())
    except client.exceptions.EntityNotFoundException:
        return False
    return True


def kill_in_the_middle(
    environment: Environment, home: Home, stack: Stack, *, name: str, records: int
) -> Killed:
    """Load one object, and kill the run's process while pages are coming."""
    usual = lifecycle.ask(home, "GET", "behaviour")["page_rows"]
    before = pages_sent(home, name)
    lifecycle.ask(home, "POST", "behaviour", {"page_rows": max(1, -(-records // PAGES))})
    slow = {"action": "wait", "path": "/results", "after": SERVED, "times": PAGES * 10}
    lifecycle.ask(home, "POST", "moods", slow | {"seconds": _FALTERS})
    try:
        follower = Follower(environment, stack, start(environment, stack, Request(objects=(name,))))
        deadline = time.monotonic() + _LONGEST
        while pages_sent(home, name) - before < SERVED:
            if time.monotonic() > deadline or not follower.refresh().running:
                raise ExecutionError(f"{_ended(follower)} before {SERVED} pages of {name} had come")
            time.sleep(_POLL)
        time.sleep(_SETTLE)
        (group,) = follower.refresh().groups.values()
        pid = server.kill_job_run(home, group.run_id)
        pages = pages_sent(home, name) - before
    finally:
        lifecycle.ask(home, "DELETE", "moods")
        lifecycle.ask(home, "POST", "behaviour", {"page_rows": usual})
    while follower.refresh().running:
        time.sleep(_POLL)
    return Killed(
        object_name=name, records=records, pages=pages, pid=pid, progress=follower.progress
    )


def pages_sent(home: Home, name: str) -> int:
    """Pages of bulk results of an object that the org has sent whole."""
    status: dict[str, Any] = lifecycle.ask(home, "GET", "status")
    return status["result_pages"].get(name, 0)


def _ended(follower: Follower) -> str:
    progress = follower.progress
    return f"execution {progress.name} is {progress.status}"
