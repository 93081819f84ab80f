"""``lakehouse register``: which of the files that a table left is the table."""

import json
import time
import uuid

import pyarrow as pa
import pytest

pytestmark = pytest.mark.local_aws

ORG = "00D000000000062EAA"


@pytest.fixture
def lost(grown):
    """A table of three batches that the catalog has lost."""
    grown.commit(3)
    grown.address = grown.table.metadata_location
    drop(grown)
    return grown


def drop(grown, table="account"):
    grown.lab.client("glue").delete_table(DatabaseName=grown.lab.database, Name=table)


def tables(grown):
    return sorted(name for _, name in grown.lab.catalog.list_tables(grown.lab.database))


def metadata(grown, number):
    """Addresses of the metadata files of a number."""
    names = (a for a in grown.files("metadata") if a.endswith(".metadata.json"))
    return sorted(a for a in names if a.rpartition("/")[2].startswith(f"{number:05d}-"))


def copied(grown, address, **changes):
    """A second metadata file of the same number, with other content."""
    known = json.loads(grown.store.read(grown.store.key_of(address)))
    known["properties"] |= changes.pop("properties", {})
    twin = f"{address[:-50]}{uuid.uuid4()}.metadata.json"
    grown.store.write_json(grown.store.key_of(twin), known | changes)
    return twin


def altered(grown, **changes):
    """The newest metadata file itself, with other content."""
    key = grown.store.key_of(grown.address)
    known = json.loads(grown.store.read(key))
    known["properties"] |= changes.pop("properties", {})
    grown.store.write_json(key, known | changes)


def test_what_the_catalog_lacks_is_found_without_names(lost, register):
    lost.store.write(f"{lost.lab.database}/_lookback/account/keys", b"")
    for table in ("_runs", "project__c"):
        name = (lost.lab.database, table)
        location = f"s3://{lost.lab.bucket}/{lost.lab.database}/{table}"
        schema = pa.schema([("id", pa.string())])
        lost.lab.catalog.create_table(name, schema, location=location)
        drop(lost, table)

    done = register("--yes")

    assert done.exit_code == 0, done.output
    assert tables(lost) == ["_runs", "account"]
    assert "not configured, and left alone unless named: project__c" in done.output
    assert len(lost.rows()) == 9
    again = register("--yes")
    assert (again.exit_code, "nothing to register" in again.output) == (0, True), again.output


def test_of_two_commits_that_met_the_one_that_won_is_taken(grown, register, monkeypatch):
    """A run writes its metadata file, and the catalog takes another run's meanwhile."""
    from pyiceberg.catalog.glue import GlueCatalog

    from lakehouse_jobs.errors import SupersededError
    from lakehouse_jobs.raw.commit import commit

    grown.commit()
    raw = grown.open()
    landing = grown.landing(raw)
    real = GlueCatalog._update_glue_table

    def meets_another(*arguments, **more):
        monkeypatch.setattr(GlueCatalog, "_update_glue_table", real)
        grown.commit(rows=5)
        return real(*arguments, **more)

    monkeypatch.setattr(GlueCatalog, "_update_glue_table", meets_another)
    with pytest.raises(SupersededError):
        commit(raw, landing, store=grown.store)
    won = grown.table.metadata_location
    assert len(metadata(grown, 2)) == 2
    assert won in metadata(grown, 2)
    drop(grown)

    done = register("Account", "--yes")

    assert done.exit_code == 0, done.output
    assert won in done.output
    assert len(grown.rows()) == 8


def test_where_both_are_whole_they_are_listed_and_one_has_to_be_said(lost, register):
    twin = copied(lost, lost.address, properties={"lakehouse.batch": "4"})

    done = register("Account", "--yes")

    assert done.exit_code == 1
    assert "2 commits may be the last, as two met or somebody went back" in done.output
    assert f"{lost.address} (batch 3, watermark 2026-01-01T00:45:00" in done.output
    assert f"{twin} (batch 4, " in done.output
    assert tables(lost) == []
    assert register("Account", "--yes", "--metadata", lost.address).exit_code == 0
    assert lost.table.properties["lakehouse.batch"] == "3"


