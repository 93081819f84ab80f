"""A full run: everything is read again, only what differs is appended."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def test_no_difference_makes_no_commit(account_lab):
    account_lab.run()
    before = account_lab.table("account").metadata_location
    account_lab.org.now += timedelta(minutes=30)
    outcome = account_lab.run(mode="full")["Account"]
    assert (outcome["status"], outcome["rows"]) == ("unchanged", 0)
    assert account_lab.table("account").metadata_location == before


def test_only_what_differs_is_appended(account_lab):
    org = account_lab.org
    for number in range(3000):
        org.row("Account", Name=f"n{number}", Amount__c="1.0")
    account_lab.run()
    org.now += timedelta(minutes=30)
    changed = org.records["Account"][:5]
    for record in changed:
        record["Amount__c"] = "9.5"  # a formula: the stamp does not move
    org.page_rows = 700
    outcome = account_lab.run(mode="full")["Account"]
    assert (outcome["status"], outcome["rows"], outcome["batch"]) == ("landed", 5, 2)
    new = [r for r in account_lab.rows("account") if r["_batch"] == 2]
    assert {r["id"] for r in new} == {r["Id"] for r in changed}
    assert {(r["_change"], r["amount__c"]) for r in new} == {("resync", 9.5)}
    org.now += timedelta(minutes=30)
    assert account_lab.run(mode="full")["Account"]["rows"] == 0


def test_rows_that_a_resync_brought_are_not_read_again(account_lab):
    org = account_lab.org
    account_lab.run()
    org.now += timedelta(minutes=5)
    moment = org.now - timedelta(minutes=2)
    org.row("Account", Name="Young", SystemModstamp=moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert account_lab.run(mode="full")["Account"]["rows"] == 1
    org.now += timedelta(minutes=5)
    assert account_lab.run()["Account"]["rows"] == 0


def test_the_newest_version_is_compared_whatever_the_order_of_files(account_lab):
    org = account_lab.org
    account_lab.run()
    for minutes in (30, 60):
        org.now += timedelta(minutes=30)
        org.records["Account"][0] |= {
            "Name": f"after {minutes}",
            "SystemModstamp": (org.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        assert account_lab.run()["Account"]["rows"] == 1
    assert account_lab.run(mode="full")["Account"]["rows"] == 0


def test_a_full_first_run_is_a_first_load(account_lab):
    assert account_lab.run(mode="full")["Account"]["rows"] == 2
    assert {r["_change"] for r in account_lab.rows("account")} == {"read"}
