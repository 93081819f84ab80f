"""The stretch of time that a run reads, and the query for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse_jobs.errors import ClockError
from lakehouse_jobs.extract.columns import Selection


@dataclass(frozen=True, kw_only=True)
class Window:
    """Half-open: ``start`` is in it, ``end`` is not. Times are the org's, UTC."""

    start: datetime | None  # None: from the beginning
    end: datetime
    new_from: datetime | None  # the watermark: rows below it may be in the table already

    @property
    def is_empty(self) -> bool:
        """Whether the watermark has reached the end already."""
        return self.new_from is not None and self.end <= self.new_from


def window(
    *,
    watermark: datetime | None,
    server_time: datetime,
    lookback: timedelta,
    margin: timedelta,
    known_from: datetime | None = None,
) -> Window:
    """From the watermark less the lookback to the server's time less the margin.

    Rows stamped just before now appear later (long transactions), hence both.
    ``known_from`` is how far back the keys of the lookback window reach: the overlap
    never goes below it, or rows in the table would be taken for new ones.

    Raises ClockError where the server's time is so far behind the watermark that no later
    window would reach down to the rows that are stamped now.
    """
    end = server_time - margin
    if watermark is None:
        return Window(start=None, end=end, new_from=None)
    start = watermark - lookback
    if known_from is not None:
        start = min(max(start, known_from), watermark)
    if end < min(start, watermark - margin):
        raise ClockError(
            f"the org's clock says {literal(server_time)}, this object was read up to "
            f"{literal(watermark)}: rows that get a time in between would be passed over; once "
            f"the clock is past that, lakehouse run --since {literal(end - lookback)} reads them, "
            "or with an earlier time if the clock was set back further"
        )
    return Window(start=start, end=end, new_from=watermark)


def soql(object_name: str, selection: Selection, part: Window) -> str:
    """The query for a window. No ORDER BY and no LIMIT: they turn PK chunking off."""
    names = ", ".join(source.field.name for source in selection.sources)
    stamp = selection.stamp_field
    bounds = [f"{stamp} < {literal(part.end)}"]
    if part.start is not None:
        bounds.insert(0, f"{stamp} >= {literal(part.start)}")
    return f"SELECT {names} FROM {object_name} WHERE {' AND '.join(bounds)}"  # noqa: S608


def literal(moment: datetime) -> str:
    """A time in SOQL."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
