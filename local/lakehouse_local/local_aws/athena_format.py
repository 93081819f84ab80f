"""DuckDB's values as Athena prints them, and its types as Athena names them.

docs.aws.amazon.com/athena/latest/ug/data-types.html: a result is text; arrays print as
``[a, b]``, maps as ``{k=v}``, rows as ``{name=value}``, times with zone as
``2024-01-31 10:20:30.123456 UTC``. ministack prints Python's idea of them and calls a
time with zone ``timestamp``.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

Formatter = Callable[[Any], str]

_NAMES: Final = {
    "boolean": "boolean",
    "tinyint": "tinyint",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "utinyint": "integer",
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "hugeint": "bigint",  # what DuckDB's sum of bigint gives
    "uhugeint": "bigint",
    "float": "float",
    "double": "double",
    "decimal": "decimal",
    "varchar": "varchar",
    "json": "json",
    "uuid": "varchar",
    "blob": "varbinary",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamp with time zone": "timestamp with time zone",
    "interval": "interval day to second",
    "list": "array",
    "array": "array",
    "struct": "row",
    "map": "map",
}
# Digits and decimal places as Athena's metadata gives them.
_SIZES: Final = {
    "boolean": (0, 0),
    "tinyint": (3, 0),
    "smallint": (5, 0),
    "integer": (10, 0),
    "bigint": (19, 0),
    "float": (17, 0),
    "double": (17, 0),
    "varchar": (2147483647, 0),
    "varbinary": (1073741824, 0),
    "timestamp": (3, 0),
    "timestamp with time zone": (3, 0),
}


def type_name(kind: Any) -> str:
    """Athena's name of a DuckDB type."""
    return _NAMES.get(kind.id, "varchar")


def size(kind: Any) -> tuple[int, int]:
    """Precision and scale of a DuckDB type as ``ColumnInfo`` has them."""
    if kind.id == "decimal":
        parts = dict(kind.children)
        return int(parts["precision"]), int(parts["scale"])
    return _SIZES.get(type_name(kind), (0, 0))


def formatter(kind: Any) -> Formatter:
    """How values of a DuckDB type print; null prints as ``null`` inside others."""
    if kind.id in ("list", "array"):
        item = _inner(kind.children[0][1])
        return lambda value: "[" + ", ".join(item(v) for v in value) + "]"
    if kind.id == "struct":
        fields = [(name, _inner(child)) for name, child in kind.children]
        return lambda value: (
            "{" + ", ".join(f"{name}={print_(value[name])}" for name, print_ in fields) + "}"
        )
    if kind.id == "map":
        key, item = (_inner(child) for _, child in kind.children)
        return lambda value: "{" + ", ".join(f"{key(k)}={item(v)}" for k, v in value) + "}"
    return _SCALARS.get(kind.id, str)


def _inner(kind: Any) -> Formatter:
    print_ = formatter(kind)
    return lambda value: "null" if value is None else print_(value)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _whole(value: Any) -> str:
    return str(int(value))


def _double(value: float) -> str:
    """As Java prints a double: 1.0, 1.0E10, 1.0E-4, Infinity, NaN."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{Decimal(repr(value)):f}" if "e" in repr(value) else repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    power = int(exponent) + len(text) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def _float(value: float) -> str:
    """The shortest text that is still this four-byte number."""
    import struct

    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            return _double(float(text))
    return _double(value)


def _date(value: date) -> str:
    return f"{value:%Y-%m-%d}"


def _timestamp(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond:06d}"


def _zoned(value: datetime) -> str:
    return f"{_timestamp(value)} UTC"


def _time(value: time) -> str:
    return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"


def _interval(value: Any) -> str:
    months, days, nanoseconds = value
    whole = timedelta(days=months * 30 + days, microseconds=nanoseconds // 1000)
    hours, rest = divmod(whole.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    milliseconds = whole.microseconds // 1000
    return f"{whole.days} {hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def _bytes(value: bytes) -> str:
    return value.hex(" ")


_SCALARS: Final[dict[str, Formatter]] = {
    "boolean": _boolean,
    "hugeint": _whole,
    "uhugeint": _whole,
    "double": _double,
    "float": _float,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamp_s": _timestamp,
    "timestamp_ms": _timestamp,
    "timestamp_ns": _timestamp,
    "timestamp with time zone": _zoned,
    "interval": _interval,
    "blob": _bytes,
}
