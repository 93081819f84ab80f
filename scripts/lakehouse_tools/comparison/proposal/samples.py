"""A few rows of either side, and the new rows that have the same keys."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlglot import exp

from lakehouse_jobs.salesforce.login import long_id
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.sql.sides import Relation
from lakehouse_tools.comparison.sql.types import Kind

ROWS: Final = 500
_ID: Final = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_SHORT: Final = 15  # characters that name a record, in ids of either length


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, and some of its rows as texts by lower-case column."""

    name: str
    relation: Relation
    rows: tuple[dict[str, str | None], ...]

    def values(self, column: str) -> list[str | None]:
        """A column of the sample."""
        return [row[column] for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class KeyFound:
    """The new table's column that holds an old key, and how many of the keys it has."""

    column: str
    share: float


def sample(engine: Engine, name: str, relation: Relation) -> Table:
    """The first rows that the engine gives."""
    query = exp.select(*_texts(relation)).from_(relation.table.copy()).limit(ROWS)
    return Table(name=name, relation=relation, rows=tuple(engine.answer(query)))


def matching(
    engine: Engine, name: str, relation: Relation, key: str, wanted: Sequence[str]
) -> Table:
    """The current rows of a table that have one of these keys."""
    query = exp.select(*_texts(relation)).from_(relation.table.copy())
    query = query.where(_short(key).isin(*{one[:_SHORT] for one in wanted}))
    if current := current_flag(relation):
        query = query.where(exp.column(current, quoted=True))
    return Table(name=name, relation=relation, rows=tuple(engine.answer(query)))


def key_of(table: Table, entity: str) -> str | None:
    """The column that names a row: the id of Salesforce, once and never null in the sample."""
    compact = entity.replace("_", "")
    for name in ("id", f"{compact}id", f"{entity}_id", *sorted(table.relation.types)):
        if name not in table.relation.types:
            continue
        values = table.values(name)
        ids = [value for value in values if value and is_id(value)]
        if values and len(ids) == len(values) == len(set(ids)):
            return name
    return None


def find_key(engine: Engine, relation: Relation, wanted: Sequence[str]) -> KeyFound | None:
    """Where a table holds these keys, each once among its current rows."""
    texts = [n for n, t in relation.types.items() if t.kind is Kind.TEXT]
    if not texts:
        return None
    short = {one[:_SHORT] for one in wanted}
    parts: list[exp.Expr] = [exp.Count(this=exp.Star()).as_("n")]
    for index, name in enumerate(texts):
        inside = exp.Case().when(_short(name).isin(*short), _short(name))
        parts.append(_distinct(inside).as_(f"f{index}"))
        parts.append(_distinct(exp.column(name, quoted=True)).as_(f"d{index}"))
    query = exp.select(*parts).from_(relation.table.copy())
    if current := current_flag(relation):
        query = query.where(exp.column(current, quoted=True))
    row = engine.answer(query)[0]
    found = [
        KeyFound(column=name, share=int(row[f"f{index}"]) / len(short))
        for index, name in enumerate(texts)
        if row[f"f{index}"] and int(row[f"d{index}"]) == int(row["n"])
    ]
    return max(found, key=lambda one: one.share, default=None)


def current_flag(relation: Relation) -> str | None:
    """The flag of a history's current rows."""
    type_ = relation.types.get("is_current")
    return "is_current" if type_ is not None and type_.kind is Kind.BOOLEAN else None


def is_id(value: str) -> bool:
    """Whether a text has the form of a Salesforce id."""
    return bool(_ID.fullmatch(value)) and any(c.isdigit() for c in value)


def whole_id(value: str) -> str:
    """An id with 18 characters."""
    return long_id(value) if is_id(value) else value


def _texts(relation: Relation) -> list[exp.Expr]:
    return [
        exp.cast(exp.column(name, quoted=True), "varchar").as_(name, quoted=True)
        for name, type_ in relation.types.items()
        if type_.kind is not Kind.OTHER
    ]


def _short(name: str) -> exp.Expr:
    return exp.func("substr", exp.column(name, quoted=True), exp.Literal.number(1),
                    exp.Literal.number(_SHORT))  # fmt: skip


def _distinct(value: Any) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[value]))
