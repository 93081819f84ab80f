from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_jobs.build import tested

WHOLE_AT = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = tested.Tested(batches={"account": 5, "lead": 3}, whole_at=WHOLE_AT, select=())


@pytest.mark.parametrize(
    ("days", "counts"), [(0, True), (6.99, True), (7, False), (400, False)], ids=str
)
def test_whole_tables_are_tested_once_a_week(days: float, counts: bool) -> None:
    found = BEFORE.by(now=WHOLE_AT + timedelta(days=days), select=())

    assert found == (BEFORE.batches if counts else {})


def test_a_week_begins_where_all_was_tested() -> None:
    now = WHOLE_AT + timedelta(days=3)

    by_delta = BEFORE.after(read={"account": 6}, counted=BEFORE.batches, now=now, select=())
    whole = BEFORE.after(read={"account": 6}, counted={}, now=now, select=())

    assert by_delta.whole_at == WHOLE_AT
    assert by_delta.batches == {"account": 6, "lead": 3}
    assert whole.whole_at == now
    # Of a table that was left out all rows are tested when it comes.
    assert whole.batches == {"account": 6}
