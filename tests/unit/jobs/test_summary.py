"""The summary of a group: every name, few bytes."""

import json

import pytest

from lakehouse_jobs.contract.runs import Status, blank_outcome
from lakehouse_jobs.extract.summary import failure_line, summarize


def failures(number, message):
    outcomes = []
    for n in range(number):
        outcome = blank_outcome("g", f"Object_{n:04d}__c")
        outcome["status"] = Status.FAILED.value
        outcome["message"] = message(n)
        outcomes.append(outcome)
    return outcomes


def size(value):
    return len(json.dumps(value).encode())


def test_the_line_that_glue_shows():
    summary = {"group": "g", "landed": ["A"], "unchanged": [], "skipped": ["S"], "failed": []}
    assert failure_line(summary) is None
    summary["failed"] = [{"object": "B", "message": "x"}]
    assert failure_line(summary) == "1 of 3 objects failed: B: x"
    summary["failed"].append({"object": "C", "message": "y"})
    assert failure_line(summary) == "2 of 4 objects failed: B: x; C: y"
    summary["failed"][1]["message"] = "x"
    assert failure_line(summary) == "2 of 4 objects failed: x"


@pytest.mark.parametrize("letter", ["x", "\u00fc", "\U0001f389", '"', "\n"])
def test_1500_objects_with_long_different_messages_stay_small(letter):
    summary = summarize("g", failures(1500, lambda n: f"{n} " + letter * 5000), built={})
    assert [f["object"] for f in summary["failed"]] == [f"Object_{n:04d}__c" for n in range(1500)]
    told = [f["message"] for f in summary["failed"] if f["message"]]
    assert told
    assert max(map(len, told)) == 300
    names = size([{"object": f["object"], "message": ""} for f in summary["failed"]])
    text = json.dumps(summary, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(text) <= names + 4096
    line = failure_line(summary)
    assert line is not None
    assert line.startswith("1500 of 1500 objects failed: Object_0000__c: 0 ")
    assert len(line) <= 2000


@pytest.mark.parametrize("number", [80, 300])
def test_up_to_some_hundred_failures_it_stays_below_24_kib(number):
    summary = summarize("g", failures(number, lambda n: f"{n} " + "x" * 5000), built={})
    text = json.dumps(summary, ensure_ascii=False, separators=(",", ":")).encode()
    assert 20 * 1024 < len(text) <= 24 * 1024


def test_each_text_is_told_before_one_is_repeated():
    summary = summarize("g", failures(1500, lambda n: "last" if n == 1499 else "y" * 200), built={})
    assert summary["failed"][0]["message"] == "y" * 200
    assert summary["failed"][1499]["message"] == "last"
    assert summary["failed"][1498]["message"] == ""


def test_messages_that_fit_are_all_kept():
    summary = summarize("g", failures(20, lambda _: "the same"), built={})
    assert {f["message"] for f in summary["failed"]} == {"the same"}
    assert failure_line(summary) == "20 of 20 objects failed: the same"


def test_objects_of_unknown_batch_are_not_named_as_unbuilt():
    known, unknown, read = (blank_outcome("g", n) for n in ("Known", "Unknown", "Read"))
    known["batch"], read["batch"] = 3, 3
    known["status"] = Status.SUPERSEDED.value
    summary = summarize("g", [known, unknown, read], built={"known": 2, "read": 3})
    assert summary["unbuilt"] == ["Known"]
