"""Glue sessions that a build left behind: a killed dbt stops none, and they cost money."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

_RUNNING = frozenset({"PROVISIONING", "READY"})


def stop_sessions(prefix: str, *, client: Any) -> list[str]:
    """Stop what runs under ids that begin with ``prefix``; the ids that were stopped.

    dbt-glue appends ``__`` and the role's name, so a longer prefix of another stack
    (``lakehouse-dev-dbt-2``) is left alone.
    """
    stopped = []
    for session in _sessions(client):
        if session["Status"] in _RUNNING and session["Id"].startswith(f"{prefix}__"):
            try:
                client.stop_session(Id=session["Id"])
            except ClientError as error:
                # It may end on its own between the two calls.
                print(f"session {session['Id']} was not stopped: {error}", flush=True)
            else:
                stopped.append(session["Id"])
    return stopped


def _sessions(client: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = client.list_sessions(**token)
        yield from page.get("Sessions", ())
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
