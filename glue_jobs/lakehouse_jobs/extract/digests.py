"""64-bit digests of keys (id, systemmodstamp, ``_is_deleted``), on local disk in shares.

Equal keys have equal digests, and nearly all others differ: what has one digest twice is
looked at again by its keys.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_jobs.extract.columns import STAMP_COLUMN

SHARES: Final = 256  # by the first byte of the digest: at 10 million rows each is 40,000
_ID: Final = 18
# Odd constants of splitmix64, which spread every bit over the word.
_MIX: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def digests(keys: pa.Table) -> pa.UInt64Array:
    """One for each row."""
    ids = pc.fill_null(keys["id"].combine_chunks(), "").cast(pa.binary())
    stamps = pc.fill_null(keys[STAMP_COLUMN].combine_chunks().cast(pa.int64()), -1)
    deleted = keys[SystemColumn.IS_DELETED.value].combine_chunks().cast(pa.uint8())
    low, high = _words(ids)
    mixed = _mixed(low, pa.scalar(0, pa.uint64()), _MIX[0])
    mixed = _mixed(high, mixed, _MIX[1])
    mixed = _mixed(stamps.view(pa.uint64()), mixed, _MIX[2])
    return _mixed(pc.fill_null(deleted, 2).cast(pa.uint64()), mixed, _MIX[0])


def _words(ids: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Characters 1 to 8 and 8 to 15 of ids; the last three only repeat what these say."""
    if pc.all(pc.equal(pc.binary_length(ids), _ID)).as_py():
        return _sliced(ids, 0), _sliced(ids, 7)
    parts = [hashlib.blake2b(i, digest_size=16).digest() for i in ids.to_pylist()]
    texts = pa.array(parts, pa.binary())
    return _sliced(texts, 0), _sliced(texts, 8)


def _sliced(texts: pa.Array, start: int) -> pa.Array:
    """Eight bytes of each as one number."""
    cut = pc.binary_slice(texts, start, start + 8)
    first = pa.Array.from_buffers(pa.int32(), 1, [None, cut.buffers()[1]], offset=cut.offset)
    data = cut.buffers()[2].slice(first[0].as_py())
    return pa.Array.from_buffers(pa.uint64(), len(cut), [None, data])


def _mixed(values: pa.Array, state: pa.Array | pa.Scalar, factor: int) -> pa.Array:
    product = pc.multiply(pc.add(values, state), pa.scalar(factor, pa.uint64()))
    return pc.bit_wise_xor(product, pc.shift_right(product, pa.scalar(29, pa.uint64())))


class DigestFiles:
    """Digests in a folder; memory holds one share at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = [folder / f"{share:03d}" for share in range(SHARES)]

    def add(self, values: pa.UInt64Array) -> None:
        """Put each into its share."""
        shares = pc.shift_right(values, pa.scalar(56, pa.uint64())).cast(pa.uint8())
        ordered = values.take(pc.sort_indices(shares))
        data = ordered.buffers()[1]
        start = 0
        counts = Counter(dict(zip(*_counted(shares), strict=True)))
        for share in sorted(counts):
            size = counts[share] * 8
            with self._paths[share].open("ab") as file:
                file.write(data.slice(start, size))
            start += size

    def repeated(self) -> Iterator[pa.UInt64Array]:
        """The digests that are there more than once, a share at a time."""
        for path in self._paths:
            if not path.exists():
                continue
            data = pa.py_buffer(path.read_bytes())
            share = pa.Array.from_buffers(pa.uint64(), data.size // 8, [None, data])
            if pc.count_distinct(share).as_py() == len(share):
                continue
            counted = share.value_counts()
            yield counted.field("values").filter(pc.greater(counted.field("counts"), 1))


def _counted(values: pa.Array) -> tuple[list[int], list[int]]:
    counted = values.value_counts()
    return counted.field("values").to_pylist(), counted.field("counts").to_pylist()
