"""What a commit adds: each file once, in columns that the table knows by their ids."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.local_aws


def without_ids(grown, address: str) -> str:
    """A copy of a file whose columns have names alone."""
    table = pq.read_table(io.BytesIO(grown.store.read(grown.store.key_of(address))))
    bare = pa.schema([pa.field(f.name, f.type, f.nullable) for f in table.schema])
    sink = io.BytesIO()
    pq.write_table(table.cast(bare), sink, store_schema=False)
    key = grown.store.key_of(address).replace(".parquet", "-bare.parquet")
    return grown.store.write(key, sink.getvalue())


def refused(grown, files: list[str], *, because: str) -> None:
    """The commit of these files fails, and nothing of them is in the table or left behind."""
    from dataclasses import replace

    from lakehouse_jobs.errors import CommitFailedError
    from lakehouse_jobs.raw.commit import commit

    raw = grown.open()
    before = grown.rows()
    with pytest.raises(CommitFailedError, match=because):
        commit(raw, replace(grown.landing(raw), files=files), store=grown.store)
    assert grown.rows() == before
    assert not set(files) & grown.files("data")


def test_a_file_that_comes_twice_is_refused(grown):
    grown.commit()
    file = grown.landing(grown.open()).files[0]
    refused(grown, [file, file], because=rf"{file} comes 2 times")


@pytest.mark.parametrize("place", [0, 1], ids=["first", "after one that has them"])
def test_a_file_without_field_ids_is_refused(grown, place):
    grown.commit()
    good = grown.landing(grown.open()).files[0]
    files = [good]
    files.insert(place, without_ids(grown, good))
    refused(grown, files, because=r"-bare\.parquet: column id has no field id")


def test_all_columns_can_be_found_by_name_too(grown):
    """Also those that came after the first commit."""

    def mapped() -> set[str]:
        return {name for field in grown.table.name_mapping() for name in field.names}

    grown.commit()
    assert mapped() == {f.name for f in grown.table.schema().fields}
    grown.extra = ["later"]
    grown.commit()
    assert "later" in mapped()
    assert mapped() == {f.name for f in grown.table.schema().fields}


@pytest.mark.parametrize(("merging", "manifests"), [("true", 1), ("false", 4)])
def test_manifests_are_merged_as_the_properties_say(grown, merging, manifests):
    grown.commit()
    with grown.table.transaction() as change:
        change.set_properties(
            {
                "commit.manifest-merge.enabled": merging,
                "commit.manifest.min-count-to-merge": "4",
            }
        )
    grown.commit(3)
    table = grown.table
    assert len(table.current_snapshot().manifests(table.io)) == manifests
    assert len(grown.rows()) == 12


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes rows as the job does, two in a row group; the file's bytes and its footer."""

    def write(rows):
        from lakehouse_jobs.extract import data_file

        found = {}
        monkeypatch.setattr(data_file, "ROW_GROUP", 2)
        path, dictionaries = tmp_path / "data.parquet", data_file.Repetitive()
        with data_file.DataFile(path, rows.schema, dictionaries) as file:
            file.add(rows)
            finished = file.finish(lambda path: found.setdefault("", path.read_bytes()).hex())
        assert finished
        return found[""], finished[1]

    return write


def test_a_footer_that_the_writer_left_says_what_the_file_says(grown, written):
    from lakehouse_jobs.raw.added import described

    grown.commit()
    raw = grown.open()
    (good,) = grown.landing(raw).files
    rows = read_back(grown, good)
    data, footer = written(rows)
    address = grown.store.write(grown.store.key_of(good), data)
    (read,) = described(raw.table, [address], footers={})
    grown.store.delete([address])
    (kept,) = described(raw.table, [address], footers={address: footer})
    assert footer.is_kept
    assert kept == read
    assert kept.record_count == 3
    assert kept.file_size_in_bytes == len(data)
    assert len(kept.split_offsets or []) == 2
    assert kept.lower_bounds[1] == b"id-2-0"


def test_a_file_has_no_bounds_where_a_row_group_has_none(grown, written):
    """Arrow keeps none for long texts; those of the other groups would hide the file's rows."""
    from lakehouse_jobs.raw.added import described

    grown.commit()
    raw = grown.open()
    (good,) = grown.landing(raw, rows=4).files
    rows = read_back(grown, good)

    def bounds(*ids):
        given = rows.set_column(0, rows.schema.field(0), pa.array(ids, pa.string()))
        data, footer = written(given)
        address = grown.store.write(grown.store.key_of(good), data)
        kept, read = (
            described(raw.table, [address], footers=f)[0] for f in ({address: footer}, {})
        )
        assert kept == read
        return kept.lower_bounds.get(1), kept.upper_bounds.get(1)

    assert bounds("z" * 6000, "b", "c", "d") == (None, None)
    assert bounds(None, None, "c", "d") == (b"c", b"d")


def read_back(grown, address: str) -> pa.Table:
    data = grown.store.read(grown.store.key_of(address))
    schema = pq.read_schema(io.BytesIO(data))
    return pq.read_table(io.BytesIO(data)).cast(schema)


def test_a_column_of_another_type_is_refused(grown):
    grown.commit()
    good = grown.landing(grown.open()).files[0]
    table = pq.read_table(io.BytesIO(grown.store.read(grown.store.key_of(good))))
    schema = pq.read_schema(io.BytesIO(grown.store.read(grown.store.key_of(good))))
    other = schema.set(0, schema.field(0).with_type(pa.int64()))
    sink = io.BytesIO()
    values = [pa.array(range(len(table))), *table.columns[1:]]
    pq.write_table(pa.Table.from_arrays(values, schema=other), sink, store_schema=False)
    key = grown.store.key_of(good).replace(".parquet", "-typed.parquet")
    refused(grown, [good, grown.store.write(key, sink.getvalue())], because="Mismatch in fields")
