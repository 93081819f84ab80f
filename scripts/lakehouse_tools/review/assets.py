"""Which files of the assets a change touches."""

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse_tools.review.assembly import Assembly, members


@dataclass(frozen=True, kw_only=True)
class AssetChange:
    """One asset whose content differs; ``+``, ``-`` or ``~`` before each file's name."""

    name: str
    files: tuple[str, ...]


def changed_assets(base: Assembly, head: Assembly, stack: str) -> Iterator[AssetChange]:
    """Assets that are new, gone or changed."""
    before, after = base.assets(stack), head.assets(stack)
    for name in sorted({*before, *after}):
        if name in before and name in after and before[name].name == after[name].name:
            continue  # the name holds the hash of the content
        old = members(before[name]) if name in before else {}
        new = members(after[name]) if name in after else {}
        files = tuple(
            f"{_sign(file, old, new)} {file or name}"
            for file in sorted({*old, *new})
            if old.get(file) != new.get(file)
        )
        if files:
            yield AssetChange(name=name, files=files)


def _sign(file: str, old: dict[str, object], new: dict[str, object]) -> str:
    if file not in old:
        return "+"
    return "~" if file in new else "-"
