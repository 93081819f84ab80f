"""Glue interactive sessions: each has a Spark process for itself while it lasts.

AWS: docs.aws.amazon.com/glue/latest/dg/aws-glue-api-interactive-sessions.html. Unmodified
dbt-glue works with them. ministack 1.5.33 knows none of these calls: they are taken out
of ``glue._handle_request_sync``.

GetSession and GetStatement are answered late rather than early, up to `LONG_POLL`
seconds: callers that ask once a second (or every three) then lose no time.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from lakehouse_local.local_aws.context import Context
from lakehouse_local.local_aws.glue_session import Session, SessionRefusedError
from lakehouse_local.local_aws.patching import replace
from lakehouse_local.local_aws.spark_workers import SparkPool

LONG_POLL: Final = 20.0
_LOOK_AROUND: Final = 5.0  # seconds between looks for idle sessions

Data = dict[str, Any]


class Sessions:
    """The calls of the API, each from its request to its answer."""

    def __init__(self, pool: SparkPool) -> None:
        self._pool = pool
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def calls(self) -> Mapping[str, Callable[[Data], Data]]:
        """The functions by the API's names."""
        return {
            "CreateSession": self._create,
            "GetSession": self._get,
            "ListSessions": self._list,
            "StopSession": self._stop,
            "DeleteSession": self._delete,
            "RunStatement": self._run,
            "GetStatement": self._statement,
            "ListStatements": self._statements,
            "CancelStatement": self._cancel,
        }

    def end_overdue(self) -> None:
        """Time out the sessions that were idle or alive for too long."""
        for session in list(self._sessions.values()):
            if session.is_overdue():
                session.end("TIMEOUT")
                self._pool.fill()

    def _create(self, data: Data) -> Data:
        session = Session(data, leave=self._pool.give_back)
        with self._lock:
            if session.id in self._sessions:
                raise SessionRefusedError(
                    "AlreadyExistsException", f"Session {session.id} already exists"
                )
            self._sessions[session.id] = session
        try:
            worker = self._pool.take()
        except (OSError, RuntimeError) as error:
            self._sessions.pop(session.id, None)
            message = f"The Spark process of session {session.id} was not started: {error}"
            raise SessionRefusedError("InternalServiceException", message) from None
        answer = {"Session": session.view()}  # PROVISIONING, as on AWS, also with a warm process
        session.start(worker)
        return answer

    def _get(self, data: Data) -> Data:
        session = self._find(data["Id"])
        session.wait_provisioned(LONG_POLL)
        return {"Session": session.view()}

    def _list(self, data: Data) -> Data:  # noqa: ARG002
        sessions = list(self._sessions.values())
        return {
            "Ids": [session.id for session in sessions],
            "Sessions": [session.view() for session in sessions],
        }

    def _stop(self, data: Data) -> Data:
        session = self._find(data["Id"])
        if session.end("STOPPED"):
            # Not before the answer: starting a process takes the caller's time.
            threading.Thread(target=self._pool.fill, daemon=True).start()
        return {"Id": session.id}

    def _delete(self, data: Data) -> Data:
        answer = self._stop(data)
        self._sessions.pop(answer["Id"], None)
        return answer

    def _run(self, data: Data) -> Data:
        return {"Id": self._find(data["SessionId"]).run(data["Code"])}

    def _statement(self, data: Data) -> Data:
        session = self._find(data["SessionId"])
        return {"Statement": session.wait_statement(int(data["Id"]), LONG_POLL)}

    def _statements(self, data: Data) -> Data:
        return {"Statements": self._find(data["SessionId"]).statements()}

    def _cancel(self, data: Data) -> Data:
        self._find(data["SessionId"]).cancel(int(data["Id"]))
        return {}

    def _find(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None:
            raise SessionRefusedError("EntityNotFoundException", f"Session {session_id} not found")
        return session


def install(context: Context) -> None:
    """Answer the calls, keep the pool filled, look for idle sessions."""
    from ministack.services import glue

    pool = SparkPool(context, context.spark_pool)
    sessions = Sessions(pool)
    calls = sessions.calls()

    def handle(method: str, path: str, headers: Data, body: bytes, query_params: Data) -> Any:
        call = calls.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if call is None:
            return original(method, path, headers, body, query_params)
        try:
            return glue.json_response(call(json.loads(body or b"{}")))
        except SessionRefusedError as error:
            return glue.error_response_json(error.code, str(error), 400)
        except KeyError as error:
            return glue.error_response_json(
                "InvalidInputException", f"{error.args[0]} is missing", 400
            )

    def look_around() -> None:
        pool.fill()
        pause = threading.Event()
        while not pause.wait(_LOOK_AROUND):
            sessions.end_overdue()

    original = replace(
        glue, "_handle_request_sync", handle, parameters="method path headers body query_params"
    )
    threading.Thread(target=look_around, name="glue-sessions", daemon=True).start()
