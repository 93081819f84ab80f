"""One Parquet file: written on local disk in row groups, uploaded when it is whole."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_jobs.raw.added import Footer

# 128k rows: smaller groups cost file size, larger ones memory (docs/benchmarks.md).
ROW_GROUP: Final = 128 * 1024
GROUP_BYTES: Final = 1 << 25  # in memory: wide rows make smaller groups
SAMPLE: Final = 2048  # rows


class DataFile:
    """Takes tables, keeps at most a row group of them. Its file vanishes on exit."""

    def __init__(self, path: Path, schema: pa.Schema, repetitive: "Repetitive") -> None:
        self.path = path
        self.rows = 0
        self._schema = schema
        self._repetitive = repetitive
        self._writer: pq.ParquetWriter | None = None
        self._footers: list[pq.FileMetaData] = []  # the writer's, once it is closed
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        self.path.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Add rows. Batches are gathered: a row group for each would cost half as much again."""
        self.rows += len(table)
        self._waiting.append(table)
        self._waiting_rows += len(table)
        self._waiting_bytes += table.get_total_buffer_size()
        if self._waiting_rows >= ROW_GROUP or self._waiting_bytes >= GROUP_BYTES:
            self._write()

    def finish(self, upload: Callable[[Path], str]) -> tuple[str, Footer] | None:
        """Close and upload; address and footer, or None where there are no rows."""
        if self._waiting_rows:
            self._write()
        if self._writer is None:
            return None
        self._writer.close()
        self._writer = None
        footer = Footer.of(self._footers[0], size=self.path.stat().st_size)
        return upload(self.path), footer

    def _write(self) -> None:
        rows = pa.concat_tables(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                self._schema,
                compression="zstd",
                use_dictionary=self._repetitive.of(rows),  # pyright: ignore[reportArgumentType]
                # Iceberg reads the columns by their field ids, not by Arrow's own schema.
                store_schema=False,
                metadata_collector=self._footers,
            )
        self._writer.write_table(rows, row_group_size=ROW_GROUP)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0


@dataclass(kw_only=True)
class Repetitive:
    """Columns of few values, by the first rows that are written: a dictionary is for these only.

    Where most values differ it costs half as much again, and space (docs/benchmarks.md). The
    first file of a reading decides for all of them, as their rows are of one kind.
    """

    _names: list[str] | None = None

    def of(self, rows: pa.Table) -> list[str]:
        """The names; of these rows where nothing was written yet."""
        if self._names is None:
            self._names = repetitive(rows)
        return self._names


def repetitive(rows: pa.Table) -> list[str]:
    """Columns of few values."""
    first = rows.slice(0, SAMPLE)
    return [
        name
        for name, column in zip(first.column_names, first.columns, strict=True)
        if len(column.unique()) * 8 < len(first)
    ]
