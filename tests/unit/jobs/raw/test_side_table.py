"""Side tables: a file's rows land once, whoever sends it and however often."""

import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from tests.until import until

pytestmark = pytest.mark.local_aws


@pytest.fixture
def side(lab):
    """Opens a side table with the given columns, two by default."""
    from lakehouse_jobs.raw.schema import RawColumn
    from lakehouse_jobs.raw.side_table import open_side_table

    def open_it(**columns: str):
        columns = columns or {"object": "string", "rows": "long"}
        return open_side_table(
            lab.catalog,
            database=lab.database,
            bucket=lab.bucket,
            name="_runs",
            columns=[RawColumn(name=n, type=t, comment=n) for n, t in columns.items()],
        )

    return open_it


@pytest.fixture
def store(lab):
    from lakehouse_jobs.raw.store import Store

    return Store(lab.bucket)


def _rows(lab, *names):
    return sorted(tuple(row[n] for n in names) for row in lab.rows("_runs"))


def test_rows_land_with_their_values(side, store, lab):
    table = side(object="string", at="timestamptz", ok="boolean", share="double", day="date")
    moment = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
    row = {"object": "Ä", "at": moment, "ok": True, "share": 0.5, "day": moment.date()}
    table.append(table.write(store, "run-1/sales", [row, {"object": "B"}]))
    first, second = sorted(lab.rows("_runs"), key=lambda r: r["object"], reverse=True)
    assert {n: first[n] for n in row} == row
    assert {n: second[n] for n in row} == {**dict.fromkeys(row), "object": "B"}


def test_a_file_sent_again_does_not_land_again(side, store, lab):
    table = side()
    addresses = [table.write(store, f"r{n}", [{"object": "A", "rows": n}]) for n in range(3)]
    table.append(addresses[0])
    table.append(addresses[0])
    side().append(*addresses, addresses[1])
    assert _rows(lab, "rows") == [(0,), (1,), (2,)]


def test_a_file_whose_rows_moved_to_another_file_does_not_land_again(side, store, lab):
    table = side()
    addresses = [table.write(store, f"r{n}", [{"object": "A", "rows": n}]) for n in range(3)]
    table.append(*addresses[:2])
    iceberg = lab.table("_runs")
    iceberg.overwrite(iceberg.scan().to_arrow())
    table.append(*addresses)
    assert _rows(lab, "rows") == [(0,), (1,), (2,)]


def test_its_small_files_are_merged_and_files_that_wait_stay(side, store, lab, monkeypatch):
    from lakehouse_jobs.raw.maintenance import small_files

    monkeypatch.setattr(small_files, "ENOUGH", 4)
    table = side()
    waiting = table.write(store, "waiting", [{"object": "A", "rows": 9}])
    addresses = [table.write(store, f"r{n}", [{"object": "A", "rows": n}]) for n in range(4)]
    for address in addresses:
        table.append(address)
    assert len(list(lab.table("_runs").scan().plan_files())) == 1
    table.append(*addresses, waiting)
    assert _rows(lab, "rows") == [(0,), (1,), (2,), (3,), (9,)]


def test_new_columns_are_added_and_older_programs_go_on(side, store, lab):
    old = side()
    old.append(old.write(store, "1", [{"object": "A", "rows": 1}]))
    new = side(object="string", rows="long", error="string")
    new.append(new.write(store, "2", [{"object": "B", "error": "x"}]))
    old.append(old.write(store, "3", [{"object": "C", "rows": 3}]))
    assert _rows(lab, "object") == [("A",), ("B",), ("C",)]
    assert [r["error"] for r in lab.rows("_runs") if r["object"] == "B"] == ["x"]


def test_a_misspelt_column_and_an_empty_file_are_refused(side, store):
    with pytest.raises(ValueError, match="_runs has no columns \\['objekt'\\]"):
        side().write(store, "1", [{"objekt": "A"}])
    with pytest.raises(ValueError, match="no rows"):
        side().write(store, "1", [])


def test_a_file_that_is_nowhere_is_told(side, lab):
    from lakehouse_jobs.errors import CommitFailedError

    with pytest.raises(CommitFailedError, match="neither in the table nor in the bucket"):
        side().append(f"s3://{lab.bucket}/{lab.database}/_runs/data/gone.parquet")


def test_threads_that_send_their_own_and_each_others_files(side, store, lab):
    table = side()
    addresses = [table.write(store, f"r{n}", [{"object": "A", "rows": n}]) for n in range(6)]
    barrier = threading.Barrier(len(addresses))
    errors = []

    def send(number):
        barrier.wait()
        try:
            table.append(addresses[number])
            table.append(addresses[number - 1])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(addresses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert _rows(lab, "rows") == [(n,) for n in range(6)]


_SENDER = """
import sys
from lakehouse_jobs.raw.catalog import raw_catalog
from lakehouse_jobs.raw.schema import RawColumn
from lakehouse_jobs.raw.side_table import open_side_table
database, bucket, *addresses = sys.argv[1:]
columns = [RawColumn(name="object", type="string", comment=""),
           RawColumn(name="rows", type="long", comment="")]
table = open_side_table(raw_catalog(region="us-east-1"), database=database, bucket=bucket,
                        name="_runs", columns=columns)
print("ready", flush=True)
sys.stdin.readline()
for address in addresses:
    table.append(address)
"""


def test_processes_one_of_them_killed(side, store, lab):
    """Two send the same files in opposite order; a third is killed while it sends."""
    table = side()
    addresses = [table.write(store, f"r{n}", [{"object": "A", "rows": n}]) for n in range(5)]

    def start(files):
        return subprocess.Popen(
            [sys.executable, "-c", _SENDER, lab.database, lab.bucket, *files],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    senders = [start(addresses), start(addresses[::-1]), start(addresses)]
    for sender in senders:
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        sender.stdin.write("\n")
        sender.stdin.flush()
    until(lambda: lab.table("_runs").metadata.snapshots, pause=0)
    senders[2].kill()
    for sender in senders:
        sender.communicate(timeout=60)
    assert [s.returncode for s in senders[:2]] == [0, 0]
    table.append(*addresses)
    assert _rows(lab, "rows") == [(n,) for n in range(5)]
