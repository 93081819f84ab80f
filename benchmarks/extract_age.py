"""What a table's age costs a run: thousands of small commits, the last against the fiftieth.

Each commit goes the job's own way from the page on: open the table, take a page's rows,
write and upload the file, keep the lookback's keys, commit, upkeep. Salesforce is left out.
Runs are taken to be 15 minutes apart: the upkeep is told a time at which all but the
newest 40 snapshots may go, as they may at that pace.

    make bench-age
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extract_lake import local_aws

from lakehouse_local.home import aws_environment

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".lakehouse" / "bench-age"
FIELDS = 30
ROWS = 20
START = datetime(2026, 1, 1, tzinfo=UTC)
PACE = timedelta(minutes=15)
AROUND = 10


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Seconds of one commit: wall and CPU, of all of it and of its upkeep."""

    wall: float
    cpu: float
    upkeep: float


def main() -> None:
    """Age a table and print Markdown."""
    parser = argparse.ArgumentParser(description="What a table's age costs a run.")
    parser.add_argument("--commits", type=int, default=2000)
    given = parser.parse_args()
    with local_aws(STATE / "aws") as lake:
        for name in [n for n in os.environ if n.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(aws_environment(lake.endpoint))
        target = lake.new("http://127.0.0.1:9")
        marks = [m for m in (50, 100, 200, 500, 1000, 1500, 2000) if m <= given.commits]
        marks = sorted({*marks, given.commits})
        taken: list[Taken] = []
        table = Table(target.name)
        for number in range(1, given.commits + 1):
            taken.append(table.commit(number))
            if number == marks[0]:
                print(HEAD, flush=True)
            if number in marks:
                print(row(number, taken, marks[0], table.shape()), flush=True)
        print(f"\n{table.rows()} rows of {given.commits * ROWS} in the table")


HEAD = """
| commit | s by wall | s of CPU | to the first, by CPU | with upkeep, mean of 100 | to the first \
| metadata, KB | snapshots | manifests | data files | objects in S3 |
|---|---|---|---|---|---|---|---|---|---|---|"""


def row(number: int, taken: list[Taken], first: int, shape: list[str]) -> str:
    """A line of the table. Medians of ten commits, as upkeep is not in most of them."""

    def median(at: int, what: str) -> float:
        return statistics.median(getattr(t, what) for t in taken[at - AROUND : at])

    def mean(at: int) -> float:
        return statistics.mean(t.cpu for t in taken[max(0, at - 100) : at])

    cells = [
        f"{number:,}",
        f"{median(number, 'wall'):.2f}",
        f"{median(number, 'cpu'):.3f}",
        f"{median(number, 'cpu') / median(first, 'cpu'):.2f}",
        f"{mean(number):.3f}",
        f"{mean(number) / mean(first):.2f}",
        *shape,
    ]
    return f"| {' | '.join(cells)} |"


class Table:
    """The raw table of one object, as runs see it."""

    def __init__(self, name: str) -> None:
        """Nothing is made before the first commit."""
        from lakehouse_jobs.raw import RawColumn, Store, raw_catalog

        self.store = Store(name)
        self.database = name.replace("-", "_")
        self.catalog = raw_catalog(region=os.environ["AWS_REGION"])
        self.wanted = [
            RawColumn(name="id", type="string", comment="Id (id): Id"),
            RawColumn(name="systemmodstamp", type="timestamptz", comment="SystemModstamp"),
            *(
                RawColumn(name=f"field_{n}__c", type="string", comment=f"Field_{n}__c (string)")
                for n in range(FIELDS)
            ),
        ]

    def commit(self, number: int) -> Taken:
        """One run."""
        from lakehouse_jobs.raw.maintenance.upkeep import maintain

        wall, cpu = time.perf_counter(), time.process_time()
        raw = self._land(number)
        landed = time.process_time()
        ahead = datetime.now(UTC) + timedelta(hours=7)
        prefix = f"{self.database}/_lookback/account/"
        failure = maintain(raw.table, self.store, beside=[prefix], now=ahead)
        if failure:
            raise RuntimeError(failure)
        ended = time.process_time()
        return Taken(wall=time.perf_counter() - wall, cpu=ended - cpu, upkeep=ended - landed)

    def _land(self, number: int) -> Any:
        from lakehouse_jobs.extract.file_sink import FileSink
        from lakehouse_jobs.extract.lookback import load_keys
        from lakehouse_jobs.extract.parts import Reading
        from lakehouse_jobs.raw import Landing, commit, file_schema, open_table

        raw = open_table(
            self.catalog,
            database=self.database,
            store=self.store,
            object_name="Account",
            org_id="00D000000000062EAA",
            wanted=self.wanted,
            built=dict,
        )
        now = START + PACE * number
        since = now - timedelta(minutes=10)
        keys = load_keys(raw, store=self.store, since=since)
        run = f"run-{number}"
        with tempfile.TemporaryDirectory() as folder:
            sink = FileSink(
                store=self.store,
                prefix=f"{self.database}/account/data/{run}/",
                folder=Path(folder),
                schema=file_schema(raw.table.schema(), raw.columns),
                known=keys,
                new_from=raw.state.watermark,
                keys_from=since,
            )
            part = sink.take(0, iter([self._page(sink.schema, number, now)]))
        assert part.keys is not None
        lookback = keys.moved([part.keys], since=since).save(
            self.store, f"{self.database}/_lookback/account/{run}.parquet"
        )
        reading = Reading(api="bulk", parts=[part])
        landing = Landing(
            files=reading.files,
            footers=reading.footers,
            watermark=now,
            lookback_file=lookback,
            run_id=run,
        )
        commit(raw, landing, store=self.store)
        return raw

    def _page(self, schema: Any, number: int, now: datetime) -> Any:
        import pyarrow as pa

        given = {"_batch": number, "_is_deleted": False, "systemmodstamp": now, "_deleted_at": None}
        values = {
            field.name: [given.get(field.name, f"{field.name} {number} {n}") for n in range(ROWS)]
            if field.name != "_extracted_at"
            else [now] * ROWS
            for field in schema
        }
        return pa.Table.from_pydict(values, schema=schema)

    def shape(self) -> list[str]:
        """Kilobytes of metadata, snapshots, manifests, data files, objects below the table."""
        table = self.catalog.load_table((self.database, "account"))
        size = len(self.store.read(self.store.key_of(table.metadata_location)) or b"")
        snapshot = table.current_snapshot()
        assert snapshot is not None
        return [
            f"{size / 1000:,.0f}",
            str(len(table.metadata.snapshots)),
            str(len(snapshot.manifests(table.io))),
            str(len(list(table.scan().plan_files()))),
            f"{len(self.store.sizes(f'{self.database}/account/')):,}",
        ]

    def rows(self) -> int:
        """Rows in the table."""
        return self.catalog.load_table((self.database, "account")).scan().count()


if __name__ == "__main__":
    main()
