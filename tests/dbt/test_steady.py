"""What a build brought is held against the builds before: what is told, and what is no news."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
CASE = pa.schema(
    [
        ("id", pa.string()),
        ("origin", pa.string()),
        ("isclosed", pa.bool_()),
        ("closeddate", TIME),
        ("createddate", TIME),
        ("systemmodstamp", TIME),
    ]
)
STAMP = datetime(2026, 1, 1, tzinfo=UTC)
Lake = Any  # of conftest.py, which tests cannot import


def cases(batch: int, *, count: int, open: int, origin: str | None = "Web") -> list[dict[str, Any]]:
    """New cases, the first of which are open."""
    return [
        {
            "id": f"{batch}/{number}",
            "origin": origin,
            "isclosed": number >= open,
            "closeddate": STAMP if number >= open else None,
            "createddate": STAMP,
            "systemmodstamp": STAMP,
        }
        for number in range(count)
    ]


def told(lake: Lake, batch: int, rows: list[dict[str, Any]]) -> tuple[str, int]:
    """Status and rows of the test after a build of these."""
    lake.land("case", rows, batch=batch, fields=CASE)
    outcome = lake.build(f"batch-{batch}")
    assert outcome["status"] == "succeeded", outcome["log"]
    found = json.loads((lake.project / "target" / "run_results.json").read_text())["results"]
    [each] = [r for r in found if r["unique_id"].split(".")[2] == "steady_fct_cases"]
    return each["status"], each["failures"]


def test_open_cases_are_no_news_and_a_hidden_field_is(lake: Lake) -> None:
    """One test, because each build stands on the one before.

    What changes is open for the most part, what is there is closed: no time of closing is missing.
    """
    lake.select = "stg_salesforce__cases fct_cases"
    assert told(lake, 1, cases(1, count=100_000, open=15_000)) == ("pass", 0)

    assert told(lake, 2, cases(2, count=250, open=200)) == ("pass", 0)

    assert told(lake, 3, cases(3, count=250, open=200, origin=None)) == ("warn", 1)
