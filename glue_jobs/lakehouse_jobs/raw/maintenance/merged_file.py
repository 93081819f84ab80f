"""Rows of many data files written to few, as they are and in the same order."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

from lakehouse_jobs.raw.chunks import chunked
from lakehouse_jobs.raw.maintenance.small_files import MB

TARGET: Final = 256 * MB  # bytes of a merged file; smaller where the rows give no more
# A row group is full at either: the rows of wide tables are large.
GROUP_ROWS: Final = 128 * 1024
GROUP_BYTES: Final = 64 * MB  # of Arrow
_STEP_ROWS: Final = 16 * 1024

_FIELD_ID: Final = b"PARQUET:field_id"

Keep = Callable[[pa.Table], pa.Table]


def merge(
    paths: Sequence[str],
    *,
    io: FileIO,
    schema: pa.Schema,
    folder: Path,
    upload: Callable[[Path], str],
    keep: Keep | None = None,
) -> list[str]:
    """Write the rows of Parquet files to new ones of this schema; their addresses.

    Columns are matched by field id. Memory holds a row group, the disk one merged file.

    :param keep: which rows of a table are written, in their order. Default: all.
    """
    written: list[str] = []
    rows = _batches(paths, io=io, schema=schema)
    groups = chunked(
        map(keep, rows) if keep else rows, most_rows=GROUP_ROWS, most_bytes=GROUP_BYTES
    )
    group = next(groups, None)
    while group is not None:
        path = folder / f"{uuid.uuid4().hex}.parquet"
        try:
            with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
                while group is not None and path.stat().st_size < TARGET:
                    writer.write_table(group, row_group_size=len(group))
                    group = next(groups, None)
            written.append(upload(path))
        finally:
            path.unlink(missing_ok=True)
    return written


def _batches(paths: Sequence[str], *, io: FileIO, schema: pa.Schema) -> Iterator[pa.Table]:
    for path in paths:
        with io.new_input(path).open() as source, pq.ParquetFile(source) as file:
            for batch in file.iter_batches(_STEP_ROWS, use_threads=False):
                yield _as(schema, pa.Table.from_batches([batch]))


def _as(schema: pa.Schema, rows: pa.Table) -> pa.Table:
    """The rows with the columns of a schema; null where the file is older than a column."""
    place = {_id(field): number for number, field in enumerate(rows.schema)}
    arrays = [
        rows.column(place[_id(field)]).cast(field.type)
        if _id(field) in place
        else pa.chunked_array([pa.nulls(len(rows), field.type)])
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _id(field: pa.Field) -> bytes:
    """A field's id; its name where the file has none, as columns are never renamed."""
    return (field.metadata or {}).get(_FIELD_ID) or field.name.encode()
