"""Values that their column could not hold: kept as text, beside the rows they came with."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from lakehouse_jobs.errors import TooManyRejectedError

MOST_CHARACTERS: Final = 1 << 26  # of rejected values in one run: they are held in memory


class Rejected(NamedTuple):
    """One value. The row it belongs to has null in its place, or what can be read of it."""

    id: str  # of the record
    stamp: str  # its systemmodstamp, ISO 8601
    field: str  # API name
    value: str  # as Salesforce sent it; of a hashed field its hash
    reason: str  # one sentence, without the value

    @property
    def key(self) -> int:
        """Equal for the same value of the same version, in this process."""
        return hash((self.id, self.stamp, self.field, self.value))


@dataclass(kw_only=True)
class Tally:
    """Counts the values of one object and run, once each, whatever is read again.

    Several threads may add. ``known`` gives the keys of values that are in the table of
    rejected values already; it is asked only once there is something to compare.
    """

    object_name: str
    limit: int
    known: Callable[[], frozenset[int]]
    _fields: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)
    _characters: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new(self, values: Iterable[Rejected]) -> list[Rejected]:
        """Those that are not in the table. Raises TooManyRejectedError."""
        with self._lock:
            kept = [v for v in values if v.key not in self._known]
            for value in kept:
                if value.key not in self._seen:
                    self._seen.add(value.key)
                    self._fields[value.field] += 1
                    self._characters += len(value.value)
            if len(self._seen) > self.limit or self._characters > MOST_CHARACTERS:
                raise self._too_many()
        return kept

    @property
    def count(self) -> int:
        """How many values are new."""
        return len(self._seen)

    @property
    def sentence(self) -> str | None:
        """What to tell a person, or None."""
        if not self._seen:
            return None
        told = " and ".join(
            f"{number:,} {'value' if number == 1 else 'values'} of {name}"
            for name, number in self._fields.most_common(3)
        )
        rest = len(self._fields) - 3
        more = f" and values of {rest} more fields" if rest > 0 else ""
        return f"{told}{more} did not fit, see _rejected"

    @cached_property
    def _known(self) -> frozenset[int]:
        return self.known()

    def _too_many(self) -> TooManyRejectedError:
        name, number = self._fields.most_common(1)[0]
        return TooManyRejectedError(
            f"more than {self.limit:,} values or {MOST_CHARACTERS:,} characters do not fit their "
            f"columns, {number:,} of those seen so far are of {name}, and nothing was written; "
            f"look at {name} in Salesforce, exclude it "
            f"(objects.{self.object_name}.fields.exclude), or raise "
            f"objects.{self.object_name}.max_rejected"
        )


@dataclass(kw_only=True)
class Rejects:
    """The values of one page."""

    tally: Tally
    found: list[Rejected] = field(default_factory=list)

    def add(self, values: Iterable[Rejected]) -> None:
        """Keep what is new. Raises TooManyRejectedError."""
        self.found += self.tally.new(values)
