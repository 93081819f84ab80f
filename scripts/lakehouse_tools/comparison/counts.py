"""What the comparison of one pair counted, and the accuracy in it. Integers, never rounded up."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

# Differing keys that are named in a report; a person can accept no more than these.
MOST_KEYS = 10_000


@dataclass(frozen=True, kw_only=True)
class Differing:
    """One key that differs. ``side``: old or new (only there), both, duplicated."""

    key: tuple[str | None, ...]
    side: str
    columns: tuple[str, ...] = ()  # that differ
    open: tuple[str, ...] = ()  # of these, those that no known difference explains
    unexplained: bool = True
    values: tuple[tuple[str, str | None, str | None], ...] = ()  # column, old, new; by option

    @property
    def cause(self) -> str:
        """What is different, for keys that differ alike."""
        words = {"old": "missing in the new table", "new": "missing in the old table"}
        return words.get(self.side) or (
            "duplicated" if self.side == "duplicated" else ", ".join(self.columns)
        )


@dataclass(kw_only=True)
class ColumnCounts:
    """The pairs of cells of one column."""

    name: str
    type: str
    mismatches: int = 0
    unexplained: int = 0  # mismatches that no known difference explains
    null_old: int = 0  # null in the old table alone
    null_new: int = 0
    alike: int = 0  # differing in blanks or case alone
    near: int = 0  # not equal, but within the tolerance: no mismatches
    compared: int | None = None  # pairs with a value on either side; counted where one differs

    def accuracy(self, *, adjusted: bool = True) -> Fraction:
        """The share of pairs that agree, of those with a value on either side."""
        wrong = self.unexplained if adjusted else self.mismatches
        return Fraction(1) if wrong == 0 else 1 - Fraction(wrong, max(self.compared or 0, wrong))


@dataclass(kw_only=True)
class RowCounts:
    """The keys of both sides."""

    rows_old: int = 0
    rows_new: int = 0
    pairs: int = 0  # keys once on each side
    changed: int = 0  # of them, with a cell that differs
    changed_unexplained: int = 0
    only_old: int = 0
    only_old_unexplained: int = 0
    only_new: int = 0
    only_new_unexplained: int = 0
    duplicated: int = 0  # keys that a side has more than once
    duplicated_old: int = 0
    duplicated_new: int = 0
    null_old: int = 0  # rows without a key
    null_new: int = 0
    columns: list[ColumnCounts] = field(default_factory=list)
    explained: dict[str, int] = field(default_factory=dict)  # known difference → keys
    differing: list[Differing] = field(default_factory=list)
    exact: bool = True  # False: `changed` is counted column group by group, and at most that

    @property
    def keys(self) -> int:
        """Keys on either side; each row without one counts as one."""
        alone = self.only_old + self.only_new
        return self.pairs + alone + self.duplicated + self.null_old + self.null_new

    @property
    def wrong(self) -> int:
        """Keys that are not once on each side with equal cells."""
        return self.keys - self.pairs + self.changed

    @property
    def unexplained(self) -> int:
        """Wrong keys that no known difference explains."""
        alone = self.only_old_unexplained + self.only_new_unexplained
        broken = self.duplicated + self.null_old + self.null_new
        return self.changed_unexplained + alone + broken

    def accuracy(self, *, adjusted: bool = True) -> Fraction:
        """The share of keys that are right."""
        wrong = self.unexplained if adjusted else self.wrong
        return 1 - Fraction(wrong, self.keys) if self.keys else Fraction(0)

    def digest(self) -> str | None:
        """A name for just these unexplained keys; None where too many differ to name them."""
        open_ = [d for d in self.differing if d.unexplained]
        if len(open_) != self.unexplained - self.null_old - self.null_new:
            return None
        lines = sorted(json.dumps([d.side, d.key, d.open]) for d in open_)
        lines.append(json.dumps([self.null_old, self.null_new]))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def percent(share: Fraction) -> str:
    """A share in percent with two decimals, cut and not rounded: 99.996 is 99.99."""
    if share == 1:
        return "100 %"
    sign = "-" if share < 0 else ""
    hundredths = abs(share.numerator) * 10_000 // share.denominator
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d} %"


def percent_up(share: Fraction) -> str:
    """A difference in percent with two decimals, never cut down: 1.004 is 1.01."""
    hundredths = -(-abs(share.numerator) * 10_000 // share.denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def overall(tables: Sequence[RowCounts]) -> Fraction | None:
    """Accuracy over all tables, weighted by keys; only to be shown."""
    keys = sum(t.keys for t in tables)
    return Fraction(keys - sum(t.unexplained for t in tables), keys) if keys else None
