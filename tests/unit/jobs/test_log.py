"""Log lines: structured, about something, and silent on records and secrets."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from lakehouse_jobs import log
from lakehouse_jobs.contract.progress import Event

PLANTED = "Ada Lovelace, 1815"


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_carries_what_its_context_is_about(capsys):
    with log.about(run_id="r", group="g"):
        with log.about(object="Account"), ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, log.warn, "from a thread").result()
        log.say(Event.RUN_FINISHED, landed=1)
    log.warn("about nothing")
    assert lines(capsys) == [
        {
            "event": "warning",
            "run_id": "r",
            "group": "g",
            "object": "Account",
            "message": "from a thread",
        },
        {"event": "run_finished", "run_id": "r", "group": "g", "landed": 1},
        {"event": "warning", "message": "about nothing"},
    ]


@pytest.mark.parametrize(
    ("provoke", "kind"),
    [
        (lambda: pa.array([PLANTED]).cast(pa.int64()), pa.ArrowInvalid),
        (lambda: int(PLANTED), ValueError),
        (lambda: {}[PLANTED], KeyError),
    ],
)
def test_an_unforeseen_error_tells_where_and_quotes_no_value(provoke, kind, capsys):
    with pytest.raises(kind) as caught:
        provoke()
    message = log.unforeseen(caught.value)
    (line,) = lines(capsys)
    assert message.startswith(f"unexpected {type(caught.value).__name__} in ")
    assert message.endswith(
        "; run this object again, and report it with the job's log if it comes back"
    )
    assert line["error"] == type(caught.value).__name__
    assert any(place.startswith("test_log.py:") for place in line["where"])
    assert "Ada" not in message + json.dumps(line)


def test_the_causes_of_an_error_are_named_with_their_places(capsys):
    error = RuntimeError("y")
    error.__cause__ = ValueError("x")
    log.unforeseen(error)
    (line,) = lines(capsys)
    assert line["error"] == "RuntimeError from ValueError"


def test_words_of_a_service_are_told():
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "not\nyou"}}, "PutObject")
    assert "AccessDenied" in log.told(error)
    assert "not you" in log.told(error)
    assert len(log.told(OSError("x" * 1_000))) == log.LONGEST_TEXT
