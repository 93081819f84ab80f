from datetime import UTC, datetime, timedelta

from lakehouse_jobs.build.catalog import Table
from lakehouse_jobs.build.freshness import stale
from lakehouse_jobs.build.selection import Source

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


def told(age: timedelta | None, *, limit: timedelta | None = timedelta(hours=25)) -> list[str]:
    """What is said of a source that was read so long ago."""
    source = Source(source="salesforce", table="case", fresh_for=limit)
    watermark = None if age is None else NOW - age
    tables = {"case": Table(columns={}, batch=1, watermark=watermark)}
    return stale([source], raw_tables=tables, now=NOW)


def test_a_source_that_was_not_read_in_time_is_told() -> None:
    assert told(timedelta(hours=49, minutes=59)) == [
        "salesforce.case has been read up to 2026-01-08 10:01 UTC, 49 hours ago; its freshness"
        " allows 25 hours"
    ]
    assert told(timedelta(minutes=31), limit=timedelta(minutes=30)) == [
        "salesforce.case has been read up to 2026-01-10 11:29 UTC, 31 minutes ago; its freshness"
        " allows 30 minutes"
    ]
    assert "2026-01-01 11:00 UTC, 9 days ago" in told(timedelta(days=9, hours=1))[0]


def test_a_quiet_object_is_fresh_while_it_is_read() -> None:
    assert told(timedelta(hours=25)) == []
    assert told(timedelta(minutes=-1)) == []  # the org's clock is ahead


def test_where_no_age_is_known_or_none_is_too_old_nothing_is_said() -> None:
    assert told(None) == []
    assert told(timedelta(days=400), limit=None) == []
    source = Source(source="salesforce", table="lead", fresh_for=timedelta(hours=25))
    assert stale([source], raw_tables={}, now=NOW) == []
