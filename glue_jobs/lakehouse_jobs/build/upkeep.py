"""The upkeep of the tables that dbt makes: once a day, after a build, and never to its harm.

``runs/_upkeep.json`` says when it was last begun. The work is the dbt project's macro ``upkeep``.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lakehouse_jobs.build import kept
from lakehouse_jobs.build.dbt import Project
from lakehouse_jobs.build.errors import BuildError
from lakehouse_jobs.contract.runs import UPKEEP_KEY

MACRO: Final = "upkeep"
# Less than a day, or a nightly schedule would find it not yet due every other night.
_EVERY: Final = timedelta(hours=20)
_MOST: Final = 15  # minutes
_LEAST: Final = 2


def minutes_for(*, build: int | None, elapsed: float) -> int:
    """Minutes that upkeep may take of a build that may take ``build``, after ``elapsed`` seconds.

    At most half of what is left, as a table that is begun is finished; 0 where it had better not
    begin. None: nobody ends the build.
    """
    if build is None:
        return _MOST
    found = min(_MOST, int((build - elapsed / 60) / 2))
    return found if found >= _LEAST else 0


def keep(project: Project, *, minutes: int, now: datetime, bucket: str, s3: Any) -> list[str]:
    """Keep the tables if it is time to; what could not be done, a sentence each. Raises nothing.

    A lake without a note is new, and has nothing to keep. The note is written before the work:
    upkeep that is killed is tried again the next day, not with each build.
    """
    if minutes == 0 or not project.has_macro(MACRO):
        return []
    try:
        last = _last(kept.read(UPKEEP_KEY, bucket=bucket, s3=s3))
        if last is not None and now - last < _EVERY:
            return []
        kept.write(UPKEEP_KEY, {"begun_at": now.isoformat()}, bucket=bucket, s3=s3)
        return [] if last is None else project.operate(MACRO, {"minutes": minutes})
    except BuildError as error:
        return [f"the upkeep of tables was not begun: {error}"]


def _last(note: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(note["begun_at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None
