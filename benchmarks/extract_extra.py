"""What the job does beyond the limit, each part alone: CPU seconds for a load of so many pages.

Parts are measured in this process, one after the other, over some pages, and multiplied. What
they leave of the difference between job and limit is clients, commit, threads and noise.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import requests
from extract_lake import Lake, serving
from extract_pages import FIELDS, OBJECT, PAGE_ROWS, page

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.columns import Selection, select
from lakehouse_jobs.extract.data_file import DataFile, Repetitive
from lakehouse_jobs.extract.id_range import IdOrder
from lakehouse_jobs.extract.lookback import from_time
from lakehouse_jobs.extract.page_csv import Guarded, conversion, is_utf8
from lakehouse_jobs.extract.shape import Stamp, shape
from lakehouse_jobs.raw.schema import SYSTEM_COLUMNS, arrow_schema, file_schema, new_schema
from lakehouse_jobs.raw.store import Store, s3_client
from lakehouse_jobs.salesforce.body import Body
from lakehouse_jobs.salesforce.describe import read_description
from lakehouse_local.home import aws_environment

BLOCK = 1 << 20
SOME = 20  # pages that each part is measured with
ENTRY = "import gc; gc.disable(); import lakehouse_jobs.entry.salesforce_extractor; gc.freeze()"


def parts(lake: Lake, pages: Path, *, number: int) -> dict[str, float]:
    """CPU seconds of each part of a load of so many pages."""
    given = [{"name": n, "type": t, "length": k} for n, (t, k) in FIELDS.items()]
    selection = select(
        read_description({"name": OBJECT, "queryable": True, "fields": given}), FieldRules()
    )
    iceberg = new_schema([*selection.wanted, *SYSTEM_COLUMNS])
    schema = file_schema(iceberg, selection.wanted)
    own = arrow_schema(iceberg, selection.wanted)
    stamp = Stamp(
        org_id="00D000000000062EAA",
        run_id="run",
        extracted_at=datetime.now(UTC),
        batch=1,
        change=Change.READ,
    )
    data = [page(pages, n).plain.read_bytes() for n in range(min(number, SOME))]
    blocks = [[d[at : at + BLOCK] for at in range(0, len(d), BLOCK)] for d in data]
    table = _parsed(data[0], selection, utf8=False)
    shaped = shape(table.columns, selection, stamp, schema)
    narrow = shaped.select(own.names).cast(own)

    def each(work: Callable[[int], Any]) -> float:
        return _cpu(lambda: [work(n) for n in range(len(data))]) / len(data) * number

    def checked(n: int) -> None:
        for block in blocks[n]:
            is_utf8(block)

    def told(_: int) -> None:
        IdOrder().add(shaped)
        from_time(shaped, datetime(2100, 1, 1, tzinfo=UTC))

    with tempfile.TemporaryDirectory() as name:
        folder, few = Path(name), Repetitive()

        def written(rows: pa.Table) -> Callable[[int], Any]:
            def write(n: int) -> None:
                with DataFile(folder / f"{n}", rows.schema, few) as file:
                    file.add(rows)
                    file.finish(lambda path: path.name)

            return write

        written(shaped)(0)  # chooses the dictionaries
        with DataFile(folder / "page", schema, few) as file:
            file.add(shaped)
            file.finish(lambda path: path.rename(folder / "whole").name)
        store = _store(lake)
        upload = each(lambda n: store.upload(folder / "whole", f"{n}.parquet"))
        record = json.dumps({"path": "x" * 80, "file": "y" * 120, "rows": PAGE_ROWS}).encode()
        wide, less = each(written(shaped)), each(written(narrow))
    checking = each(checked)
    with serving("--folder", str(pages), "--pages", str(number)) as (org, _):
        received = each(_receiver(org))
    return {
        "start: imports": _imports(),
        "receive by HTTP, less reading a file": received
        - checking
        - each(lambda n: _read(page(pages, n).plain)),
        "check UTF-8 by the block": checking,
        "system columns": each(lambda _: shape(table.columns, selection, stamp, schema)),
        "write eight more columns": wide - less,
        "keys and order of ids": each(told),
        "upload": upload,
        "the record of each page": each(lambda n: store.write(f"{n}.json", record)),
        "UTF-8 by the value, which the limit checks": each(
            lambda n: _parsed(data[n], selection, utf8=False)
        )
        - each(lambda n: _parsed(data[n], selection, utf8=True)),
    }


def _parsed(data: bytes, selection: Selection, *, utf8: bool) -> pa.Table:
    """A page in memory, parsed as the job does, or with the limit's check."""
    convert = conversion(selection)
    convert.check_utf8 = utf8
    with pc.open_csv(
        pa.BufferReader(data),
        read_options=pc.ReadOptions(use_threads=False, block_size=BLOCK),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    ) as reader:
        return reader.read_all()


def _read(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(BLOCK):
            pass


def _receiver(org: str) -> Callable[[int], None]:
    """Receives a page as the CSV parser would, and parses nothing."""
    session = requests.Session()
    session.trust_env = False
    jobs = f"{org}/services/data/v62.0/jobs/query"
    job = session.post(jobs, json={"query": "SELECT"}).json()["id"]

    def receive(number: int) -> None:
        with session.get(f"{jobs}/{job}/results?locator={number}", stream=True) as answer:
            body = Guarded(Body(answer))
            while body.read(BLOCK):
                body.taken()

    return receive


def _store(lake: Lake) -> Store:
    os.environ.update(aws_environment(lake.endpoint))
    return Store(lake.new("http://127.0.0.1:9").name, client=s3_client(region="us-east-1"))


def _imports() -> float:
    """Of the program's start, beyond that of pyarrow, which the limit imports too."""
    return _started(ENTRY) - _started("import pyarrow.csv, pyarrow.parquet")


def _started(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        subprocess.run([sys.executable, "-c", code], check=True)
    return _spent(before, resource.getrusage(resource.RUSAGE_CHILDREN)) / 5


def _cpu(work: Callable[[], Any]) -> float:
    """The quickest of three."""
    taken: list[float] = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF)
        work()
        taken.append(_spent(before, resource.getrusage(resource.RUSAGE_SELF)))
    return min(taken)


def _spent(before: resource.struct_rusage, after: resource.struct_rusage) -> float:
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
