"""Both systems' infrastructure side by side."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lakehouse_tools.comparison.infrastructure.counterparts import (
    Counterpart,
    Have,
    counterparts,
)
from lakehouse_tools.comparison.infrastructure.imports import Import, imports
from lakehouse_tools.comparison.infrastructure.openings import GRAVE, Opening, openings
from lakehouse_tools.comparison.infrastructure.system import System


@dataclass(frozen=True, kw_only=True)
class Infrastructure:
    """What came of it. ``agreed``: ``lacks:ID`` and ``open:ID`` of a person."""

    old: tuple[str, ...]  # files
    new: str
    counterparts: tuple[Counterpart, ...]
    open_old: tuple[Opening, ...]
    open_new: tuple[Opening, ...]
    imports: tuple[Import, ...]
    agreed: frozenset[str]

    @property
    def lacking(self) -> list[Counterpart]:
        """What the old has that nothing in the new stands for, without what is agreed."""
        return [
            one
            for one in self.counterparts
            if one.have is Have.LACKS and f"lacks:{one.id}" not in self.agreed
        ]

    @property
    def worse(self) -> list[Opening]:
        """What lets others in, and what is open as nothing of that part is in the old."""
        before = {(one.kind, one.part) for one in self.open_old}
        return [
            one
            for one in self.open_new
            if (one.kind in GRAVE or (one.kind, one.part) not in before)
            and f"open:{one.id}" not in self.agreed
        ]

    @property
    def better(self) -> list[Opening]:
        """What is open in the old, and nothing of that part is in the new."""
        now = {(one.kind, one.part) for one in self.open_new}
        return [one for one in self.open_old if (one.kind, one.part) not in now]

    @property
    def passes(self) -> bool:
        """Whether the new lacks nothing and nothing in it is :attr:`worse`."""
        return not self.lacking and not self.worse


def compared(
    old: System,
    new: System,
    *,
    files: Collection[str],
    stack: str,
    physical: Mapping[str, Collection[str]],
    agreed: Collection[str],
) -> Infrastructure:
    """Compare the old templates' resources with those of the new stack."""
    return Infrastructure(
        old=tuple(files),
        new=stack,
        counterparts=tuple(counterparts(old, new)),
        open_old=tuple(openings(old)),
        open_new=tuple(openings(new)),
        imports=tuple(imports(old, new, physical)),
        agreed=frozenset(agreed),
    )
