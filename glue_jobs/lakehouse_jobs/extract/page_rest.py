"""Records of a REST query as typed batches, for objects that the Bulk API refuses."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from lakehouse_jobs.errors import ValueRefusedError
from lakehouse_jobs.extract.columns import Selection, Source

BATCH: Final = 10_000  # records held as Python objects at once

_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": lambda v: v if isinstance(v, str) else _text(v),
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
    read = _READERS[kind]
    arrow = pa.string() if source.hashed else source.column.arrow
    try:
        # The empty text is null, as it is in the Bulk API's CSV.
        return pa.array([None if v is None or v == "" else read(v) for v in values], arrow)
    except (ValueError, TypeError, pa.ArrowInvalid):
        raise ValueRefusedError(
            f"{source.field.name}: a value does not parse as {kind}, though describe says "
            f"{source.field.type}; exclude the field until its type is settled"
        ) from None


def _text(value: Any) -> str:
    """A value of a field without a type of its own (anyType), as CSV would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
