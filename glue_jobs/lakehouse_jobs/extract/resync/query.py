"""The queries of a resync. No ORDER BY and no LIMIT: they turn PK chunking off."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import literal

# A URL of about 16,000 bytes is the longest that Salesforce takes; an id in it is 27 bytes:
# quotes and comma are escaped.
URL_ROOM: Final = 12_000
ID_IN_URL: Final = 27
# Where the fields alone fill a URL, the query goes to the Bulk API: 100,000 characters.
SOQL_ROOM: Final = 90_000
ID_IN_SOQL: Final = 21
FEWEST_IDS: Final = 100


def select(subject: Subject, *conditions: str | None) -> str:
    """A query for the subject's fields; conditions that are None are left out."""
    names = ", ".join(s.field.name for s in subject.selection.sources)
    given = [c for c in conditions if c]
    where = f" WHERE {' AND '.join(given)}" if given else ""
    return f"SELECT {names} FROM {subject.object_name}{where}"  # noqa: S608


def count(subject: Subject, *conditions: str | None) -> str:
    """A query for the number of records."""
    given = [c for c in conditions if c]
    where = f" WHERE {' AND '.join(given)}" if given else ""
    return f"SELECT COUNT() FROM {subject.object_name}{where}"  # noqa: S608


def stamped(
    subject: Subject, *, since: datetime | None = None, until: datetime | None = None
) -> str | None:
    """The condition for a half-open range of stamps."""
    field = subject.selection.stamp_field
    bounds = [f"{field} >= {literal(since)}"] if since else []
    bounds += [f"{field} < {literal(until)}"] if until else []
    return " AND ".join(bounds) or None


def by_id(subject: Subject, ids: Sequence[str]) -> Iterator[str]:
    """Queries for these records, as few as their length allows."""
    length = len(select(subject))
    at_once = (URL_ROOM - length) // ID_IN_URL
    if at_once < FEWEST_IDS:
        at_once = max(FEWEST_IDS, (SOQL_ROOM - length) // ID_IN_SOQL)
    for start in range(0, len(ids), at_once):
        quoted = ",".join(f"'{i}'" for i in ids[start : start + at_once])
        yield select(subject, f"Id IN ({quoted})")
