"""A full resync: hard deletes, what comes back, and what changes meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.local_aws


def at(org, **ago):
    return (org.now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def history(lab, id):
    rows = [r for r in lab.rows("account") if r["id"] == id]
    return sorted((r["_batch"], r["_change"], r["_is_deleted"], r["name"]) for r in rows)


@pytest.fixture
def many(account_lab):
    """Ten records, loaded an hour ago."""
    for number in range(8):
        account_lab.org.row("Account", Name=f"n{number}", Amount__c="1.0")
    account_lab.run()
    account_lab.org.now += timedelta(hours=1)
    return account_lab


def test_a_hard_delete_becomes_a_tombstone_with_the_best_date(many):
    org = many.org
    told, untold = org.records["Account"][2:4]
    when = org.now - timedelta(minutes=20)
    org.hard_delete("Account", told, told=when)
    org.hard_delete("Account", untold)
    outcome = many.run(mode="full")["Account"]
    assert (outcome["status"], outcome["rows"], outcome["tombstones"]) == ("landed", 2, 2)
    assert outcome["message"] == "8 records compared: 2 are gone"
    stones = {r["id"]: r for r in many.rows("account") if r["_change"] == "hard_delete"}
    assert stones[told["Id"]]["_deleted_at"] == when
    assert stones[untold["Id"]]["_deleted_at"] == org.now
    for record in (told, untold):
        stone = stones[record["Id"]]
        assert (stone["_is_deleted"], stone["name"], stone["_batch"]) == (True, record["Name"], 2)
        assert stone["systemmodstamp"] == datetime(2026, 3, 1, 11, tzinfo=UTC)  # the last known
        assert stone["_extracted_at"] == org.now
    org.now += timedelta(hours=1)
    again = many.run(mode="full")["Account"]
    assert (again["status"], again["message"]) == ("unchanged", "8 records compared, no difference")


def test_a_record_that_went_in_the_minute_of_its_last_change_went_after_it(many):
    """Salesforce cuts the seconds off: what is told is not later than the stamp then."""
    org = many.org
    same_minute, told_of_before = org.records["Account"][2:4]
    changed = datetime(2026, 3, 1, 11, tzinfo=UTC)
    org.hard_delete("Account", same_minute, told=changed)
    org.hard_delete("Account", told_of_before, told=changed - timedelta(minutes=30))

    many.run(mode="full")

    stones = {r["id"]: r["_deleted_at"] for r in many.rows("account") if r["_is_deleted"]}
    assert stones == {
        same_minute["Id"]: changed + timedelta(minutes=1),
        told_of_before["Id"]: org.now,
    }


def test_an_object_that_tells_no_deletions_gets_the_time_of_the_run(many):
    many.org.not_replicated.add("Account")
    many.org.hard_delete("Account", many.org.records["Account"][0])
    assert many.run(mode="full")["Account"]["tombstones"] == 1
    [stone] = [r for r in many.rows("account") if r["_is_deleted"]]
    assert stone["_deleted_at"] == many.org.now


def test_shared_again_it_comes_back_with_its_old_stamp(many):
    org = many.org
    record = org.records["Account"].pop(3)
    many.run(mode="full")
    org.records["Account"].append(record)
    org.now += timedelta(hours=1)
    assert many.run()["Account"]["rows"] == 0  # its stamp is far below the window
    outcome = many.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["message"]) == (1, "10 records compared: 1 differs")
    assert history(many, record["Id"]) == [
        (1, "read", False, record["Name"]),
        (2, "hard_delete", True, record["Name"]),
        (3, "resync", False, record["Name"]),
    ]
    assert many.run(mode="full")["Account"]["rows"] == 0


def test_undeleted_it_comes_back(many):
    org = many.org
    record = org.records["Account"][0]
    record |= {"IsDeleted": "true", "SystemModstamp": at(org, minutes=30)}
    many.run()
    org.records["Account"].remove(record)  # out of the recycle bin: deleted already
    assert many.run(mode="full")["Account"]["status"] == "unchanged"
    org.records["Account"].append(record | {"IsDeleted": "false"})
    outcome = many.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (1, 0)


def test_records_that_change_while_they_are_read_are_not_gone(many):
    org = many.org
    # Within the margin: the next incremental run brings this version.
    org.records["Account"][0] |= {"Name": "new", "SystemModstamp": at(org, seconds=10)}
    org.row("Account", Name="born", SystemModstamp=at(org, seconds=5))
    outcome = many.run(mode="full")["Account"]
    assert (outcome["status"], outcome["tombstones"]) == ("unchanged", 0)
    org.now += timedelta(minutes=5)
    assert many.run()["Account"]["rows"] == 2
    assert many.run(mode="full")["Account"]["rows"] == 0


def test_what_a_resync_brought_is_not_read_again(many):
    org = many.org
    org.records["Account"][0] |= {"Name": "new", "SystemModstamp": at(org, minutes=2)}
    org.records["Account"][1] |= {"Amount__c": "7.0"}
    outcome = many.run(mode="full")["Account"]
    assert outcome["rows"] == 2
    assert outcome["watermark_after"] == at(org, minutes=1)
    for minutes in (0, 1, 20):
        org.now += timedelta(minutes=minutes)
        assert many.run()["Account"]["rows"] == 0


def test_a_version_older_than_raws_is_left_alone(many):
    org = many.org
    record = org.records["Account"][0]
    before = dict(record)
    record |= {"Name": "newer", "SystemModstamp": at(org, minutes=30)}
    many.run()
    record |= before  # a sandbox that was refreshed, a replica that lags
    outcome = many.run(mode="full")["Account"]
    assert (outcome["status"], outcome["rows"]) == ("unchanged", 0)
    assert outcome["message"] == "10 records compared: 1 left as raw has them later"


def test_mass_deletion_is_refused_and_nothing_is_written(many):
    org = many.org
    org.records["Account"][0]["Name"] = "changed"
    del org.records["Account"][4:]
    before = many.table("account").metadata_location
    outcome = many.run(mode="full")["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "MassDeletionError")
    assert "6 of 10 live records are gone" in outcome["message"]
    assert "View All Data" in outcome["message"]
    assert "objects.Account.max_delete_share" in outcome["message"]
    assert many.table("account").metadata_location == before
    assert len(many.keys(f"{many.database}/account/data/")) == 1
    many.config["objects"] = {"Account": {"max_delete_share": 0.6}}
    assert many.run(mode="full")["Account"]["tombstones"] == 6


def test_many_buckets_find_the_same(account_lab, monkeypatch):
    from lakehouse_jobs.extract.resync import buckets
    from lakehouse_jobs.raw import chunks

    monkeypatch.setattr(buckets, "ROWS_PER_BUCKET", 100)
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 300)
    org = account_lab.org
    for number in range(1500):
        org.row("Account", Name=f"n{number}")
    account_lab.run()
    org.records["Account"][7]["Name"] = None
    for record in org.records["Account"][20:24]:
        org.hard_delete("Account", record)
    org.page_rows = 400
    org.now += timedelta(minutes=30)
    outcome = account_lab.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (5, 4)
    assert account_lab.run(mode="full")["Account"]["rows"] == 0
