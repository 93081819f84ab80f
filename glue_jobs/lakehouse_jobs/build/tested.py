"""``runs/_tested.json``: up to which batch of each raw table data tests have passed.

With it a build's data tests look at what is newer alone. A build takes the note away when it
begins and leaves one when it has succeeded: after a build that failed or was killed nothing
counts as tested, as it may have left rows of any age that no test has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lakehouse_jobs.build import kept
from lakehouse_jobs.contract.runs import TESTED_KEY

# What another program changed in a table, or a MERGE in rows that it should not have touched, is
# found by then.
WHOLE_EVERY: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What builds that succeeded have tested, the last one included."""

    batches: Mapping[str, int]  # by raw table
    whole_at: datetime  # when whole tables were last tested, UTC
    select: tuple[str, ...]  # what these builds built; none means everything

    def by(self, *, now: datetime, select: Sequence[str]) -> Mapping[str, int]:
        """What counts as tested for a build of these models: nothing when it is time for all."""
        overdue = now - self.whole_at >= WHOLE_EVERY
        return {} if overdue or self.select != tuple(select) else self.batches

    def after(
        self,
        *,
        read: Mapping[str, int],
        counted: Mapping[str, int],
        now: datetime,
        select: Sequence[str],
    ) -> "Tested":
        """What is tested after a build that read these batches, with ``counted`` tested before."""
        whole_at = self.whole_at if counted else now
        return Tested(batches={**counted, **read}, whole_at=whole_at, select=tuple(select))


NOTHING: Final = Tested(batches={}, whole_at=datetime.min.replace(tzinfo=UTC), select=())


def take(*, bucket: str, s3: Any) -> Tested:
    """Take the note away; :data:`NOTHING` where there is none. Raises :class:`BuiltError`."""
    found = kept.read(TESTED_KEY, bucket=bucket, s3=s3)
    kept.write(TESTED_KEY, {}, bucket=bucket, s3=s3)
    try:
        return Tested(
            batches={str(table): int(batch) for table, batch in found["batches"].items()},
            whole_at=datetime.fromisoformat(found["whole_at"]).astimezone(UTC),
            select=tuple(found["select"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return NOTHING


def leave(tested: Tested, *, bucket: str, s3: Any) -> None:
    """Note what is tested, at the end of a build that succeeded. Raises :class:`BuiltError`."""
    note = {
        "batches": dict(tested.batches),
        "whole_at": tested.whole_at.isoformat(),
        "select": list(tested.select),
    }
    kept.write(TESTED_KEY, note, bucket=bucket, s3=s3)
