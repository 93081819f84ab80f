"""Columns that may come in chunks."""

import pyarrow as pa


def flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of a column that may come in chunks."""
    if isinstance(values, pa.Array):
        return values
    combined = values.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)
