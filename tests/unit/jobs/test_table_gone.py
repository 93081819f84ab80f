"""Somebody drops a raw table from the catalog: the job over it, and `lakehouse register`."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def drop(lab, table):
    lab.client("glue").delete_table(DatabaseName=lab.database, Name=table)


def tables(lab):
    return sorted(name for _, name in lab.catalog.list_tables(lab.database))


def lying(lab):
    """What lies in the account's folder: key, content, and when it was written."""
    pages = lab.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=lab.bucket, Prefix=f"{lab.database}/account/")
    return {
        (each["Key"], each["ETag"], each["LastModified"])
        for page in found
        for each in page["Contents"]
    }


def later(lab, name):
    """Half an hour goes by, and a record comes."""
    lab.org.now += timedelta(minutes=30)
    stamp = (lab.org.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    lab.org.row("Account", Name=name, SystemModstamp=stamp)


def seen_by_builds(lab):
    from lakehouse_jobs.build.catalog import tables

    found = tables(lab.database, client=lab.client("glue"))["account"]
    return found.batch, found.watermark


def test_a_run_makes_no_empty_table_in_its_place_and_touches_no_file(two):
    two.run()
    drop(two, "account")
    before = lying(two)

    outcomes = two.run()

    assert outcomes["Account"]["error"] == "TableGoneError"
    assert "`lakehouse register Account`" in outcomes["Account"]["message"]
    assert outcomes["Lead"]["status"] == "unchanged"
    assert tables(two) == ["_runs", "lead"]
    assert lying(two) == before


def test_without_files_the_last_build_tells_that_it_was_there(two):
    two.run()
    drop(two, "account")
    keys = [{"Key": key} for key, *_ in lying(two)]
    two.client("s3").delete_objects(Bucket=two.bucket, Delete={"Objects": keys})
    two.client("s3").put_object(Bucket=two.bucket, Key="runs/_built.json", Body=b'{"account": 1}')

    assert "builds have read its batch 1" in two.run()["Account"]["message"]

    # What beginning anew takes.
    two.client("s3").put_object(Bucket=two.bucket, Key="runs/_built.json", Body=b'{"lead": 1}')
    outcome = two.run()["Account"]
    assert (outcome["status"], outcome["batch"], outcome["rows"]) == ("landed", 1, 2)


def test_the_table_of_runs_is_made_again(two):
    two.run()
    drop(two, "_runs")

    two.run()

    assert {row["run_id"] for row in two.rows("_runs")} == {"run-2"}


def test_taken_up_again_it_goes_on_from_its_watermark_and_batch(two, register):
    two.run()
    later(two, "Three")
    two.run()
    kept, rows, seen = two.table("account").properties, two.rows("account"), seen_by_builds(two)
    drop(two, "account")
    later(two, "Four")
    assert two.run()["Account"]["status"] == "failed"
    before = lying(two)

    done = register("Account", "--yes")

    assert done.exit_code == 0, done.output
    assert "4 rows, 2 snapshots" not in done.output
    assert "3 rows, 2 snapshots" in done.output
    assert f"batch 2, watermark {kept['lakehouse.watermark']}" in done.output
    assert before <= lying(two)
    taken_up = dict(two.table("account").properties)
    assert taken_up.pop("lakehouse.registered")
    assert (taken_up, two.rows("account")) == (kept, rows)
    assert seen_by_builds(two) == seen

    outcome = two.run()["Account"]

    assert (outcome["status"], outcome["batch"], outcome["rows"]) == ("landed", 3, 1)
    assert outcome["watermark_before"] == kept["lakehouse.watermark"]
    assert [row["name"] for row in two.rows("account") if row["_batch"] > 2] == ["Four"]
    assert seen_by_builds(two)[0] == 3
    assert two.json(f"runs/run-{two.runs}/_sales.json")["unbuilt"] == ["Account", "Lead"]


def test_back_to_an_earlier_state_what_came_since_is_read_again(two, register):
    two.run()
    earlier = two.table("account").metadata_location
    later(two, "Three")
    two.run()
    two.table("account").delete("name = 'One'")  # by somebody
    assert sorted(row["name"] for row in two.rows("account")) == ["Three", "Two"]
    drop(two, "account")

    done = register("Account", "--yes", "--metadata", earlier)

    assert done.exit_code == 0, done.output
    assert sorted(row["name"] for row in two.rows("account")) == ["One", "Two"]
    outcome = two.run()["Account"]
    assert (outcome["status"], outcome["batch"], outcome["rows"]) == ("landed", 2, 1)
    assert sorted(row["name"] for row in two.rows("account")) == ["One", "Three", "Two"]
