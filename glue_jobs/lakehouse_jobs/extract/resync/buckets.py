"""The bucket of a record: a number made of its id, the same on both sides."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

ROWS_PER_BUCKET: Final = 50_000
MOST_BUCKETS: Final = 1_024  # above 50 million rows buckets grow instead
# The characters of an id that count up; before them come object and instance, after them a
# checksum of case.
_COUNTING: Final = (7, 15)
_FACTOR: Final = pa.scalar(0x9E3779B97F4A7C15, pa.uint64())  # for multiplicative hashing


def buckets_for(rows: int) -> int:
    """How many buckets keep each at about ROWS_PER_BUCKET rows."""
    return min(MOST_BUCKETS, rows // ROWS_PER_BUCKET + 1)


def bucket_numbers(ids: pa.ChunkedArray, buckets: int) -> pa.ChunkedArray:
    """The bucket of each id, uint16.

    In Arrow's own loops: one in Python over ten million ids would outlast everything else.
    """
    start, end = _COUNTING
    padded = pc.ascii_rpad(ids, width=end, padding="-").cast(pa.binary())
    words = pc.binary_slice(padded, start, end).cast(pa.binary(end - start))
    numbers = pc.multiply(
        pa.chunked_array([c.view(pa.uint64()) for c in words.chunks], pa.uint64()), _FACTOR
    )
    numbers = pc.shift_right(numbers, pa.scalar(32, pa.uint64()))  # the upper half is mixed
    count = pa.scalar(buckets, pa.uint64())
    return pc.subtract(numbers, pc.multiply(pc.divide(numbers, count), count)).cast(pa.uint16())
