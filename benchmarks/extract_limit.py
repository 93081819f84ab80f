"""The limit: result pages on local disk to Parquet, and nothing else.

No network, no table, no check: one page for each worker, typed, zstd, one file a page, a
dictionary for columns of few values only, which is quickest.
Two ways of running the workers; the quicker one is the limit.

    python benchmarks/extract_limit.py PAGES NUMBER threads|processes
"""

import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from extract_pages import FIELDS, page

ROW_GROUP = 128 * 1024
STAMP = pa.timestamp("us", tz="UTC")
ARROW = {
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": STAMP,
    "double": pa.float64(),
    "currency": pa.float64(),
    "percent": pa.float64(),
    "int": pa.int64(),
}


def convert(source: Path, *, folder: Path) -> int:
    """One page; its rows."""
    types = {name: ARROW.get(kind, pa.string()) for name, (kind, _) in FIELDS.items()}
    with pc.open_csv(
        source,
        read_options=pc.ReadOptions(use_threads=False, block_size=1 << 20),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        ),
    ) as reader:
        table = pa.Table.from_batches(list(reader))
    few = [n for n in table.column_names if len(table[n].slice(0, 2048).unique()) < 256]
    pq.write_table(
        table,
        folder / f"{source.stem}.parquet",
        compression="zstd",
        row_group_size=ROW_GROUP,
        use_dictionary=few,  # pyright: ignore[reportArgumentType]
    )
    return len(table)


def main() -> None:
    """Convert; print the rows."""
    source, number, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    workers = len(os.sched_getaffinity(0))
    pages = [page(source, n).plain for n in range(number)]
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        pool = (ThreadPoolExecutor if kind == "threads" else ProcessPoolExecutor)(workers)
        with pool:
            print(sum(pool.map(partial(convert, folder=Path(folder)), pages)))


if __name__ == "__main__":
    main()
