"""A CSV page that the fast reading refused, read again: every column as bytes, then fitted.

Slower, so only for the pages that need it. A row longer than a block is read with a
larger block.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from lakehouse_jobs.errors import MisfitError, TransferError, ValueRefusedError
from lakehouse_jobs.extract.columns import Selection
from lakehouse_jobs.extract.fitting import fitted
from lakehouse_jobs.extract.page_csv import Guarded, block_size, check_header
from lakehouse_jobs.extract.rejects import Rejects
from lakehouse_jobs.salesforce.body import Body

# Bytes. All long texts of a record together have 1.6 million characters at the most.
BLOCKS: Final = (1 << 22, 1 << 26)

T = TypeVar("T")


def patiently(read: Callable[[int | None], T]) -> T:
    """What ``read`` gives: fast for None, else leniently with blocks of so many bytes."""
    try:
        return read(None)
    except MisfitError:
        pass
    for block in BLOCKS[:-1]:
        try:
            return read(block)
        except MisfitError:
            continue
    return read(BLOCKS[-1])


def batches(
    body: Body, selection: Selection, rejects: Rejects, *, block: int
) -> Iterator[Sequence[pa.Array]]:
    """Arrays in the order of the selection; what does not fit goes to ``rejects``.

    Raises MisfitError for a row that is longer than a block, TransferError, or
    ValueRefusedError.
    """
    announced = body.headers.get("Sforce-NumberOfRecords")
    rows = 0
    source = Guarded(body)
    size = max(block, block_size(selection))
    try:
        with pc.open_csv(
            pa.PythonFile(source, "r"),
            read_options=pc.ReadOptions(use_threads=False, block_size=size),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types={s.field.name: pa.binary() for s in selection.sources},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        ) as reader:
            check_header(reader.schema.names, selection)
            for batch in reader:
                rows += batch.num_rows
                texts = [_with_nuls(c, nuls=source.nuls) for c in batch.columns]
                arrays, found = fitted(texts, selection)
                rejects.add(found)
                yield arrays
    except pa.ArrowInvalid as error:
        text = str(error)
        if announced == "0" and "Empty CSV" in text:
            return
        if "straddling" in text:
            raise MisfitError(
                f"a row is longer than {size:,} bytes; exclude its longest fields"
            ) from None
        raise ValueRefusedError(
            f"a result page is not valid CSV ({text.split(':')[0][:80]}); run this object "
            "again, and exclude text fields one by one if it stays so"
        ) from None
    if announced is not None and announced.isdecimal() and int(announced) != rows:
        raise TransferError(f"a result page has {rows} rows, {announced} were announced")


def _with_nuls(values: pa.Array, *, nuls: bool) -> pa.Array:
    return compute.replace_substring(values, Guarded.STAND_IN, b"\0") if nuls else values
