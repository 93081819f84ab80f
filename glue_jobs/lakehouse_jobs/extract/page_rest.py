"""Records of a REST query as typed batches, equal to what the Bulk API's CSV becomes.

An object is read by either API from run to run, so a value must not depend on the way
it came: texts of typed values (hashes are made from them) are written as in CSV.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from lakehouse_jobs.extract.columns import TYPES, Selection, Source
from lakehouse_jobs.extract.fitting import Misfit, rejected
from lakehouse_jobs.extract.rejects import Rejects

BATCH: Final = 10_000  # records held as Python objects at once

_REST_DATETIME: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000$")


def batches(
    records: Iterable[dict[str, Any]], selection: Selection, rejects: Rejects
) -> Iterator[Sequence[pa.Array]]:
    """Arrays in the order of the selection; what does not fit goes to ``rejects``.

    Raises ValueRefusedError where an Id or a stamp does not parse.
    """
    remaining = iter(records)
    while part := list(islice(remaining, BATCH)):
        arrays: list[pa.Array] = []
        misfits: list[tuple[Source, Misfit]] = []
        for source in selection.sources:
            array, odd = _column(source, [r.get(source.field.name) for r in part])
            arrays.append(array)
            misfits += [(source, m) for m in odd]
        rejects.add(rejected(arrays, misfits, selection))
        yield arrays


def _column(source: Source, values: list[Any]) -> tuple[pa.Array, list[Misfit]]:
    kind = "string" if source.hashed else source.column.type
    arrow = pa.string() if source.hashed else source.column.arrow
    read = partial(_text, source.field.type) if kind == "string" else _PARSERS[kind]
    try:
        # The empty text is null, as it is in the Bulk API's CSV.
        return pa.array([None if v is None or v == "" else read(v) for v in values], arrow), []
    except (ValueError, TypeError, OverflowError, pa.ArrowInvalid):
        return _one_by_one(source, values, read, arrow)


def _one_by_one(
    source: Source, values: list[Any], read: Callable[[Any], Any], arrow: pa.DataType
) -> tuple[pa.Array, list[Misfit]]:
    kept: list[Any] = []
    misfits: list[Misfit] = []
    for row, value in enumerate(values):
        try:
            scalar = pa.scalar(None if value is None or value == "" else read(value), arrow)
            kept.append(scalar.as_py())
        except UnicodeEncodeError:
            # Half a surrogate pair: JSON can say it, UTF-8 cannot.
            text = str(value).encode("utf-8", "replace").decode()
            kept.append(text)
            escaped = str(value).encode("utf-8", "backslashreplace").decode()
            misfits.append(Misfit(row, escaped, "has half a surrogate pair: here as \\u...."))
        except (ValueError, TypeError, OverflowError, pa.ArrowInvalid):
            kept.append(None)
            reason = f"does not parse as {arrow}, though describe says {source.field.type}"
            misfits.append(Misfit(row, _text(source.field.type, value), reason))
    return pa.array(kept, arrow), misfits


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


def _whole(value: Any) -> int:
    number = int(value)
    # 5.0 is a whole number, 5.5 is none; as text it was parsed above.
    if isinstance(value, bool) or (isinstance(value, float) and value != number):
        raise ValueError
    return number


def _double(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise ValueError


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


_PARSERS: Final[dict[str, Callable[[Any], Any]]] = {
    "long": _whole,
    "double": _double,
    "boolean": _boolean,
    "date": lambda v: date.fromisoformat(str(v)),
    "timestamptz": _moment,
}
