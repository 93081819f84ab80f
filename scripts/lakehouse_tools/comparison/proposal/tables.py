"""Which tables of two systems say the same: by their names, and by where the old keys are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Place, Source
from lakehouse_tools.comparison.proposal.columns import ColumnProposal, columns
from lakehouse_tools.comparison.proposal.names import entity, table_likeness
from lakehouse_tools.comparison.proposal.samples import (
    KeyFound,
    Table,
    current_flag,
    find_key,
    key_of,
    matching,
    sample,
)
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.comparison.sql.sides import Relation

LEAST: Final = 0.5
_CUTOFFS: Final = ("systemmodstamp", "system_modstamp", "lastmodifieddate", "last_modified_date")
_MOVED: Final = ("last_modified_at", "last_modified_date", "systemmodstamp", "deleted_at")
# Columns that the new system makes for itself: no partner is looked for.
_OWN: Final = ("_batch", "valid_from", "valid_to", "is_current", "is_closed_by_deletion")


@dataclass(frozen=True, kw_only=True)
class TableProposal:
    """An old table with its new one. Without a new one nothing covers it."""

    old: str
    why: str
    new: str | None = None
    confidence: float = 0.0
    key: tuple[str, str] | None = None  # column of the old, column of the new
    columns: tuple[ColumnProposal, ...] = ()
    as_of: Mapping[str, Any] | None = None
    own: tuple[str, ...] = ()  # columns of the new that the new system makes
    without: tuple[str, ...] = ()  # columns of either side without a partner: "old fax"

    def entry(self) -> dict[str, Any]:
        """What stands in the configuration."""
        old, new = self.key or ("", "")
        found: dict[str, Any] = {
            "old": self.old,
            "new": self.new,
            "// why": f"{self.confidence:.2f}: {self.why}",
        }
        if self.as_of:
            found["as_of"] = dict(self.as_of)
        found["key"] = {new: {"old": old, "normalise": ["id18"]}}
        found["columns"] = {one.new: one.entry() for one in self.columns}
        if self.own:
            found["left_out"] = {"new": list(self.own)}
        if self.without:
            found["// nothing covers"] = list(self.without)
        return found


def propose(engine: Engine, sides: Sides, old: Place, new: Place) -> list[TableProposal]:
    """A proposal for every old table. Raises :class:`NotComparedError` for a missing place."""
    relations = {name: _relation(engine, sides, new, name) for name in sides.tables(new)}
    readable = {name: one for name, one in relations.items() if isinstance(one, Relation)}
    return [_table(engine, sides, old, name, readable) for name in sides.tables(old)]


def _relation(engine: Engine, sides: Sides, place: Place, name: str) -> Relation | str:
    try:
        return engine.open(sides.find(Source(place=place, table=name)))
    except NotComparedError as error:
        return str(error)


def _table(
    engine: Engine, sides: Sides, place: Place, name: str, new: Mapping[str, Relation]
) -> TableProposal:
    relation = _relation(engine, sides, place, name)
    if isinstance(relation, str):
        return TableProposal(old=name, why=relation)
    old = sample(engine, name, relation)
    if not old.rows:
        return TableProposal(old=name, why="it has no rows to look at")
    key = key_of(old, entity(name))
    if key is None:
        return TableProposal(
            old=name, why="no column holds a Salesforce id once in each row: name its key yourself"
        )
    return _best(engine, old, key, new)


def _best(engine: Engine, old: Table, key: str, new: Mapping[str, Relation]) -> TableProposal:
    likeness = {name: table_likeness(old.name, name) for name in new}
    # Only where no name is alike is every table asked for the keys.
    alike = [name for name in new if likeness[name][0]] or list(new)
    keys = [value for value in old.values(key) if value]
    found: list[tuple[float, str, KeyFound]] = []
    for name in alike:
        one = find_key(engine, new[name], keys)
        if one is not None:
            found.append((0.4 * likeness[name][0] + 0.6 * one.share, name, one))
    if not found:
        return TableProposal(old=old.name, why=f"no table of the new has its keys ({key})")
    # A dimension or fact before a report that has the same keys.
    confidence, name, one = max(found, key=lambda f: (f[0], not f[1].startswith("rpt_"), f[1]))
    why = f"{likeness[name][1]}; {one.share:.0%} of {len(keys)} keys are in {one.column}"
    if confidence < LEAST:
        return TableProposal(old=old.name, why=f"{name} is too unlike ({confidence:.2f}: {why})")
    return _whole(engine, old, key, name, new[name], one, confidence, why)


def _whole(
    engine: Engine,
    old: Table,
    key: str,
    name: str,
    relation: Relation,
    one: KeyFound,
    confidence: float,
    why: str,
) -> TableProposal:
    keys = [value for value in old.values(key) if value]
    new = matching(engine, name, relation, one.column, keys)
    pairs = columns(old, new, (key, one.column), entity(name))
    own = [n for n in relation.types if n in _OWN or n.endswith("_key")]
    pairs = [pair for pair in pairs if pair.new not in own]
    as_of, cutoff = _as_of(old.relation, relation)
    used_old = {key, cutoff, *(pair.old for pair in pairs)}
    used_new = {one.column, *own, *(pair.new for pair in pairs)}
    without = [f"old {n}" for n in old.relation.types if n not in used_old]
    without += [f"new {n}" for n in relation.types if n not in used_new]
    return TableProposal(
        old=old.name,
        new=name,
        confidence=confidence,
        why=why,
        key=(key, one.column),
        columns=tuple(pairs),
        as_of=as_of,
        own=tuple(own),
        without=tuple(without),
    )


def _as_of(old: Relation, new: Relation) -> tuple[dict[str, Any] | None, str | None]:
    """How both sides come to one moment, and the old column that says so."""
    cutoff = next((name for name in _CUTOFFS if name in old.types), None)
    if cutoff is None:
        return None, None
    if {"valid_from", "valid_to"} <= set(new.types):
        found: dict[str, Any] = {
            "cutoff": cutoff, "valid_from": "valid_from", "valid_to": "valid_to"
        }  # fmt: skip
        if current := current_flag(new):
            found["is_current"] = current
        if "is_closed_by_deletion" in new.types:
            found["closed_by_deletion"] = "is_closed_by_deletion"
        return found, cutoff
    moved = [name for name in _MOVED if name in new.types]
    return ({"cutoff": cutoff, "moved": moved} if moved else None), cutoff
