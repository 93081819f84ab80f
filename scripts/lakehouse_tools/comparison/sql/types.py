"""The types of columns, as far as a comparison cares."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError

_T = exp.DataType.Type


class Kind(StrEnum):
    """What decides how two values are compared."""

    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    OTHER = "other"


_KINDS: Final = {
    Kind.TEXT: (_T.VARCHAR, _T.TEXT, _T.CHAR, _T.NCHAR, _T.NVARCHAR),
    Kind.WHOLE: (_T.TINYINT, _T.SMALLINT, _T.INT, _T.BIGINT, _T.INT128, _T.UTINYINT,
                 _T.USMALLINT, _T.UINT, _T.UBIGINT),
    Kind.DECIMAL: (_T.DECIMAL,),
    Kind.DOUBLE: (_T.DOUBLE, _T.FLOAT),
    Kind.BOOLEAN: (_T.BOOLEAN,),
    Kind.DATE: (_T.DATE, _T.DATE32),
    Kind.TIMESTAMP: (_T.TIMESTAMP, _T.TIMESTAMPTZ, _T.TIMESTAMPNTZ, _T.TIMESTAMPLTZ,
                     _T.TIMESTAMP_S, _T.TIMESTAMP_MS, _T.TIMESTAMP_NS, _T.DATETIME),
}  # fmt: skip
_ZONED: Final = (_T.TIMESTAMPTZ, _T.TIMESTAMPLTZ)
_DIGITS: Final = 38  # the most that either engine's decimals have


@dataclass(frozen=True, kw_only=True)
class SqlType:
    """A column's type. ``digits`` and ``scale`` of decimals; ``zoned`` of timestamps."""

    kind: Kind
    text: str  # as the catalog names it
    digits: int = 0
    scale: int = 0
    zoned: bool = False

    @property
    def sql(self) -> exp.DataType:
        """The type to cast to."""
        if self.kind is Kind.DECIMAL:
            return exp.DataType.build(f"decimal({self.digits}, {self.scale})")
        names = {
            Kind.TEXT: "varchar",
            Kind.WHOLE: "bigint",
            Kind.DOUBLE: "double",
            Kind.BOOLEAN: "boolean",
            Kind.DATE: "date",
            # In Athena, without digits, it would be cut to milliseconds.
            Kind.TIMESTAMP: "timestamp(6) with time zone",
        }
        return exp.DataType.build(names[self.kind], dialect="athena")


def sql_type(text: str, *, dialect: str = "athena") -> SqlType:
    """A type by the name that Athena, Glue's catalog or DuckDB gives it."""
    try:
        built = exp.DataType.build(_glue(text), dialect=dialect)
    except (SqlglotError, ValueError):
        return SqlType(kind=Kind.OTHER, text=text)
    kind = next((k for k, names in _KINDS.items() if built.this in names), Kind.OTHER)
    sizes = [int(p.name) for p in built.expressions if p.name.isdigit()]
    if kind is not Kind.DECIMAL:
        return SqlType(kind=kind, text=text, zoned=built.this in _ZONED)
    digits, scale = [*sizes, 0][:2] if sizes else (_DIGITS, 0)
    return SqlType(kind=kind, text=text, digits=digits, scale=scale)


def common(old: SqlType, new: SqlType) -> SqlType | None:
    """The type in which two columns are compared exactly; None where a person has to say."""
    if Kind.OTHER in (old.kind, new.kind):
        return None
    exact = (Kind.WHOLE, Kind.DECIMAL)
    if old.kind in exact and new.kind in exact and old.kind is not new.kind:
        old, new = _decimal(old), _decimal(new)
    if old.kind is not new.kind:
        return None
    if old.kind is Kind.DECIMAL:
        scale = max(old.scale, new.scale)
        digits = max(old.digits - old.scale, new.digits - new.scale) + scale
        if digits > _DIGITS:
            return None
        return SqlType(
            kind=Kind.DECIMAL, text=f"decimal({digits},{scale})", digits=digits, scale=scale
        )
    return new if old.zoned == new.zoned else SqlType(kind=new.kind, text=new.text, zoned=True)


def _decimal(type_: SqlType) -> SqlType:
    if type_.kind is Kind.DECIMAL:
        return type_
    return SqlType(kind=Kind.DECIMAL, text="decimal(19,0)", digits=19)


def _glue(text: str) -> str:
    """Hive's names, which Glue's catalog has, where Athena's SQL has others."""
    lower = text.strip().lower()
    return {"string": "varchar", "timestamptz": "timestamp with time zone"}.get(lower, lower)
