"""Upkeep: nothing that a reader may need goes, nothing else stays, and no row changes."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.until import until

pytestmark = pytest.mark.local_aws


def later(**ahead: float) -> datetime:
    return datetime.now(UTC) + timedelta(**ahead)


def upkeep(grown, **options):
    from lakehouse_jobs.raw.maintenance.upkeep import maintain

    options.setdefault("now", later(hours=7))
    return maintain(grown.table, grown.store, **options)


def snapshots(grown) -> int:
    return len(grown.table.metadata.snapshots)


def line(stamps: list[datetime]):
    """Metadata of as many snapshots, one built on the other, whatever their clocks said."""
    made = [
        SimpleNamespace(
            snapshot_id=n,
            parent_snapshot_id=n - 1 if n else None,
            sequence_number=n,
            timestamp_ms=int(stamp.timestamp() * 1000),
        )
        for n, stamp in enumerate(stamps)
    ]
    return SimpleNamespace(
        snapshots=made,
        refs={"main": SimpleNamespace(snapshot_id=len(made) - 1)},
        current_snapshot_id=len(made) - 1,
    )


class TestExpiry:
    def test_young_snapshots_stay_whatever_their_number(self, grown, eager):
        grown.commit(7)
        upkeep(grown, now=later(hours=5))
        assert snapshots(grown) == 7

    def test_old_ones_go_with_their_files_and_nothing_else_goes(self, grown, eager):
        grown.commit(7)
        before = grown.rows()
        assert upkeep(grown) is None
        metadata, data = grown.referred()
        assert snapshots(grown) == 3
        assert grown.rows() == before
        assert grown.files("metadata") == metadata
        assert grown.files("data") == data

    def test_manifests_are_merged_and_the_merged_ones_go(self, grown, eager):
        grown.commit(18)
        table = grown.table
        assert len(table.current_snapshot().manifests(table.io)) < 16
        upkeep(grown)
        # PyIceberg forgets the manifest that it merges in the commit that writes it: an orphan.
        assert len(grown.files("metadata") - grown.referred()[0]) == 1
        assert grown.referred()[0] < grown.files("metadata")
        assert len(grown.rows()) == 54

    def test_a_week_is_the_end_of_all_but_the_current_one(self, grown, eager):
        grown.commit(2)
        upkeep(grown, now=later(days=7, hours=1))
        assert snapshots(grown) == 2
        upkeep(grown, now=later(days=8, hours=1))
        assert snapshots(grown) == 1
        assert len(grown.rows()) == 6

    def test_what_was_current_until_a_moment_ago_stays_whatever_its_age(self):
        """Readers that began with it are under way."""
        from lakehouse_jobs.raw.maintenance.expiry import expirable, is_due

        now = datetime(2026, 3, 1, tzinfo=UTC)
        metadata = line([now - timedelta(days=d) for d in (30, 20, 0.2, 0.1)])
        assert [s.snapshot_id for s in expirable(metadata, now=now)] == [0]
        assert is_due(metadata, now=now)
        assert not is_due(metadata, now=now - timedelta(days=19))

    @settings(deadline=None)  # the first imports the job
    @given(hours=st.lists(st.floats(0, 400), min_size=1, max_size=80))
    def test_whatever_the_clocks_said_the_oldest_go_and_the_last_stays(self, hours):
        from lakehouse_jobs.raw.maintenance.expiry import READERS, expirable

        now = datetime(2026, 3, 1, tzinfo=UTC)
        metadata = line([now - timedelta(hours=h) for h in hours])
        found = expirable(metadata, now=now)
        assert found == metadata.snapshots[: len(found)]
        assert len(found) < len(hours)
        assert all(timedelta(hours=h) > READERS for h in hours[1 : len(found) + 1])

    def test_a_clock_that_goes_backwards_takes_no_file_from_a_later_snapshot(self, grown, eager):
        """The fifth is stamped before the fourth, with the limit between them."""
        grown.commit(9)
        before = grown.rows()
        now = datetime.now(UTC)
        grown.stamp([now - timedelta(hours=h) for h in (9, 9, 9, 5.999, 6.001, 9, 9, 9, 0)])
        assert upkeep(grown, now=now) is None
        assert snapshots(grown) == 7
        assert grown.rows() == before
        metadata, data = grown.referred()
        assert metadata <= grown.files("metadata")
        assert data == grown.files("data")

    def test_a_hole_among_the_kept_costs_no_file(self, grown):
        """Were others than the oldest to go, all that stay would be asked."""
        from lakehouse_jobs.raw.maintenance.garbage import files_of

        grown.commit(5)
        table = grown.table
        ordered = sorted(table.metadata.snapshots, key=lambda s: s.sequence_number)
        found = files_of(table, [ordered[0], ordered[2]])
        assert found.lists == {ordered[0].manifest_list, ordered[2].manifest_list}
        assert found.manifests == found.data == set()

    def test_what_a_snapshot_refers_to_is_not_deleted_whoever_says_so(self, grown):
        from lakehouse_jobs.raw.maintenance.garbage import Garbage

        grown.commit(3)
        table = grown.table
        gone = {"s3://b/old-list", "s3://b/old-manifest", "s3://b/old-data"}
        lists = {s.manifest_list for s in table.metadata.snapshots}
        manifests = {
            m.manifest_path for s in table.metadata.snapshots for m in s.manifests(table.io)
        }
        wrong = Garbage(
            lists=lists | {"s3://b/old-list"},
            manifests=manifests | {"s3://b/old-manifest"},
            data=grown.referred()[1] | {"s3://b/old-data"},
        )
        assert wrong.certain(table) == gone

    def test_a_table_of_an_older_program_gets_young_in_portions(self, grown, eager, monkeypatch):
        """Each of its snapshots lists one manifest more than the one before."""
        from lakehouse_jobs.raw.maintenance import expiry

        monkeypatch.setattr(expiry, "PORTION", 8)
        monkeypatch.setattr(expiry, "PORTIONS", 2)
        grown.commit()
        with grown.table.transaction() as transaction:
            transaction.remove_properties("commit.manifest-merge.enabled")
        grown.commit(26)
        before, data = grown.rows(), grown.files("data")
        numbers = [s.sequence_number for s in grown.table.metadata.snapshots]
        assert upkeep(grown) is None
        assert [s.sequence_number for s in grown.table.metadata.snapshots] == numbers[16:]
        assert "lakehouse.swept" not in grown.table.properties
        assert upkeep(grown) is None
        assert [s.sequence_number for s in grown.table.metadata.snapshots] == numbers[24:]
        assert "lakehouse.swept" in grown.table.properties
        assert grown.rows() == before
        assert grown.files("data") == data
        assert grown.referred()[0] == grown.files("metadata")

    def test_a_tagged_snapshot_stays_readable(self, grown, eager):
        grown.commit(2)
        table = grown.table
        tagged = table.current_snapshot().snapshot_id
        table.manage_snapshots().create_tag(tagged, "audit").commit()
        grown.commit(5)
        upkeep(grown)
        assert snapshots(grown) == 4
        assert grown.table.scan(snapshot_id=tagged).to_arrow().num_rows == 6

    def test_schemas_that_no_snapshot_has_go_too(self, grown, eager):
        for number in range(4):
            grown.extra.append(f"field_{number}__c")
            grown.commit()
        assert len(grown.table.metadata.schemas) == 4
        grown.commit(2)
        upkeep(grown)
        assert len(grown.table.metadata.schemas) == 1
        grown.extra.append("last__c")
        grown.commit()
        assert grown.rows()[-1]["last__c"] == "last__c-7-2"

    def test_it_gives_way_to_a_commit_that_comes_first(self, grown, eager, monkeypatch):
        from lakehouse_jobs.raw.maintenance import upkeep as module

        grown.commit(7)
        real = module.files_of

        def meanwhile(*args):
            found = real(*args)
            grown.commit()
            return found

        monkeypatch.setattr(module, "files_of", meanwhile)
        assert upkeep(grown) is None
        assert snapshots(grown) == 8
        assert grown.referred()[0] <= grown.files("metadata")
        assert len(grown.rows()) == 24

    def test_tables_of_older_programs_get_the_properties_that_keep_them_young(self, grown, eager):
        from lakehouse_jobs.raw.create import KEPT_YOUNG

        grown.commit()
        with grown.table.transaction() as transaction:
            transaction.remove_properties(*KEPT_YOUNG)
        grown.commit(6)
        upkeep(grown)
        assert KEPT_YOUNG.items() <= grown.table.properties.items()

    def test_old_metadata_files_go_by_the_commit(self, grown):
        grown.commit(30)
        assert len([f for f in grown.files("metadata") if f.endswith(".metadata.json")]) == 21


class TestOrphans:
    @pytest.fixture
    def litter(self, grown, eager):
        """What dead runs leave, and the addresses of it."""
        grown.commit(7)
        database = grown.lab.database
        return {
            grown.store.write(f"{database}/{key}", b"x")
            for key in (
                "account/metadata/00009-dead.metadata.json",
                "account/metadata/snap-1-0-dead.avro",
                "account/data/run-dead/0.parquet",
                "_lookback/account/dead",
            )
        }

    def here(self, grown, litter) -> set[str]:
        return {a for a in litter if grown.store.read(grown.store.key_of(a)) is not None}

    def test_what_is_old_and_not_referred_to_goes(self, grown, litter):
        beside = [f"{grown.lab.database}/_lookback/account/"]
        upkeep(grown, now=later(days=36), beside=beside)
        assert self.here(grown, litter) == set()
        assert grown.files("metadata") == grown.referred()[0]
        assert grown.files("data") == grown.referred()[1]
        assert grown.store.read(grown.store.key_of(grown.open().state.lookback_file)) == b""
        assert len(grown.rows()) == 21

    def test_what_may_belong_to_a_run_under_way_stays(self, grown, litter):
        upkeep(grown, now=later(days=34))
        assert self.here(grown, litter) == litter

    def test_data_files_stay_where_a_table_waits_for_them(self, grown, litter):
        upkeep(grown, now=later(days=36), data=False)
        assert self.here(grown, litter) == {a for a in litter if "/metadata/" not in a}

    def test_files_of_an_expiry_that_died_before_deleting_are_found(
        self, grown, eager, monkeypatch
    ):
        grown.commit(7)
        with monkeypatch.context() as patched:
            patched.setattr(grown.store, "delete_keys", lambda _: 1 / 0)
            assert "ZeroDivisionError" in upkeep(grown)
        assert grown.files("metadata") > grown.referred()[0]
        grown.commit(3)
        upkeep(grown, now=later(days=36))
        assert grown.files("metadata") == grown.referred()[0]
        assert grown.files("data") == grown.referred()[1]


class TestRewrite:
    def test_rows_are_the_same_and_files_fewer(self, grown, eager, merging):
        for rows in (3, 1, 4, 1, 5):
            grown.commit(rows=rows)
        grown.extra.append("new__c")
        grown.commit(3)
        before, state = grown.rows(), grown.open().state
        upkeep(grown)
        table = grown.table
        assert grown.rows() == before
        assert grown.open().state == state
        assert [t.file.record_count for t in table.scan().plan_files()] == [len(before)]
        assert table.current_snapshot().summary["total-records"] == str(len(before))

    def test_rows_stay_in_the_order_of_batches_with_statistics(self, grown, eager, merging):
        grown.commit(8)
        upkeep(grown)
        (task,) = grown.table.scan().plan_files()
        with grown.table.io.new_input(task.file.file_path).open() as source:
            assert pq.read_table(source)["_batch"].to_pylist() == sorted([*range(1, 9)] * 3)
        found = grown.table.scan(row_filter="_batch > 8").plan_files()
        assert list(found) == []

    def test_replaced_files_leave_once_no_snapshot_has_them(self, grown, eager, merging):
        grown.commit(8)
        old = grown.files("data")
        upkeep(grown)  # expires some and then merges
        assert old < grown.files("data")
        grown.commit(1)
        upkeep(grown)
        assert old < grown.files("data")
        grown.commit(2)
        upkeep(grown)
        assert not old & grown.files("data")
        assert grown.files("data") == grown.referred()[1]
        assert len(grown.rows()) == 33

    def test_replaced_files_stay_where_the_rewrite_was_taken_back(self, grown, eager, merging):
        grown.commit(4)
        old = grown.files("data")
        before = grown.table.current_snapshot().snapshot_id
        upkeep(grown, now=later())
        assert old < grown.files("data")
        grown.table.manage_snapshots().rollback_to_snapshot(before).commit()
        grown.commit(3)
        upkeep(grown)
        assert snapshots(grown) <= 4
        assert [r["_batch"] for r in grown.rows()] == sorted([*range(1, 8)] * 3)

    def test_large_files_are_left_alone(self, grown, eager, merging, monkeypatch):
        from lakehouse_jobs.raw.maintenance import small_files

        monkeypatch.setattr(small_files, "CLASSES", (10, 20))
        grown.commit(8)
        upkeep(grown)
        assert len(grown.files("data")) == 8

    def test_it_gives_way_to_a_run_and_leaves_no_file(self, grown, eager, merging, monkeypatch):
        from lakehouse_jobs.raw.maintenance import rewrite

        grown.commit(8)
        real = rewrite.merge

        def meanwhile(*args, **options):
            written = real(*args, **options)
            grown.commit()
            return written

        monkeypatch.setattr(rewrite, "merge", meanwhile)
        assert upkeep(grown, now=later()) is None
        assert len(grown.files("data")) == 9
        assert grown.files("data") == grown.referred()[1]
        assert len(grown.rows()) == 27

    def test_a_run_that_read_before_the_rewrite_lands_after_it(self, grown, eager, merging):
        from lakehouse_jobs.raw.commit import commit

        grown.commit(8)
        raw = grown.open()
        landing = grown.landing(raw)
        upkeep(grown)
        assert commit(raw, landing, store=grown.store) == 9
        rows = grown.rows()
        assert [r["_batch"] for r in rows] == sorted([*range(1, 10)] * 3)
        assert len({r["id"] for r in rows}) == 27

    def test_runs_and_upkeep_side_by_side_lose_nothing(self, grown, eager, merging):
        from lakehouse_jobs.raw.maintenance.upkeep import maintain

        grown.commit(4)
        done = threading.Event()
        told = []

        def keep_young():
            while not done.is_set():
                told.append(maintain(grown.table, grown.store, now=later(hours=7)))

        thread = threading.Thread(target=keep_young)
        thread.start()
        try:
            grown.commit(16)
            until(lambda: told)
        finally:
            done.set()
            thread.join()
        assert set(told) == {None}
        assert [r["_batch"] for r in grown.rows()] == sorted([*range(1, 21)] * 3)
        assert grown.referred()[1] <= grown.files("data")

    def test_a_table_with_delete_files_is_left_alone(self, grown, eager, merging, monkeypatch):
        """Merging would bring rows back that somebody erased with another engine."""
        from pyiceberg.manifest import ManifestContent, ManifestFile

        grown.commit(8)
        monkeypatch.setattr(ManifestFile, "content", property(lambda _: ManifestContent.DELETES))
        upkeep(grown, now=later())
        assert len(grown.files("data")) == 8

    def test_a_failure_is_a_sentence_and_leaves_no_file(self, grown, eager, merging, monkeypatch):
        from lakehouse_jobs.raw.maintenance import rewrite

        grown.commit(8)
        monkeypatch.setattr(rewrite, "described", lambda *_, **__: 1 / 0)
        assert upkeep(grown, now=later()).startswith(
            f"the upkeep of {grown.lab.database}.account stopped (ZeroDivisionError"
        )
        assert len(grown.rows()) == 24


def test_row_groups_stay_small_and_files_end_at_their_size(tmp_path, monkeypatch):
    from pyiceberg.io.pyarrow import PyArrowFileIO

    from lakehouse_jobs.raw.maintenance import merged_file

    monkeypatch.setattr(merged_file, "GROUP_ROWS", 1000)
    monkeypatch.setattr(merged_file, "_STEP_ROWS", 500)
    monkeypatch.setattr(merged_file, "TARGET", 4_000)
    schema = pa.schema([pa.field("n", pa.int64(), metadata={"PARQUET:field_id": "1"})])
    paths = []
    for number in range(10):
        path = tmp_path / f"in-{number}.parquet"
        values = range(number * 700, (number + 1) * 700)
        pq.write_table(pa.table({"n": values}, schema=schema), path)
        paths.append(str(path))
    kept = []

    def upload(path):
        kept.append(path.read_bytes())
        return str(len(kept))

    written = merged_file.merge(
        paths, io=PyArrowFileIO(), schema=schema, folder=tmp_path, upload=upload
    )
    files = [pq.ParquetFile(pa.BufferReader(k)) for k in kept]
    groups = [
        f.metadata.row_group(g).num_rows for f in files for g in range(f.metadata.num_row_groups)
    ]
    assert len(written) > 1
    assert max(groups) <= 1500
    assert [n for f in files for n in f.read()["n"].to_pylist()] == list(range(7000))
    assert not list(tmp_path.glob("[!i]*.parquet"))
