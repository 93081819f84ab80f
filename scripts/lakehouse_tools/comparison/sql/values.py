"""A column's value in the form in which both sides are compared, and when two differ."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import DEFAULT_TOLERANCE, Column, Normal
from lakehouse_tools.comparison.sql.dialects import Dialect
from lakehouse_tools.comparison.sql.types import Kind, SqlType, common, sql_type

_CHECK: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# The difference of two finite doubles may be as great; that to infinity is greater.
_FINITE: Final = "1.7e308"


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of one side. ``failed`` is true where the cast gave nothing of something."""

    sql: exp.Expr
    failed: exp.Expr | None = None


def parsed(sql: str) -> exp.Expr:
    """An expression of the configuration file."""
    return sqlglot.parse_one(sql, read="athena")


def source(name: str, types: dict[str, SqlType]) -> exp.Expr:
    """What ``old`` or ``new`` of a column says: a column of the table, or an expression."""
    if name.lower() in types:
        return exp.column(name.lower(), quoted=True)
    return parsed(name)


def target(column: Column, old: SqlType | None, new: SqlType | None, *, where: str) -> SqlType:
    """The type in which a column is compared. Raises :class:`NotComparedError`."""
    if column.cast is not None:
        return sql_type(column.cast)
    if old is None or new is None:
        raise NotComparedError(
            f"{where}: {column.name} is an SQL expression: say its type with `cast`"
        )
    found = common(old, new)
    if found is None:
        raise NotComparedError(
            f"{where}: {column.name} is {old.text} in the old table and {new.text} in the new one:"
            " say with `cast` in which type they are compared"
        )
    return found


def value(
    column: Column, name: str, types: dict[str, SqlType], wanted: SqlType, dialect: Dialect
) -> Value:
    """The normalised value of one side; ``name``: the column's name or SQL there."""
    raw = source(name, types)
    type_ = types.get(name.lower())
    given = type_.kind if type_ else None
    text = raw
    if given is Kind.TEXT and (column.empty_is_null or wanted.kind is not Kind.TEXT):
        # Blanks around a number or a date are nothing that anybody means.
        text = text if wanted.kind is Kind.TEXT else _trimmed(text)
        if column.empty_is_null:
            text = exp.func("nullif", text, exp.Literal.string(""))
    if wanted.kind is Kind.TEXT:
        plain = text if given is Kind.TEXT else exp.cast(text, wanted.sql)
        return Value(sql=_normal(column, plain, dialect))
    if given is wanted.kind and not _other_form(type_, wanted):
        return Value(sql=_cut(column, text, wanted))
    before = text
    if wanted.kind is Kind.TIMESTAMP and given is Kind.TEXT:
        text = _moment(text)
    cast = _cut(column, exp.TryCast(this=text, to=wanted.sql), wanted)
    failed = exp.and_(before.copy().is_(exp.null()).not_(), cast.copy().is_(exp.null()))
    return Value(sql=cast, failed=failed)


def differs(column: Column, wanted: SqlType, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    """Whether two values differ; within the tolerance they do not."""
    apart = exp.NullSafeNEQ(this=old.copy(), expression=new.copy())
    near = within(column, wanted, old, new)
    return apart if near is None else exp.and_(apart, near.not_())


def within(column: Column, wanted: SqlType, old: exp.Expr, new: exp.Expr) -> exp.Expr | None:
    """Whether two numbers are as near as the tolerance says; None where there is none."""
    numbers = (Kind.DOUBLE, Kind.DECIMAL, Kind.WHOLE)
    usual = DEFAULT_TOLERANCE if wanted.kind is Kind.DOUBLE else 0.0
    absolute = usual if column.tolerance is None else column.tolerance
    relative = usual if column.relative_tolerance is None else column.relative_tolerance
    if wanted.kind not in numbers or not (absolute or relative):
        return None
    limit = f"{absolute!r}"
    if relative:
        limit += f" + {relative!r} * greatest(abs(__o), abs(__n))"
    finite = f" and abs(__o - __n) < {_FINITE}" if wanted.kind is Kind.DOUBLE else ""
    return filled(f"coalesce(abs(__o - __n) <= {limit}{finite}, false)", __o=old, __n=new)


def filled(template: str, **parts: exp.Expr) -> exp.Expr:
    """SQL in Athena's words, with expressions in place of names."""
    tree = _template(template).copy()
    for node in list(tree.find_all(exp.Column)):
        if node.name in parts:
            node.replace(parts[node.name].copy())
    return tree


@cache
def _template(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="athena")


def moment_of(text: exp.Expr) -> exp.Expr:
    """A text as a timestamp with zone; null where it is none."""
    zoned = SqlType(kind=Kind.TIMESTAMP, text="timestamp", zoned=True)
    return exp.TryCast(this=_moment(text), to=zoned.sql)


def _other_form(given: SqlType | None, wanted: SqlType) -> bool:
    """Whether a value of the right kind still has to be cast."""
    if given is None or given.kind is not wanted.kind:
        return True
    if wanted.kind is Kind.DECIMAL:
        return (given.digits, given.scale) != (wanted.digits, wanted.scale)
    return wanted.kind is Kind.TIMESTAMP and wanted.zoned != given.zoned


def _cut(column: Column, value_: exp.Expr, wanted: SqlType) -> exp.Expr:
    if wanted.kind is not Kind.TIMESTAMP or column.precision == "microsecond":
        return value_
    return filled(f"date_trunc('{column.precision}', __x)", __x=value_)


def _normal(column: Column, text: exp.Expr, dialect: Dialect) -> exp.Expr:
    for step in column.normalise:
        if step is Normal.TRIM:
            text = _trimmed(text)
        elif step is Normal.LOWER:
            text = exp.func("lower", text)
        elif step is Normal.NFC:
            text = dialect.composed(text)
        elif step is Normal.ID18:
            text = _id18(text)
    if column.empty_is_null and Normal.TRIM in column.normalise:
        text = exp.func("nullif", text, exp.Literal.string(""))
    return text


def _trimmed(text: exp.Expr) -> exp.Expr:
    return filled("trim(both ' ' from __x)", __x=text)


def _id18(text: exp.Expr) -> exp.Expr:
    """Salesforce's three characters of checksum: bit i of each says whether letter i is a capital.

    help.salesforce.com, "Convert 15-character IDs to 18-character IDs".
    """
    characters = []
    for block in range(3):
        bits = " + ".join(
            f"case when substr(__x, {block * 5 + i + 1}, 1) between 'A' and 'Z'"
            f" then {2**i} else 0 end"
            for i in range(5)
        )
        characters.append(f"substr('{_CHECK}', 1 + {bits}, 1)")
    return filled(
        f"case when length(__x) = 15 then concat(__x, {', '.join(characters)}) else __x end",
        __x=text,
    )


def _moment(text: exp.Expr) -> exp.Expr:
    """ISO 8601 as such systems write it, in the form that both engines cast.

    ``2026-01-31T10:20:30.000+0000``, ``…Z``, ``2026-01-31 10:20:30``; without a zone it is UTC.
    """
    spaced = filled("replace(__x, 'T', ' ')", __x=text)
    return filled(
        "case when __x like '%Z' then concat(substr(__x, 1, length(__x) - 1), '+00:00')"
        " when substr(__x, length(__x) - 4, 1) in ('+', '-') then"
        " concat(substr(__x, 1, length(__x) - 2), ':', substr(__x, length(__x) - 1, 2))"
        " else __x end",
        __x=spaced,
    )
