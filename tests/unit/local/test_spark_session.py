"""Lines in, lines out, and signals at any moment; without Spark, whose jobs are a list here."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

PROGRAM = """
import sys, time
from types import SimpleNamespace
from lakehouse_local.local_aws import spark_session

cancelled = []

def cancel():
    time.sleep(0 if cancelled else 0.3)
    cancelled.append(1)

def begin(spark, settings):
    print("beginning", file=sys.stderr, flush=True)
    time.sleep(settings.get("seconds", 0))
    told = lambda: print("at work", file=sys.stderr, flush=True)
    return {"told": told, "cancelled": cancelled}

context = SimpleNamespace(cancelAllJobs=lambda: cancel())
spark_session.start = lambda _: SimpleNamespace(sparkContext=context)
spark_session.warm_up = lambda _: None
spark_session.begin = begin
sys.argv[1:] = ["{}"]
spark_session.main()
"""


class Driver:
    """A process that serves sessions."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.answer()

    def tell(self, message: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def said(self) -> str:
        assert self.process.stderr
        return self.process.stderr.readline().strip()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    with made.process:
        yield made
        made.process.kill()


def test_a_statement_that_is_interrupted_has_an_error_and_the_next_one_runs(driver: Driver) -> None:
    driver.tell({})
    driver.answer()
    driver.tell("told(); import time; time.sleep(300)")
    assert [driver.said(), driver.said()] == ["beginning", "at work"]
    driver.interrupt()
    assert driver.answer()["ErrorName"] == "KeyboardInterrupt"
    # Spark's jobs were cancelled before the next statement could have any.
    driver.tell("print(cancelled)")
    assert driver.answer() == {"Status": "ok", "Data": {"TextPlain": "[1]\n"}}


# py4j's modules wait for Java.
WAITS_FOR_JAVA = """
import types
client = types.ModuleType("py4j.client")
exec("def call(told, cancelled):\\n told()\\n while not cancelled: pass", client.__dict__)
client.call(told, cancelled)
print("answered")
"""


def test_what_waits_for_java_gets_its_answer(driver: Driver) -> None:
    driver.tell({})
    driver.answer()
    driver.tell(WAITS_FOR_JAVA)
    assert [driver.said(), driver.said()] == ["beginning", "at work"]
    driver.interrupt()
    assert driver.answer() == {"Status": "ok", "Data": {"TextPlain": "answered\n"}}


def test_an_interrupt_outside_a_statement_ends_nothing(driver: Driver) -> None:
    driver.tell({"seconds": 0.5})
    assert driver.said() == "beginning"
    driver.interrupt()
    assert driver.answer() == {"ready": True}
    driver.interrupt()
    driver.tell("print(1)")
    assert driver.answer()["Status"] == "ok"


def test_each_statement_is_answered_whenever_interrupts_come(driver: Driver) -> None:
    driver.tell({})
    driver.answer()
    over = threading.Event()

    def interrupt() -> None:
        while not over.wait(0.0005):
            driver.interrupt()

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    try:
        for number in range(500):
            driver.tell(f"print({number})")
            answer = driver.answer()
            # `print` writes the text and the line's end one after the other.
            whole = [f"{number}\n"]
            cut = ["", f"{number}", *whole]
            assert answer["Data"]["TextPlain"] in (whole if answer["Status"] == "ok" else cut)
    finally:
        over.set()
        interrupting.join()
    driver.tell("print('last')")
    assert driver.answer()["Data"]["TextPlain"] == "last\n"
