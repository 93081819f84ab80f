"""Marts built build by build are those built in one go from raw, row by row."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.month import DELIVERIES, KINDS, deliveries

# Five builds are one test's fixture: on a busy machine that is long.
pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(2400)]

PAGE = Path(__file__).parents[2] / "docs" / "marts.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
Lake = Any  # of conftest.py, which tests cannot import
# The third build is told that these failed: their marts stay, and are mended by the fourth.
FAILED = "OpportunityHistory,Task"


@pytest.fixture(scope="module")
def month(lake: Lake) -> Lake:
    """The lake after five builds of unequal length; each build stands on the one before."""
    brought = {kind.table: deliveries(kind) for kind in KINDS}
    lake.test_data(enabled=False)
    for place in range(len(DELIVERIES)):
        for kind in KINDS:
            # A run that finds nothing new makes no commit.
            if rows := brought[kind.table][place]:
                lake.land(kind.table, rows, batch=place + 1, fields=kind.schema)
        outcome = lake.build(f"build-{place}", failed=FAILED if place == 2 else "")
        assert outcome["status"] == "succeeded", outcome["log"]
        assert bool(outcome["excluded"]) == (place == 2)
        assert "built anew" not in outcome["log"]
    lake.test_data(enabled=True)
    return lake


def test_five_builds_equal_one_from_raw(month: Lake) -> None:
    other = month.elsewhere("2")

    outcome = other.build("in-one-go")

    assert outcome["status"] == "succeeded", outcome["log"]
    step_by_step, in_one_go = marts(month), marts(other)
    assert step_by_step.keys() == in_one_go.keys()
    assert {name for name, rows in in_one_go.items() if not rows} == set()
    for name, rows in in_one_go.items():
        assert step_by_step[name] == rows, name


def test_unit_tests_of_the_project(month: Lake, manifest: dict[str, Any]) -> None:
    log = month.by_hand("test", "--select", "test_type:unit")

    assert f"PASS={len(manifest['unit_tests'])} " in log, log


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_the_page_for_analysts_holds_what_athena_answers(month: Lake, query: str) -> None:
    names, rows = month.ask(query)

    assert len(set(names)) == len(names)
    # The small org has no account of the id that the page names.
    assert rows or "contains(" in query


def marts(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    """Every table of the marts with its rows."""
    return {name: lake.rows("marts", name) for name in lake.tables("marts")}
