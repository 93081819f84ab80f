"""The comparison of infrastructure as Markdown and JSON."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from lakehouse_tools.comparison.infrastructure.compared import Infrastructure
from lakehouse_tools.comparison.infrastructure.counterparts import Counterpart, Have
from lakehouse_tools.comparison.infrastructure.openings import Opening

_BY: Final = 3  # new resources named in one line


def as_json(found: Infrastructure) -> str:
    """Everything, for programs."""
    told: dict[str, Any] = {
        "pass": found.passes,
        "old": found.old,
        "new": found.new,
        "agreed": sorted(found.agreed),
    }
    for name in (
        "lacking", "worse", "better", "counterparts", "open_old", "open_new", "imports"
    ):  # fmt: skip
        told[name] = [asdict(one) for one in getattr(found, name)]
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def as_markdown(found: Infrastructure) -> str:
    """The verdict, what is lacking or worse, what is better, what can be imported, the rest."""
    lines = [f"# Infrastructure: {verdict(found)}", ""]
    lines += [f"{', '.join(f'`{name}`' for name in found.old)} against `{found.new}`.", ""]
    lines += _table("What the new lacks", ("part", "old resource", "type", "why"), [
        (c.part, c.id, c.type, c.why) for c in found.lacking
    ])  # fmt: skip
    lines += _table("Open in the new, to close or to agree to", _OPEN, map(_opening, found.worse))
    lines += _table("More open in the old", _OPEN, map(_opening, found.better))
    both = [o for o in found.open_new if o not in found.worse]
    lines += _table("Open in the new too, or agreed to", _OPEN, map(_opening, both))
    lines += _table("What can be imported", ("old resource", "type", "identifier", "as", ""), [
        (i.id, i.type, f"{i.identifier}: {i.value or 'not known'}", i.target or "–", i.why)
        for i in found.imports
    ])  # fmt: skip
    others = [c for c in found.counterparts if c not in found.lacking]
    lines += _table("What stands for the rest", ("part", "old", "type", "new", ""), [
        (c.part, c.id, c.type, by(c) if c.have is not Have.LACKS else "agreed to", c.why)
        for c in others
    ])  # fmt: skip
    return "\n".join(lines)


_OPEN: Final = ("what", "part", "resource", "")


def verdict(found: Infrastructure) -> str:
    """One sentence."""
    if found.passes:
        return "the new lacks nothing and is open in no new way"
    told = []
    if found.lacking:
        told.append(f"the new lacks {len(found.lacking)} of {len(found.counterparts)}")
    if found.worse:
        told.append(f"openings of the new to close or to agree to: {len(found.worse)}")
    return ", ".join(told)


def by(one: Counterpart) -> str:
    """The new resources that stand for an old one."""
    more = f" and {len(one.by) - _BY} more" if len(one.by) > _BY else ""
    return ", ".join(one.by[:_BY]) + more or "–"


def counted(openings: Sequence[Opening]) -> dict[str, int]:
    """How often each kind of opening is there, the worst first."""
    found: dict[str, int] = defaultdict(int)
    for one in openings:
        found[one.kind] += 1
    return dict(found)


def _opening(one: Opening) -> tuple[str, ...]:
    return one.kind, one.part, one.id, one.text


def _table(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    told = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if not told:
        return []
    head = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return [f"## {title}", "", *head, *told, ""]
