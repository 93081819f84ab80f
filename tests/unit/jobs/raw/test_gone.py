"""A table that the catalog lacks is made only where nothing says that it was there."""

import pytest

from lakehouse_jobs.errors import TableGoneError

pytestmark = pytest.mark.local_aws


def drop(grown):
    grown.lab.client("glue").delete_table(DatabaseName=grown.lab.database, Name="account")


def test_data_files_speak_for_a_table_that_was_there(grown):
    grown.commit()
    drop(grown)

    with pytest.raises(TableGoneError) as refused:
        grown.open()

    database, bucket = grown.lab.database, grown.lab.bucket
    assert str(refused.value) == (
        f"the catalog has no table {database}.account, but its data files are there: an empty one "
        f"at s3://{bucket}/{database}/account would lose its history; take it up again with "
        "`lakehouse register Account`, or begin anew on purpose, as docs/maintenance.md says (A "
        "raw table that is gone)"
    )
    assert grown.lab.catalog.list_tables(database) == []


def test_so_do_builds_that_have_read_it(grown):
    with pytest.raises(TableGoneError, match="but builds have read its batch 7: an empty one"):
        grown.open(built=lambda: {"account": 7, "lead": 9})


def test_what_was_never_there_is_made(grown):
    """A folder's mark is no file, other tables' files and batches are not its own."""
    grown.store.write(f"{grown.lab.database}/account/data/", b"")
    grown.store.write(f"{grown.lab.database}/account2/data/some.parquet", b"")

    assert grown.open(built=lambda: {"account": 0, "account2": 3}).state.batch == 0


def test_a_table_that_is_there_asks_for_no_builds(grown):
    grown.commit()

    assert grown.open(built=lambda: pytest.fail("asked")).state.batch == 1


def test_of_two_first_runs_the_slower_takes_the_table_that_the_other_made(grown):
    def meanwhile():
        grown.commit()  # the other run, from making the table to its commit
        return {"account": 1}

    assert grown.open(built=meanwhile).state.batch == 1
