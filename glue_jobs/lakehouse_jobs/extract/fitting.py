"""Text into typed columns: whole arrays at once, one by one only where a value does not fit.

The parsers are Arrow's own, as in the fast reading of CSV, so a value means the same
whichever way its page was read.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.errors import ValueRefusedError
from lakehouse_jobs.extract.columns import Selection, Source
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS

# Iceberg's libraries read the bounds of a column as Python's dates: none before year 1.
_FIRST: Final = {
    pa.date32(): pa.scalar(date.min, pa.date32()),
    UTC_MICROSECONDS: pa.scalar(datetime.min.replace(tzinfo=UTC), UTC_MICROSECONDS),
}


class Misfit(NamedTuple):
    """A value in a column."""

    row: int
    value: str
    reason: str


def fitted(
    texts: Sequence[pa.Array], selection: Selection
) -> tuple[list[pa.Array], list[Rejected]]:
    """Typed arrays from binary ones in the order of the selection, and what did not fit.

    Raises ValueRefusedError for an Id or a stamp: without them a row has no place.
    """
    arrays: list[pa.Array] = []
    misfits: list[tuple[Source, Misfit]] = []
    for source, values in zip(selection.sources, texts, strict=True):
        array, odd = fit(source, values)
        arrays.append(array)
        misfits += [(source, m) for m in odd]
    return arrays, rejected(arrays, misfits, selection)


def rejected(
    arrays: Sequence[pa.Array], misfits: Sequence[tuple[Source, Misfit]], selection: Selection
) -> list[Rejected]:
    """The misfits with the version that each belongs to. Raises ValueRefusedError."""
    if not misfits:
        return []
    by_name = {s.field.name.lower(): a for s, a in zip(selection.sources, arrays, strict=True)}
    needed = ("id", selection.stamp_field.lower())
    for source, misfit in misfits:
        if source.field.name.lower() in needed:
            raise ValueRefusedError(
                f"{source.field.name}: a value {misfit.reason}, and without it a record has no "
                "place; run this object again, and ask Salesforce's support if it stays so"
            )
    ids, stamps = (by_name[name] for name in needed)
    return [
        Rejected(
            id=ids[m.row].as_py() or "",
            stamp=_moment(stamps[m.row].as_py()),
            field=s.field.name,
            value=hashlib.sha256(m.value.encode()).hexdigest() if s.hashed else m.value,
            reason=m.reason,
        )
        for s, m in misfits
    ]


def fit(source: Source, values: pa.Array) -> tuple[pa.Array, list[Misfit]]:
    """One column; null, or what can be read of a text, stands for what does not fit."""
    kind = "string" if source.hashed else source.column.type
    arrow = pa.string() if source.hashed else source.column.arrow
    convert = _CONVERTERS.get(kind, lambda array: pc.cast(_stripped(array), arrow))
    misfits: list[Misfit] = []

    def single(value: bytes, row: int) -> Any:
        read, reason = _single(value, kind, source.field.type)
        if reason:
            misfits.append(Misfit(row, value.decode("utf-8", "backslashreplace"), reason))
        return read

    parts = list(_parts(values, convert, single, arrow, first=0))
    return pa.concat_arrays(parts) if parts else pa.array([], arrow), misfits


def in_range(values: pa.Array) -> bool:
    """Whether no date or time lies before year 1, which Iceberg's libraries cannot read."""
    first = _FIRST.get(values.type)
    if first is None:
        return True
    lowest = pc.min_max(values)["min"]
    return not lowest.is_valid or pc.less_equal(first, lowest).as_py()


def whole(texts: pa.Array) -> pa.Array:
    """Whole numbers, also where they are written as ``5.0``. Raises pa.ArrowInvalid.

    Not by way of double: that would round large ones.
    """
    try:
        return pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        return pc.cast(pc.replace_substring_regex(texts, r"\.0*$", ""), pa.int64())


def _parts(
    values: pa.Array,
    convert: Callable[[pa.Array], pa.Array],
    single: Callable[[bytes, int], Any],
    arrow: pa.DataType,
    *,
    first: int,
) -> list[pa.Array]:
    """Halves of halves, down to the values that do not convert."""
    if not len(values):
        return []
    try:
        found = convert(values)
        if in_range(found):
            return [found]
    except pa.ArrowInvalid:
        pass
    if len(values) == 1:
        return [pa.array([single(values[0].as_py(), first)], arrow)]
    middle = len(values) // 2
    return [
        *_parts(values.slice(0, middle), convert, single, arrow, first=first),
        *_parts(values.slice(middle), convert, single, arrow, first=first + middle),
    ]


def _single(value: bytes, kind: str, described: str) -> tuple[Any, str | None]:
    """What can be read of a value that Arrow refused, and the reason where that is not all."""
    if kind == "string":
        text = value.decode("utf-8", "replace")
        return text, "is not UTF-8: the bytes stand here as \\x.., the column has U+FFFD"
    if kind == "long":
        try:
            number = Decimal(value.decode("ascii"))
            if number == number.to_integral_value() and abs(number) < 2**63:
                return int(number), None
        except (InvalidOperation, ValueError, OverflowError):
            pass
    return None, f"does not parse as {kind}, though describe says {described}"


def _stripped(values: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.cast(values, pa.string()))


def _double(values: pa.Array) -> pa.Array:
    found = pc.cast(_stripped(values), pa.float64())
    if not pc.all(pc.is_finite(found), min_count=0).as_py():
        raise pa.ArrowInvalid("not finite")
    return found


def _boolean(values: pa.Array) -> pa.Array:
    known = pc.is_in(values, value_set=pa.array([b"true", b"false", None], pa.binary()))
    if not pc.all(known, min_count=0).as_py():
        raise pa.ArrowInvalid("neither true nor false")
    return pc.equal(values, pa.scalar(b"true", pa.binary()))


_CONVERTERS: Final[dict[str, Callable[[pa.Array], pa.Array]]] = {
    "string": lambda values: pc.cast(values, pa.string()),
    "long": lambda values: whole(_stripped(values)),
    "double": _double,
    "boolean": _boolean,
}


def _moment(stamp: datetime | None) -> str:
    return iso(stamp.astimezone(UTC)) if stamp else ""
