"""One Glue session and its statements."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from lakehouse_local.local_aws.spark_workers import EXTENSIONS, SparkWorker

GLUE_VERSION: Final = "5.1"
# Bytes: docs.aws.amazon.com/glue/latest/webapi/API_RunStatement.html.
LONGEST_CODE: Final = 68_000
_OVER: Final = ("STOPPED", "FAILED", "TIMEOUT")
_OPEN: Final = ("WAITING", "RUNNING", "CANCELLING")
_MINUTE: Final = 60.0
_INTERRUPT_AGAIN: Final = 1.0  # seconds
_SHOWN: Final = (
    "Id",
    "Description",
    "Role",
    "Command",
    "DefaultArguments",
    "Connections",
    "MaxCapacity",
    "SecurityConfiguration",
    "GlueVersion",
    "NumberOfWorkers",
    "WorkerType",
    "IdleTimeout",
)


class SessionRefusedError(Exception):
    """A call that is refused, with AWS's name of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Session:
    """A session: PROVISIONING, READY, then STOPPED, TIMEOUT or FAILED."""

    def __init__(self, request: Mapping[str, Any], *, leave: Callable[[SparkWorker], None]) -> None:
        """``leave`` gets the process of a session that ended and has no statement running.

        Raises `SessionRefusedError` for what a local session cannot be.
        """
        self.id = str(request["Id"])
        self._settings = spark_settings(request)
        self._shown = {name: request[name] for name in _SHOWN if request.get(name) is not None}
        self._idle_timeout = _MINUTE * float(request.get("IdleTimeout") or 2880)
        self._timeout = _MINUTE * float(request.get("Timeout") or 2880)
        self._created = self._used = time.time()
        self._status = "PROVISIONING"
        self._error = ""
        self._leave = leave
        self._worker: SparkWorker | None = None
        self._statements: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # a session runs one statement at a time

    def start(self, worker: SparkWorker) -> None:
        """Take a process, in the background."""
        self._worker = worker
        threading.Thread(target=self._provision, args=(worker,), daemon=True).start()

    def view(self) -> dict[str, Any]:
        """As GetSession shows it."""
        shown = {**self._shown, "Status": self._status, "CreatedOn": self._created}
        shown["Progress"] = 1.0 if self._status == "READY" else 0.0
        return shown | ({"ErrorMessage": self._error} if self._error else {})

    def wait_provisioned(self, seconds: float) -> None:
        """Wait until it is no longer PROVISIONING, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: self._status != "PROVISIONING", timeout=seconds)
        if self._status == "READY" and self._worker and not self._worker.alive:
            self._fail(f"The Spark process ended: {self._worker.last_words()}")

    def run(self, code: str) -> int:
        """Start a statement and return its number."""
        size = len(code.encode())
        if size > LONGEST_CODE:
            raise SessionRefusedError(
                "ValidationException",
                f"1 validation error detected: Value at 'code' has {size} bytes and failed to "
                f"satisfy constraint: Member must have length less than or equal to {LONGEST_CODE}",
            )
        with self._changed:
            worker = self._worker
            if self._status != "READY" or worker is None:
                raise SessionRefusedError(
                    "IllegalSessionStateException", f"Session {self.id} is {self._status}"
                )
            statement = {
                "Id": len(self._statements),
                "Code": code,
                "State": "WAITING",
                "Progress": 0.0,
                "StartedOn": int(time.time() * 1000),
            }
            self._statements.append(statement)
            self._used = time.time()
        threading.Thread(target=self._execute, args=(statement, worker), daemon=True).start()
        return statement["Id"]

    def wait_statement(self, number: int, seconds: float) -> dict[str, Any]:
        """A statement, as soon as it is over, but no later than after ``seconds``."""
        statement = self._statement(number)
        with self._changed:
            self._changed.wait_for(lambda: statement["State"] not in _OPEN, timeout=seconds)
            return dict(statement)

    def statements(self) -> list[dict[str, Any]]:
        """All statements."""
        with self._changed:
            return [dict(statement) for statement in self._statements]

    def cancel(self, number: int) -> None:
        """Cancel a statement that is not over."""
        statement = self._statement(number)
        with self._changed:
            if statement["State"] == "WAITING":
                statement["State"] = "CANCELLED"
                self._changed.notify_all()
            elif statement["State"] == "RUNNING" and self._worker:
                statement["State"] = "CANCELLING"
                again = (statement, self._worker)
                threading.Thread(target=self._interrupt, args=again, daemon=True).start()

    def is_overdue(self) -> bool:
        """Whether it is READY and idle, or alive, for longer than its timeouts.

        It is idle while no statement waits or runs.
        """
        now = time.time()
        with self._changed:
            busy = any(statement["State"] in _OPEN for statement in self._statements)
            idle = not busy and now - self._used > self._idle_timeout
            return self._status == "READY" and (idle or now - self._created > self._timeout)

    def end(self, status: str) -> bool:
        """End it with ``status``; False if it had ended before."""
        with self._changed:
            if self._status in _OVER:
                return False
            idle = self._status == "READY" and status != "FAILED"
            self._status = status
            for statement in self._statements:
                idle = idle and statement["State"] not in ("RUNNING", "CANCELLING")
                if statement["State"] == "WAITING":
                    statement["State"] = "CANCELLED"
            self._changed.notify_all()
        if self._worker and idle:
            self._leave(self._worker)
        elif self._worker:
            self._worker.end()
        return True

    def _provision(self, worker: SparkWorker) -> None:
        ready = worker.wait_warm() and worker.open(self._settings)
        with self._changed:
            if ready and self._status == "PROVISIONING":
                self._status, self._used = "READY", time.time()
                self._changed.notify_all()
                return
        self._fail(f"The Spark process did not start: {worker.last_words()}")

    def _execute(self, statement: dict[str, Any], worker: SparkWorker) -> None:
        with self._turn:
            with self._changed:
                if statement["State"] != "WAITING":
                    return
                statement["State"] = "RUNNING"
            output = worker.ask(statement["Code"])
            died = "" if output else f"The Spark process ended: {worker.last_words()}"
            with self._changed:
                self._used = time.time()
                cancelled = statement["State"] == "CANCELLING"
                statement["Output"] = output or {
                    "Status": "error",
                    "ErrorName": "SessionDied",
                    "ErrorValue": died,
                    "Traceback": [],
                }
                statement["CompletedOn"] = int(time.time() * 1000)
                statement["Progress"] = 1.0
                statement["State"] = "CANCELLED" if cancelled else "AVAILABLE"
                self._changed.notify_all()
        if died:
            self._fail(died)

    def _interrupt(self, statement: dict[str, Any], worker: SparkWorker) -> None:
        """A signal may come before the process has read the statement, or get lost in a library."""
        with self._changed:
            while statement["State"] == "CANCELLING":
                worker.interrupt()
                self._changed.wait_for(
                    lambda: statement["State"] != "CANCELLING", timeout=_INTERRUPT_AGAIN
                )

    def _fail(self, message: str) -> None:
        with self._changed:
            if self._status not in _OVER:
                self._error = message
        self.end("FAILED")

    def _statement(self, number: int) -> dict[str, Any]:
        if not 0 <= number < len(self._statements):
            raise SessionRefusedError(
                "EntityNotFoundException", f"Statement {number} of session {self.id} not found"
            )
        return self._statements[number]


def spark_settings(request: Mapping[str, Any]) -> dict[str, str]:
    """The session's Spark settings, from ``--conf a=b --conf c=d``.

    Refuses what a local session is not: another Glue version, or one without Iceberg.
    """
    version = request.get("GlueVersion") or "5.0"  # AWS's own default
    if version == "5.0":
        raise SessionRefusedError(
            "InvalidInputException",
            "GlueVersion 5.0 (AWS's default) carries Iceberg 1.7.1, whose reader crashes on "
            f"files that PyIceberg wrote; ask for GlueVersion {GLUE_VERSION}",
        )
    if version != GLUE_VERSION:
        raise SessionRefusedError(
            "InvalidInputException",
            f"The local AWS has Glue {GLUE_VERSION} sessions only; got GlueVersion {version}",
        )
    arguments = request.get("DefaultArguments") or {}
    settings = {}
    for pair in f"--conf {arguments.get('--conf', '')}".split("--conf "):
        name, equals, value = pair.strip().partition("=")
        if equals:
            settings[name.strip()] = value.strip()
    formats = [word.strip() for word in arguments.get("--datalake-formats", "").split(",")]
    if "iceberg" not in formats or settings.get("spark.sql.extensions") != EXTENSIONS:
        raise SessionRefusedError(
            "InvalidInputException",
            "The local AWS has Iceberg sessions only: pass --datalake-formats iceberg and "
            f"--conf spark.sql.extensions={EXTENSIONS}",
        )
    return settings