def test_where_somebody_went_back_the_abandoned_commits_are_not_taken_unasked(lost, register):
    """Commits since count from the earlier state: the last one written has a lower number."""
    *_, earlier, abandoned = [address for number in range(10) for address in metadata(lost, number)]
    time.sleep(1.1)  # whole seconds are told of files
    key = lost.store.key_of(earlier)
    lost.store.write(key, lost.store.read(key))

    done = register("Account", "--yes")

    assert done.exit_code == 1
    assert "2 commits may be the last" in done.output
    assert earlier in done.output
    assert abandoned in done.output
    assert tables(lost) == []
    assert register("Account", "--yes", "--metadata", earlier).exit_code == 0


@pytest.mark.parametrize("folder", ["data", "metadata"])
def test_a_file_that_is_gone_is_named(lost, register, folder):
    found = sorted(a for a in lost.files(folder) if not a.endswith(".json"))
    lost.store.delete(found[:1])

    done = register("Account", "--yes")

    assert done.exit_code == 1
    assert f"refers to 1 file(s) that are gone, such as {found[0]}: where the" in done.output
    assert tables(lost) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"location": "s3://other/place"}, "is of a table at s3://other/place, and lies in"),
        ({"properties": {"lakehouse.object": "Lead"}}, "is of Lead, not of a raw table account"),
        (
            {"properties": {"lakehouse.org-id": "00D000000000099EAA"}},
            f"holds rows of org 00D000000000099EAA, and this lake is of org {ORG}: register it in",
        ),
        ({"schemas": "none"}, "cannot be read as the metadata of a table"),
    ],
)
def test_what_is_not_this_lakes_table_is_left_out(lost, register, changes, said):
    lost.store.write_json(f"{lost.lab.database}/_org.json", {"org_id": ORG})
    altered(lost, **changes)

    done = register("--yes")

    assert done.exit_code == 1
    assert said in done.output
    assert "1 table(s) not registered: see above" in done.output
    assert tables(lost) == []


def test_an_earlier_state_is_told_what_builds_have_read_beyond_it(lost, register):
    lost.store.write("runs/_built.json", b'{"account": 3}')

    done = register("Account", "--yes", "--metadata", *metadata(lost, 2))

    assert done.exit_code == 0, done.output
    assert "builds have read batch 3, and numbers come again: afterwards `lakehouse" in done.output
    assert (len(lost.rows()), lost.table.properties["lakehouse.batch"]) == (6, "2")


def test_where_nothing_can_be_written_it_is_registered_all_the_same(lost, register, monkeypatch):
    from pyiceberg.catalog.glue import GlueCatalog

    def denied(*_):
        raise PermissionError("AWS Error ACCESS_DENIED during PutObject operation")

    with monkeypatch.context() as patch:
        patch.setattr(GlueCatalog, "commit_table", denied)
        done = register("Account", "--yes")

    assert done.exit_code == 1
    assert "account is registered, but builds do not see its batch, as a commit failed: AWS E" in (
        done.output
    )
    assert (tables(lost), lost.table.metadata_location) == (["account"], lost.address)


def test_a_table_that_the_catalog_has_is_refused(grown, register):
    grown.commit()
    before = grown.table.metadata_location

    done = register("account", "--yes")

    assert done.exit_code == 2
    assert "account is in the catalog, so there is nothing to take up" in done.output
    assert grown.table.metadata_location == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Lead", "--yes"), "lead/metadata/, so there is nothing to take up: where the bucket"),
        (("--metadata", "s3://x/y", "--yes"), "--metadata is of one table: name its object"),
        (("Account", "--metadata", "s3://x/y", "--yes"), "--metadata: got 's3://x/y'; allowed: "),
        (("Account",), "nobody is here to be asked: say --yes to register"),
    ],
)
def test_what_cannot_be_asked(lost, register, arguments, said):
    done = register(*arguments)

    assert done.exit_code == 2
    assert said in done.output
    assert tables(lost) == []
