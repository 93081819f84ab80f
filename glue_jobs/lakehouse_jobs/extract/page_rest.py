"""Records of a REST query as typed batches, equal to what the Bulk API's CSV becomes.

An object is read by either API from run to run, so a value must not depend on the way
it came: texts of typed values (hashes are made from them) are written as in CSV.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from lakehouse_jobs.errors import ValueRefusedError
from lakehouse_jobs.extract.columns import TYPES, Selection, Source

BATCH: Final = 10_000  # records held as Python objects at once

_REST_DATETIME: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000$")

_PARSERS: Final[dict[str, Callable[[Any], Any]]] = {
    "long": int,
    "double": float,
    "boolean": bool,
    "date": lambda v: date.fromisoformat(str(v)[:10]),
    "timestamptz": lambda v: datetime.fromisoformat(str(v)),
}


def batches(
    records: Iterable[dict[str, Any]], selection: Selection
) -> Iterator[Sequence[pa.Array]]:
    """Arrays in the order of the selection. Raises ValueRefusedError."""
    remaining = iter(records)
    while part := list(islice(remaining, BATCH)):
        yield [
            _array(source, [r.get(source.field.name) for r in part]) for source in selection.sources
        ]


def _array(source: Source, values: list[Any]) -> pa.Array:
    kind = "string" if source.hashed else source.column.type
    read = partial(_text, source.field.type) if kind == "string" else _PARSERS[kind]
    arrow = pa.string() if source.hashed else source.column.arrow
    try:
        # The empty text is null, as it is in the Bulk API's CSV.
        return pa.array([None if v is None or v == "" else read(v) for v in values], arrow)
    except (ValueError, TypeError, pa.ArrowInvalid):
        raise ValueRefusedError(
            f"{source.field.name}: a value does not parse as {kind}, though describe says "
            f"{source.field.type}; exclude the field until its type is settled"
        ) from None


def _text(field_type: str, value: Any) -> str:
    """A value as CSV would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and TYPES.get(field_type) == "double"):
        return _number(float(value))
    if field_type in ("datetime", "anyType"):
        return _REST_DATETIME.sub(r"\1Z", str(value))
    return str(value)


def _number(value: float) -> str:
    """A number as Java, and so Salesforce, writes it: ``23.0``, ``1.0E10``."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return repr(value)
    first, *others = (str(digit) for digit in digits)
    power = exponent + len(others)
    return f"{'-' if sign else ''}{first}.{''.join(others) or '0'}E{power}"
