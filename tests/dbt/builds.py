"""A month built delivery by delivery, and held against one build from raw."""

from collections.abc import Sequence
from typing import Any

from tests.dbt.month import KINDS, Row, deliveries

Lake = Any  # of conftest.py, which tests cannot import
# One build is told that these failed: their marts stay, and are mended by the next.
FAILED = "OpportunityHistory,Task"


def land_and_build(lake: Lake, ends: Sequence[float], *, failed_at: int) -> None:
    """Land each delivery and build on it, without the data tests."""
    brought = {kind.table: deliveries(kind, ends) for kind in KINDS}
    lake.test_data(enabled=False)
    for place in range(len(ends)):
        for kind in KINDS:
            # A run that finds nothing new makes no commit.
            if rows := brought[kind.table][place]:
                lake.land(kind.table, rows, batch=place + 1, fields=kind.schema)
        outcome = lake.build(f"build-{place}", failed=FAILED if place == failed_at else "")
        assert outcome["status"] == "succeeded", outcome["log"]
        assert bool(outcome["excluded"]) == (place == failed_at)
        assert "built anew" not in outcome["log"]
    lake.test_data(enabled=True)


def assert_one_build_gives_the_same(lake: Lake, *, by_hand: bool = False) -> None:
    """Build from raw into empty databases, with the data tests, and compare row by row.

    ``by_hand``: by plain dbt, which is told neither columns nor batches.
    """
    other = lake.elsewhere("2")

    if by_hand:
        other.by_hand("build", "--exclude-resource-type", "unit_test")
    else:
        outcome = other.build("in-one-go")
        assert outcome["status"] == "succeeded", outcome["log"]

    step_by_step, in_one_go = marts(lake), marts(other)
    assert step_by_step.keys() == in_one_go.keys()
    assert {name for name, rows in in_one_go.items() if not rows} == set()
    for name, rows in in_one_go.items():
        assert step_by_step[name] == rows, name


def marts(lake: Lake) -> dict[str, list[Row]]:
    """Every table of the marts with its rows."""
    return {name: lake.rows("marts", name) for name in lake.tables("marts")}
