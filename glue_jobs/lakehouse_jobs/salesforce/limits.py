"""The org's limits, as ``/limits`` and the header of every answer tell them.

Each is counted over the last 24 hours, whoever used it: it goes down by itself as old
use drops out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

LIMIT_INFO: Final = "Sforce-Limit-Info"


class Limit(StrEnum):
    """Keys of ``/limits`` that an extraction uses up."""

    REQUESTS = "DailyApiRequests"
    QUERY_JOBS = "DailyBulkV2QueryJobs"
    RESULT_MEGABYTES = "DailyBulkV2QueryFileStorageMB"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much of a limit is used up, by everybody."""

    used: int
    limit: int


def read_limits(answer: Any) -> dict[Limit, Usage]:
    """What ``/limits`` says; a limit that it lacks, or gives as zero, is left out."""
    found: dict[Limit, Usage] = {}
    for name in Limit:
        values = answer.get(name.value) if isinstance(answer, Mapping) else None
        if not isinstance(values, Mapping):
            continue
        most, left = values.get("Max"), values.get("Remaining")
        if isinstance(most, int) and isinstance(left, int) and most > 0:
            found[name] = Usage(used=most - left, limit=most)
    return found


def read_limit_info(header: str | None) -> Usage | None:
    """The figures in ``api-usage=18/5000``, which other entries may follow."""
    found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", header or "")
    return Usage(used=int(found[1]), limit=int(found[2])) if found else None
