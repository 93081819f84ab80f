from datetime import UTC, datetime

import pytest

from lakehouse_tools.display import words
from lakehouse_tools.executions.progress import BuildProgress, ExecutionProgress, GroupProgress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.84, "0.8 s"),
        (42.4, "42 s"),
        (185, "3 m 05 s"),
        (59.7, "1 m 00 s"),
        (7_800, "2 h 10 m"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_sizes_and_counts():
    assert [words.size(n) for n in (0, 1_500, 3_400_000, 2_000_000_000)] == [
        "0.0 kB",
        "1.5 kB",
        "3.4 MB",
        "2.0 GB",
    ]
    assert (words.count(1234567), words.count(None)) == ("1,234,567", "–")


def execution(*states, **more):
    return ExecutionProgress(arn="a:e", name="e", started=datetime.now(UTC), states=states, **more)


def test_states_are_said_in_words_each_once():
    assert words.where(execution()) == "starting"
    assert words.where(execution("EachGroup", "Extract")) == "extracting"
    assert words.where(execution("SomethingNew")) == "SomethingNew"
    assert words.where(execution(status="TIMED_OUT")) == "timed out"


def test_a_build_that_has_not_started_waits_its_turn():
    assert words.where(execution("Build")) == "waiting for dbt's turn"
    assert words.where(execution("WaitForTurn")) == "waiting for dbt's turn"
    build = BuildProgress(build_id="b", state="IN_PROGRESS")
    assert words.where(execution("Build", build=build)) == "building with dbt"


def test_a_success_without_a_build_says_so():
    groups = {"r": GroupProgress(name="sales", run_id="r", state="SUCCEEDED")}
    quiet = execution(status="SUCCEEDED", groups=groups)
    assert words.where(quiet) == "succeeded; nothing new, so dbt built nothing"
    build = BuildProgress(build_id="b", state="SUCCEEDED")
    assert words.where(execution(status="SUCCEEDED", groups=groups, build=build)) == "succeeded"
