import math

import pytest

from lakehouse_tools import prices
from lakehouse_tools.discover import estimate
from lakehouse_tools.discover.findings import FieldFinding, ObjectFinding


def found(rows, *, api="bulk", row_bytes=500):
    one = FieldFinding(
        name="A",
        type="string",
        formula=False,
        personal=None,
        part=False,
        grantable=True,
        bytes=row_bytes,
    )
    return ObjectFinding(
        name="X", label="X", rows=rows, rows_exact=True, folded=None,
        fields=(one,), api=api,
    )  # fmt: skip


def test_a_first_load_pays_for_the_job_its_pages_and_its_bytes():
    small, large = estimate.first_load(found(1)), estimate.first_load(found(10_000_000))
    assert small.seconds == pytest.approx(33, abs=1)
    assert large.seconds == pytest.approx(33 + 5_000 / 20, abs=1)
    assert large.calls - small.calls == 199 + 39  # pages, and lists of five pages


def test_what_bulk_refuses_goes_by_rest():
    assert estimate.first_load(found(5_000, api="rest")).calls == 1 + 3


def test_few_changes_go_by_rest_and_many_by_bulk():
    assert estimate.later(found(10), changed=0).calls == 2
    assert estimate.later(found(10), changed=2_000).calls == 2
    many = estimate.later(found(10), changed=2_001)
    assert many.calls == estimate.first_load(found(2_001)).calls + 1


@pytest.mark.parametrize(("every", "runs"), [("15m", 2880), ("hourly", 720), ("daily", 30)])
def test_a_month_by_its_schedule(every, runs):
    groups = [[found(100_000), found(10)], [found(None)]]
    one = estimate.estimate(groups, every=every)
    assert (one.groups, one.rows, one.runs_per_month) == (2, 100_010, runs)
    # Two Glue runs of a minute, of two workers each.
    assert one.month_cost == pytest.approx(2 * 2 / 60 * prices.DPU_HOUR * runs)
    assert one.month_calls == pytest.approx(one.calls_per_day * 30, rel=0.01)
    assert one.month_calls == runs * (2 * estimate.CALLS_PER_RUN + 3 * 2)
    assert one.first_cost >= 2 * 2 / 60 * prices.DPU_HOUR


def test_more_changes_in_a_day_take_more_calls():
    calm = estimate.estimate([[found(10_000_000)]], every="daily", daily_changes=0.0)
    busy = estimate.estimate([[found(10_000_000)]], every="daily", daily_changes=0.1)
    assert busy.month_calls > calm.month_calls
    assert math.isfinite(busy.month_cost)


def test_a_schedule_that_takes_too_many_calls_is_said():
    one = estimate.estimate([[found(10)]], every="hourly")
    assert one.calls_per_day == 24 * 5
    assert estimate.concern(one, limit=240) is None
    assert "120 calls a day are more than half of the org's 239" in (
        estimate.concern(one, limit=239) or ""
    )
    assert estimate.concern(one, limit=None) is None
