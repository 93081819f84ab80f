"""Tables cut anew: neither so small that each costs more than its rows, nor too large."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

CHUNK_ROWS: Final = 64 * 1024
CHUNK_BYTES: Final = 32 * 1024 * 1024


def chunked(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of about CHUNK_ROWS rows, or CHUNK_BYTES where rows are long."""
    waiting: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        waiting.append(table)
        rows += len(table)
        size += table.nbytes
        if rows >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield pa.concat_tables(waiting)
            waiting, rows, size = [], 0, 0
    if rows:
        yield pa.concat_tables(waiting)
