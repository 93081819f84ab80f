"""Results of bulk query jobs: rendered once into a file, read from it page by page.

``<job>.csv`` holds the rows without a header row, ``<job>.rows`` the byte position of each row
and of the end, 8 bytes each. So a page of any size is one stretch of one file, however many
rows there are, and reading it again gives the same bytes.
"""

import csv
import sqlite3
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

DELIMITERS: Final = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDS: Final = {"LF": "\n", "CRLF": "\r\n"}
_ITEM: Final = 8


class _Sink:
    """Where the CSV writer writes: encodes each row and notes where it ends."""

    def __init__(self, rows: BinaryIO, positions: BinaryIO) -> None:
        self.rows = rows
        self.positions = positions
        self.at = 0
        self.ends = array("Q", [0])

    def write(self, text: str) -> None:
        encoded = text.encode("utf-8", "surrogatepass")
        self.rows.write(encoded)
        self.at += len(encoded)
        self.ends.append(self.at)
        if len(self.ends) >= 65_536:
            self.flush()

    def flush(self) -> None:
        self.positions.write(self.ends.tobytes())
        self.ends = array("Q")


def csv_writer(sink: Any, delimiter: str, line_end: str) -> Any:
    """A writer that quotes all values, as Salesforce does."""
    return csv.writer(
        sink,
        quoting=csv.QUOTE_ALL,
        delimiter=DELIMITERS[delimiter],
        lineterminator=LINE_ENDS[line_end],
    )


def header_row(names: Iterable[str], delimiter: str, line_end: str) -> bytes:
    """The header row, which every page repeats."""
    mark = DELIMITERS[delimiter]
    return (mark.join(f'"{name}"' for name in names) + LINE_ENDS[line_end]).encode()


@dataclass(frozen=True)
class ResultFile:
    """The rendered rows of one job."""

    folder: Path
    job: str

    @property
    def _csv(self) -> Path:
        return self.folder / f"{self.job}.csv"

    @property
    def _rows(self) -> Path:
        return self.folder / f"{self.job}.rows"

    def write(self, cursor: sqlite3.Cursor, delimiter: str, line_end: str) -> int:
        """Render all rows; how many there were."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._csv.open("wb", buffering=1 << 20) as rows, self._rows.open("wb") as positions:
            sink = _Sink(rows, positions)
            csv_writer(sink, delimiter, line_end).writerows(cursor)
            sink.flush()
        return self.count()

    def count(self) -> int:
        """Rows in the file."""
        return self._rows.stat().st_size // _ITEM - 1

    def size(self) -> int:
        """Bytes in the file."""
        return self._csv.stat().st_size

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """Where the rows ``start`` to ``end`` (exclusive) lie: first byte, byte after the last."""
        with self._rows.open("rb") as positions:
            ends = []
            for row in (start, end):
                positions.seek(row * _ITEM)
                ends.append(int.from_bytes(positions.read(_ITEM), "little"))
        return ends[0], ends[1]

    def open(self) -> BinaryIO:
        """The rows, to read from."""
        return self._csv.open("rb")

    def delete(self) -> None:
        """Remove the files."""
        self._csv.unlink(missing_ok=True)
        self._rows.unlink(missing_ok=True)
