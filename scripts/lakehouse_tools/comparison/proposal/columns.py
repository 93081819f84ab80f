"""Which columns of two tables say the same, by their names and by the values of the same keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from lakehouse_tools.comparison.proposal.names import column_likeness
from lakehouse_tools.comparison.proposal.samples import Table, is_id, whole_id
from lakehouse_tools.comparison.sql.types import Kind, SqlType

LEAST: Final = 0.5  # confidence of what is proposed
_ENOUGH: Final = 5  # keys with a value on either side that say something about a column


@dataclass(frozen=True, kw_only=True)
class ColumnProposal:
    """Two columns, with the rules that make their values equal."""

    old: str
    new: str
    confidence: float
    why: str
    rules: dict[str, Any]

    def entry(self) -> dict[str, Any]:
        """What stands in the configuration."""
        named = {} if self.old == self.new else {"old": self.old}
        return {**named, **self.rules, "// why": f"{self.confidence:.2f}: {self.why}"}


def columns(old: Table, new: Table, keys: tuple[str, str], entity: str) -> list[ColumnProposal]:
    """Each new column's best partner, each old column once; without the key."""
    by_key = {whole_id(row[keys[1]] or ""): row for row in new.rows}
    pairs = [
        (row, by_key[whole_id(row[keys[0]] or "")])
        for row in old.rows
        if whole_id(row[keys[0]] or "") in by_key
    ]
    found = []
    for theirs in _comparable(old, keys[0]):
        for ours in _comparable(new, keys[1]):
            name, why = column_likeness(theirs, ours, entity)
            one = _proposal(old, new, theirs, ours, pairs, name, why)
            if one is not None and one.confidence >= LEAST:
                found.append((name, one))
    chosen: list[ColumnProposal] = []
    used: set[str] = set()
    for _, one in sorted(found, key=lambda f: (-f[1].confidence, -f[0], f[1].new)):
        if f"old {one.old}" not in used and f"new {one.new}" not in used:
            used |= {f"old {one.old}", f"new {one.new}"}
            chosen.append(one)
    return sorted(chosen, key=lambda one: list(new.relation.types).index(one.new))


def _comparable(table: Table, key: str) -> list[str]:
    return [
        name
        for name, type_ in table.relation.types.items()
        if name != key and type_.kind is not Kind.OTHER
    ]


def _proposal(
    old: Table,
    new: Table,
    theirs: str,
    ours: str,
    pairs: list[tuple[dict[str, str | None], dict[str, str | None]]],
    name: float,
    why: str,
) -> ColumnProposal | None:
    types = old.relation.types[theirs], new.relation.types[ours]
    values = [(a[theirs], b[ours]) for a, b in pairs]
    values = [(a, b) for a, b in values if a or b]
    rules, share = _agreement(values, *types)
    if len(values) < _ENOUGH:
        if name < 0.9:
            return None
        told = f"{why}; too few values to tell" if pairs else f"{why}; no key of both sides"
        return ColumnProposal(
            old=theirs, new=ours, confidence=0.6 * name, why=told, rules=_typed(rules, *types)
        )
    several = len({b for _, b in values}) > 2  # flags agree by chance
    if name == 0 and not (several and share >= 0.95):
        return None
    confidence = 0.35 * name + 0.65 * share if name else 0.6 * share
    told = f"{why}; {share:.0%} of {len(values)} values agree"
    return ColumnProposal(old=theirs, new=ours, confidence=confidence, why=told, rules=rules)


def _agreement(
    values: list[tuple[str | None, str | None]], old: SqlType, new: SqlType
) -> tuple[dict[str, Any], float]:
    """The least rules with which most values agree, and the share that does."""
    best: tuple[dict[str, Any], float] = ({}, -1.0)
    for rules, same in _ways(old, new):
        agreeing = sum(_equal(same, a, b) for a, b in values)
        share = agreeing / len(values) if values else 0.0
        if share > best[1]:
            best = rules, share
    return best


_Same = Callable[[str], Any]


def _ways(old: SqlType, new: SqlType) -> list[tuple[dict[str, Any], _Same]]:
    if new.kind is Kind.TEXT:
        return [
            ({}, str),
            ({"normalise": ["id18"]}, lambda text: whole_id(text) if is_id(text) else text),
            ({"normalise": ["trim"]}, str.strip),
            ({"normalise": ["lower"]}, str.lower),
            ({"normalise": ["trim", "lower"]}, lambda text: text.strip().lower()),
        ]
    cast = {} if old.kind is new.kind else _typed({}, old, new)
    return [(cast, _READERS[new.kind])]


def _typed(rules: dict[str, Any], old: SqlType, new: SqlType) -> dict[str, Any]:
    """The rules with a cast, where the types say different things."""
    if old.kind is new.kind:
        return rules
    if {old.kind, new.kind} <= {Kind.WHOLE, Kind.DECIMAL}:
        return rules
    name = {
        Kind.WHOLE: "bigint",
        Kind.DECIMAL: f"decimal({new.digits},{new.scale})",
        Kind.TIMESTAMP: "timestamp",
        Kind.TEXT: "varchar",
    }.get(new.kind, str(new.kind))
    return {**rules, "cast": name}


def _equal(read: _Same, old: str | None, new: str | None) -> bool:
    if not old or not new:  # an empty text of the old is null in the new
        return not old and not new
    try:
        return read(old) == read(new)
    except (ValueError, LookupError, ArithmeticError):  # not of that type
        return False


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    whole = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return whole.replace(microsecond=whole.microsecond // 1000 * 1000)


_READERS: Final[dict[Kind, _Same]] = {
    Kind.WHOLE: lambda text: Fraction(text.strip()),
    Kind.DECIMAL: lambda text: round(Fraction(text.strip()), 2),
    Kind.DOUBLE: lambda text: round(float(text), 6),
    Kind.BOOLEAN: lambda text: {"true": True, "1": True, "false": False, "0": False}[
        text.strip().lower()
    ],
    Kind.DATE: lambda text: date.fromisoformat(text.strip()[:10]),
    Kind.TIMESTAMP: _moment,
}
