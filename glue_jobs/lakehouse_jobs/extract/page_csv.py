"""One CSV result page as a stream of typed batches."""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

import io
import re
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from lakehouse_jobs.errors import MisfitError, TransferError
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.data_file import GROUP_BYTES, ROW_GROUP
from lakehouse_jobs.salesforce.body import Body

SMALLEST_BLOCK: Final = 1 << 20  # bytes; measured best, and a row must fit into a block
LARGEST_BLOCK: Final = 1 << 26
READ_AHEAD: Final = 4  # blocks
PATIENCE: Final = 0.2  # seconds; only the memory used depends on it


def batches(body: Body, selection: Selection) -> Iterator[Sequence[pa.ChunkedArray]]:
    """Columns in the order of the selection. Raises TransferError, or MisfitError.

    Checks that the number of rows is the one announced: a page cut at a row's end
    parses, and only this header tells.
    """
    announced = body.headers.get("Sforce-NumberOfRecords")
    rows = 0
    source = Guarded(body)
    try:
        with pc.open_csv(
            pa.PythonFile(source, "r"),
            read_options=pc.ReadOptions(use_threads=False, block_size=block_size(selection)),
            # Without it a quoted newline fails as soon as a page has two blocks.
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=conversion(selection),
        ) as reader:
            check_header(reader.schema.names, selection)
            for table in _gathered(reader, source):
                rows += len(table)
                if not source.is_text:
                    raise pa.ArrowInvalid("invalid UTF-8")
                yield [_text(c) for c in table.columns] if source.nuls else table.columns
    except pa.ArrowInvalid as error:
        if announced == "0" and "Empty CSV" in str(error):
            return
        raise _refusal(error, selection) from None
    if announced is not None and announced.isdecimal() and int(announced) != rows:
        raise TransferError(f"a result page has {rows} rows, {announced} were announced")


def _gathered(reader: Iterable[pa.RecordBatch], source: "Guarded") -> Iterator[pa.Table]:
    """Blocks put together, not copied: what follows costs by the call, not by the row."""
    waiting: list[pa.RecordBatch] = []
    rows = given = 0
    for batch in reader:
        source.taken()
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP or source.given - given >= GROUP_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, rows, given = [], 0, source.given
    if waiting:
        yield pa.Table.from_batches(waiting)


class Guarded(io.RawIOBase):
    """A body as Arrow's CSV parser can bear it.

    No NUL reaches the parser: Arrow before 25 splits rows wrongly, even without an error,
    where a NUL shares eight bytes with a quote or a comma
    (https://github.com/apache/arrow/issues/50481). 0xC0 stands for it meanwhile: no valid
    UTF-8 holds that byte.

    No block ends with a carriage return: Arrow drops a line feed that begins the next one,
    also within quotes. Nor with part of a character, so that each block can be checked to be
    UTF-8 by itself.

    And Arrow, which reads up to 32 blocks ahead, is held back to a few.
    """

    STAND_IN: Final = b"\xc0"

    def __init__(self, body: Body) -> None:
        self.nuls = False  # whether any was met so far
        self.is_text = True  # whether all so far was UTF-8
        self.given = 0  # bytes
        self._body = body
        self._held = b""  # what a block may not end with, until more is here
        self._ahead = 0  # blocks given and not taken as rows yet
        self._fewer = threading.Condition()

    def readable(self) -> bool:
        """Part of the file protocol."""
        return True

    def taken(self) -> None:
        """Say that the rows of a block have arrived."""
        with self._fewer:
            self._ahead -= 1
            if self._ahead == READ_AHEAD // 2:  # one change of threads for several blocks
                self._fewer.notify_all()

    def _pause(self) -> None:
        with self._fewer:
            # Not for ever: a block without the end of a row in it is never taken.
            if self._ahead >= READ_AHEAD and not self._fewer.wait_for(
                lambda: self._ahead <= READ_AHEAD // 2, PATIENCE
            ):
                self._ahead = 0
            self._ahead += 1

    def read(self, size: int = -1) -> bytes:
        """Part of the file protocol; may give less than was asked for before the end."""
        self._pause()
        data, fresh, kept = self._held, b"", 0
        while not kept:
            fresh = self._body.read(size if size < 0 else max(1, size - len(data)))
            data += fresh
            if not fresh:
                break
            kept = _whole(data)
        if fresh and kept < len(data):
            data, self._held = data[:kept], data[kept:]
        else:
            self._held = b""
        self.given += len(data)
        # Once for a block, not for each value: what stands between values is ASCII.
        self.is_text = self.is_text and is_utf8(data)
        if b"\0" in data:
            self.nuls = True
            return data.replace(b"\0", self.STAND_IN)
        return data


def _whole(data: bytes) -> int:
    """How many bytes there are before trailing carriage returns or a character cut in two."""
    end = len(data.rstrip(b"\r"))
    if end < len(data) or not end or data[-1] < 0x80:
        return end
    for back in range(1, min(4, end) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # the first of as many bytes as it has leading ones
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return end - back if length > back else end
    return end


def is_utf8(data: bytes) -> bool:
    """Whether bytes are text. Arrow's check: it copies nothing and lets other threads run."""
    buffers = [None, pa.py_buffer(struct.pack("=ii", 0, len(data))), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts with their NULs back."""
    if not pa.types.is_string(values.type):
        return values
    raw = pa.chunked_array([chunk.view(pa.binary()) for chunk in values.chunks], pa.binary())
    return compute.cast(compute.replace_substring(raw, Guarded.STAND_IN, b"\0"), pa.string())


def block_size(selection: Selection) -> int:
    """Bytes to parse at once: no row may be longer.

    The longest row there can be has every text at its full length, each character as
    four bytes or as a doubled quote.
    """
    longest = sum(4 * s.field.length + 64 for s in selection.sources)
    return min(max(SMALLEST_BLOCK, longest), LARGEST_BLOCK)


def conversion(selection: Selection) -> pc.ConvertOptions:
    """How the texts of a page are read as values."""
    return pc.ConvertOptions(
        column_types={s.field.name: s.read_as for s in selection.sources},
        check_utf8=False,  # done by Guarded
        # Salesforce writes null and the empty text alike; 'NULL' and 'N/A' are texts.
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        true_values=["true"],
        false_values=["false"],
    )


def check_header(names: Sequence[str], selection: Selection) -> None:
    """Refuse a page with other columns than were asked for. Raises TransferError."""
    wanted = [s.field.name for s in selection.sources]
    if list(names) != wanted:
        odd = sorted(set(names) ^ set(wanted)) or names
        raise TransferError(
            f"a result page has other columns than were asked for: {', '.join(odd)[:200]}"
        )


def _refusal(error: pa.ArrowInvalid, selection: Selection) -> MisfitError:
    """What to raise for Arrow's complaint, which may quote a value: that is left out."""
    text = str(error)
    found = re.search(r"CSV column #(\d+)", text)
    if found and int(found[1]) < len(selection.sources):
        source = selection.sources[int(found[1])]
        return MisfitError(
            f"{source.field.name}: a value does not parse as {source.column.type}, though "
            f"describe says {source.field.type}; exclude the field until its type is settled"
        )
    return MisfitError(
        f"a result page does not read as CSV in UTF-8 with rows of at most "
        f"{block_size(selection):,} bytes; run this object again"
    )
