"""How long a Retry waits.

docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import random
from typing import Any

import pytest

from lakehouse_local.local_aws.step_functions_retry import seconds_before_retry


def waits(*retriers: dict[str, Any], error: str = "Boom", attempts: int = 5) -> list[float | None]:
    """The wait before each further attempt, if one after the other fails."""
    definition = {"Retry": [{"ErrorEquals": ["Boom"], **retrier} for retrier in retriers]}
    counts: dict[int, int] = {}
    return [seconds_before_retry(definition, error, counts) for _ in range(attempts)]


def test_at_first_three_times_each_twice_as_long() -> None:
    assert waits({}) == [1, 2, 4, None, None]
    assert waits({"IntervalSeconds": 3, "BackoffRate": 1.5, "MaxAttempts": 2}, attempts=3) == [
        3,
        4.5,
        None,
    ]


def test_max_delay_caps_the_wait() -> None:
    retrier = {"IntervalSeconds": 30, "MaxDelaySeconds": 50, "MaxAttempts": 4}
    assert waits(retrier) == [30, 50, 50, 50, None]


def test_full_jitter_takes_any_part_of_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        asked.append((least, most))
        return most / 4

    monkeypatch.setattr(random, "uniform", uniform)
    jitter = {"JitterStrategy": "FULL", "IntervalSeconds": 8, "MaxDelaySeconds": 10}
    assert waits(jitter, attempts=2) == [2, 2.5]
    assert asked == [(0, 8), (0, 10)]
    assert waits({"JitterStrategy": "NONE"}, attempts=1) == [1]
    assert len(asked) == 2


def test_the_first_retrier_that_matches_decides_and_counts_for_itself() -> None:
    assert waits({"MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}, attempts=1) == [None]
    definition = {
        "Retry": [
            {"ErrorEquals": ["A"], "MaxAttempts": 1},
            {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 7},
        ]
    }
    counts: dict[int, int] = {}
    errors = ("A", "B", "A", "B")
    found = [seconds_before_retry(definition, error, counts) for error in errors]
    assert found == [1, 7, None, 14]


def test_what_no_retrier_takes() -> None:
    assert waits({}, error="Other", attempts=1) == [None]
    assert waits({"ErrorEquals": ["States.ALL"]}, error="States.Runtime", attempts=1) == [None]
