"""Tables cut anew: neither so small that each costs more than its rows, nor too large."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

CHUNK_ROWS: Final = 64 * 1024
CHUNK_BYTES: Final = 32 * 1024 * 1024


def chunked(
    tables: Iterable[pa.Table], *, most_rows: int | None = None, most_bytes: int | None = None
) -> Iterator[pa.Table]:
    """The same rows in tables of about so many rows, or bytes of Arrow where rows are long.

    Default: CHUNK_ROWS and CHUNK_BYTES.
    """
    most_rows, most_bytes = most_rows or CHUNK_ROWS, most_bytes or CHUNK_BYTES
    waiting: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        waiting.append(table)
        rows += len(table)
        size += table.nbytes
        if rows >= most_rows or size >= most_bytes:
            yield pa.concat_tables(waiting)
            waiting, rows, size = [], 0, 0
    if rows:
        yield pa.concat_tables(waiting)
