"""How old the sources are, by the watermarks that the catalog's answer has: nothing is asked.

Not by the rows: the newest ``_extracted_at`` of an object stands still while nobody edits it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lakehouse_jobs.build.catalog import Table
from lakehouse_jobs.build.selection import Source


def stale(
    sources: Iterable[Source], *, raw_tables: Mapping[str, Table], now: datetime
) -> list[str]:
    """A sentence for each source that is older than the project's freshness allows.

    A table without a watermark is not this extractor's: nothing is known of its age.
    """
    return [
        f"{source.name} has been read up to {table.watermark:%Y-%m-%d %H:%M} UTC,"
        f" {_told(now - table.watermark)} ago; its freshness allows {_told(source.fresh_for)}"
        for source in sorted(sources, key=lambda source: source.name)
        if (table := raw_tables.get(source.table))
        and table.watermark
        and source.fresh_for is not None
        and now - table.watermark > source.fresh_for
    ]


def _told(age: timedelta) -> str:
    minutes = round(age.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} hours" if hours < 96 else f"{hours // 24} days"
