"""Windows: half-open, never below what the keys cover, never backwards."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import ClockError
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.window import soql, window
from lakehouse_jobs.salesforce.describe import read_description

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def make(watermark=None, known_from=None, lookback=10 * MINUTE):
    return window(
        watermark=watermark,
        server_time=NOW,
        lookback=lookback,
        margin=MINUTE,
        known_from=known_from,
    )


def test_the_first_window_has_no_start():
    found = make()
    assert (found.start, found.end, found.is_empty) == (None, NOW - MINUTE, False)


def test_a_window_overlaps_the_last_one():
    mark = NOW - 30 * MINUTE
    assert make(mark).start == mark - 10 * MINUTE


def test_the_overlap_ends_where_the_keys_do():
    mark = NOW - 30 * MINUTE
    assert make(mark, known_from=mark - 5 * MINUTE).start == mark - 5 * MINUTE
    assert make(mark, known_from=mark + 5 * MINUTE).start == mark


def test_nothing_to_read_within_the_margin():
    assert make(NOW - MINUTE).is_empty
    assert make(NOW + MINUTE).is_empty


def test_a_clock_that_steps_back_within_the_overlap_loses_nothing():
    assert make(NOW + 9 * MINUTE).is_empty
    assert make(NOW, lookback=0 * MINUTE).is_empty  # by the margin, which may be configured anew


@pytest.mark.parametrize(
    ("ahead", "known", "lookback"),
    [(10, None, 10), (1, None, 0), (9, 5, 10)],
    ids=["lookback", "margin", "keys"],
)
def test_a_clock_so_far_behind_that_rows_would_be_passed_over_is_an_error(ahead, known, lookback):
    mark = NOW + ahead * MINUTE
    with pytest.raises(ClockError, match=rf"--since 2026-03-01T11:{59 - lookback}:00.000Z"):
        make(
            mark,
            known and mark - known * MINUTE,
            lookback=lookback * MINUTE,
        )


@settings(deadline=None)
@given(
    st.integers(0, 10_000), st.integers(0, 600), st.one_of(st.none(), st.integers(-10_000, 10_000))
)
def test_nothing_below_the_watermark_is_left_out(ago, lookback, known):
    mark = NOW - timedelta(minutes=ago)
    found = make(
        mark,
        None if known is None else NOW - timedelta(minutes=known),
        lookback=timedelta(minutes=lookback),
    )
    assert found.start is not None
    assert mark - timedelta(minutes=lookback) <= found.start <= mark
    assert found.is_empty == (found.end <= mark)


def test_the_query():
    description = read_description(
        {
            "name": "Account",
            "fields": [
                {"name": "Id", "type": "id"},
                {"name": "BillingAddress", "type": "address"},
                {"name": "BillingCity", "type": "string", "compoundFieldName": "BillingAddress"},
                {"name": "Body", "type": "base64"},
                {"name": "SystemModstamp", "type": "datetime"},
            ],
        }
    )
    selection = select(description, FieldRules())
    assert soql("Account", selection, make(NOW - 5 * MINUTE)) == (
        "SELECT Id, BillingCity, SystemModstamp FROM Account WHERE "
        "SystemModstamp >= 2026-03-01T11:45:00.000Z AND SystemModstamp < 2026-03-01T11:59:00.000Z"
    )
    assert selection.left_out == ("Body: base64, which a bulk query cannot read",)
