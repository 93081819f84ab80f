import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_local.local_aws import glue_session
from lakehouse_local.local_aws.glue_session import Session, SessionRefusedError
from lakehouse_local.local_aws.spark_workers import EXTENSIONS
from tests.until import until


class Worker:
    """Answers at once, except to what is waited for."""

    def __init__(self) -> None:
        self.ended = self.left = False
        self.asked: list[Any] = []
        self.busy = threading.Event()
        self.interrupts = 0
        self.heeds = 1  # the interrupt that it ends its statement for

    alive = True

    def wait_warm(self) -> bool:
        return True

    def open(self, settings: dict[str, str]) -> bool:
        self.asked.append(settings)
        return True

    def ask(self, message: Any) -> dict[str, Any]:
        if message == "busy":
            self.busy.wait(10)
        return {"Status": "ok", "Data": {"TextPlain": ""}}

    def interrupt(self) -> None:
        self.interrupts += 1
        if self.interrupts == self.heeds:
            self.busy.set()

    def last_words(self) -> str:
        return ""

    def end(self) -> None:
        self.ended = True


def session(worker: Worker, **given: Any) -> Session:
    conf = f"spark.sql.extensions={EXTENSIONS} --conf a.b=c=d"
    arguments = {"--datalake-formats": "hudi, iceberg", "--conf": conf}
    request = {"Id": "s", "GlueVersion": "5.1", "DefaultArguments": arguments, **given}
    made = Session(request, leave=lambda left: setattr(left, "left", True))
    made.start(worker)  # pyright: ignore[reportArgumentType]
    made.wait_provisioned(5)
    return made


def test_settings_reach_the_process() -> None:
    worker = Worker()
    assert session(worker).view()["Status"] == "READY"
    assert worker.asked == [{"spark.sql.extensions": EXTENSIONS, "a.b": "c=d"}]


def test_an_idle_session_is_overdue_and_a_busy_one_is_not() -> None:
    worker = Worker()
    made = session(worker, IdleTimeout=0.001)  # minutes
    time.sleep(0.1)
    assert made.is_overdue()
    number = made.run("busy")
    time.sleep(0.1)
    assert not made.is_overdue()
    worker.busy.set()
    assert made.wait_statement(number, 5)["State"] == "AVAILABLE"
    time.sleep(0.1)
    assert made.is_overdue()
    assert made.end("TIMEOUT")
    assert (worker.left, worker.ended) == (True, False)
    assert not made.end("STOPPED")
    assert made.view()["Status"] == "TIMEOUT"


def test_a_session_whose_statement_has_not_begun_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    made = session(Worker(), IdleTimeout=0.001)
    never = SimpleNamespace(start=lambda: None)
    monkeypatch.setattr(glue_session, "threading", SimpleNamespace(Thread=lambda **_: never))
    number = made.run("waits")
    time.sleep(0.1)
    assert not made.is_overdue()
    made.cancel(number)
    assert made.is_overdue()


def test_what_is_cancelled_is_interrupted_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_session, "_INTERRUPT_AGAIN", 0.01)
    worker = Worker()
    worker.heeds = 3
    made = session(worker)
    number = made.run("busy")
    until(lambda: made.statements()[number]["State"] == "RUNNING")
    made.cancel(number)
    assert made.wait_statement(number, 5)["State"] == "CANCELLED"
    # Nothing that follows is.
    assert made.wait_statement(made.run("next"), 5)["State"] == "AVAILABLE"
    assert worker.interrupts == 3


def test_a_session_does_not_outlive_its_timeout() -> None:
    made = session(Worker(), Timeout=0.001)
    time.sleep(0.1)
    assert made.is_overdue()


def test_a_wait_ends_when_its_time_is_over() -> None:
    worker = Worker()
    made = session(worker)
    started = time.monotonic()
    assert made.wait_statement(made.run("busy"), 0.2)["State"] in ("WAITING", "RUNNING")
    assert time.monotonic() - started < 5
    worker.busy.set()


def test_code_is_no_longer_than_glue_takes() -> None:
    made = session(Worker())
    assert made.run("x" * 68_000) == 0
    with pytest.raises(SessionRefusedError, match="has 68001 bytes"):
        made.run("é" + "x" * 67_999)
