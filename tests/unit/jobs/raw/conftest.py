"""A raw table that grows by small commits, through the job's own commit."""

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Grown:
    """The raw table of one object."""

    lab: Any
    store: Any
    extra: list[str] = field(default_factory=list)  # columns beside id

    def open(self, *, built=dict):
        from lakehouse_jobs.raw.schema import RawColumn
        from lakehouse_jobs.raw.table import open_table

        wanted = [
            RawColumn(name=n, type="string", comment=f"{n} (string)") for n in ["id", *self.extra]
        ]
        return open_table(
            self.lab.catalog,
            database=self.lab.database,
            store=self.store,
            object_name="Account",
            org_id="00D000000000062EAA",
            wanted=wanted,
            built=built,
        )

    @property
    def table(self):
        return self.lab.table("account")

    def landing(self, raw, rows: int = 3):
        """What a run would commit next: one file, written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from lakehouse_jobs.raw.commit import Landing
        from lakehouse_jobs.raw.schema import file_schema

        batch = raw.state.batch + 1
        schema = file_schema(raw.table.schema(), raw.columns)
        values = {
            f.name: [f"{f.name}-{batch}-{n}" for n in range(rows)]
            if pa.types.is_string(f.type)
            else [batch] * rows
            if f.name == "_batch"
            else [None] * rows
            for f in schema
        }
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pydict(values, schema=schema), sink, store_schema=False)
        run = f"run-{batch}-{id(sink):x}"
        prefix = f"{self.lab.database}/account/data"
        return Landing(
            files=[self.store.write(f"{prefix}/{run}.parquet", sink.getvalue())],
            watermark=START + timedelta(minutes=15 * batch),
            lookback_file=self.store.write(f"{self.lab.database}/_lookback/account/{run}", b""),
            run_id=run,
        )

    def commit(self, times: int = 1, *, rows: int = 3) -> None:
        from lakehouse_jobs.raw.commit import commit

        for _ in range(times):
            raw = self.open()
            commit(raw, self.landing(raw, rows), store=self.store)

    def stamp(self, stamps: list[datetime]) -> None:
        """Let the snapshots' times be these, as of hosts whose clocks differ."""
        key = self.store.key_of(self.table.metadata_location)
        metadata = json.loads(self.store.read(key))
        for snapshot, stamp in zip(metadata["snapshots"], stamps, strict=True):
            snapshot["timestamp-ms"] = int(stamp.timestamp() * 1000)
        self.store.write_json(key, metadata)

    def rows(self) -> list[dict]:
        return sorted(self.lab.rows("account"), key=lambda r: (r["_batch"], r["id"]))

    def files(self, folder: str) -> set[str]:
        """Addresses of what lies in the bucket below the table."""
        prefix = f"{self.lab.database}/account/{folder}/"
        pages = self.lab.client("s3").get_paginator("list_objects_v2")
        return {
            self.store.address(found["Key"])
            for page in pages.paginate(Bucket=self.lab.bucket, Prefix=prefix)
            for found in page.get("Contents", [])
            if not found["Key"].endswith("/")  # pyarrow leaves these where it deleted a file
        }

    def referred(self) -> tuple[set[str], set[str]]:
        """What the table refers to: of metadata, of data."""
        table = self.table
        metadata = {
            table.metadata_location,
            *(e.metadata_file for e in table.metadata.metadata_log),
        }
        data = set()
        for snapshot in table.metadata.snapshots:
            metadata.add(snapshot.manifest_list)
            for manifest in snapshot.manifests(table.io):
                metadata.add(manifest.manifest_path)
                for entry in manifest.fetch_manifest_entry(table.io):
                    data.add(entry.data_file.file_path)
        return metadata, data


@pytest.fixture
def grown(lab):
    from lakehouse_jobs.raw.store import Store

    return Grown(lab, Store(lab.bucket))


@pytest.fixture
def eager(monkeypatch):
    """Expiry that is due after a few commits, and keeps few snapshots."""
    from lakehouse_jobs.raw.maintenance import expiry

    monkeypatch.setattr(expiry, "NEWEST", 3)
    monkeypatch.setattr(expiry, "BATCH", 2)


@pytest.fixture
def merging(monkeypatch):
    """Merging that is due with four small files."""
    from lakehouse_jobs.raw.maintenance import small_files

    monkeypatch.setattr(small_files, "ENOUGH", 4)
