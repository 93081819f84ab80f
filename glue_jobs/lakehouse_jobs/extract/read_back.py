"""The rows of a data file that was uploaded earlier, or their keys alone."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from lakehouse_jobs.extract.lookback import KEY_SCHEMA

_ROWS: Final = 128 * 1024


def keys_in(io: FileIO, address: str, *, rows: int) -> Iterator[pa.Table]:
    """Keys of all rows, a part at a time; only their columns are fetched.

    Raises OSError where the file cannot be read or has not as many rows.
    """
    for part in rows_in(io, address, rows=rows, columns=KEY_SCHEMA.names):
        yield part.select(KEY_SCHEMA.names).cast(KEY_SCHEMA)


def rows_in(
    io: FileIO, address: str, *, rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Rows with all or some columns; otherwise as :func:`keys_in`."""
    with io.new_input(address).open(seekable=True) as source:
        try:
            file = pq.ParquetFile(source)
            if file.metadata.num_rows != rows:
                raise OSError(f"{address} has {file.metadata.num_rows} rows, not {rows}")
            for batch in file.iter_batches(_ROWS, columns=columns, use_threads=False):
                yield pa.Table.from_batches([batch])
        except pa.ArrowInvalid as error:
            raise OSError(f"{address} is not a data file: {error}") from error
