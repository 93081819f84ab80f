"""The extraction as a whole: from a Salesforce on a socket into real Iceberg tables."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from pyiceberg.types import StringType

pytestmark = pytest.mark.local_aws


def at(org, **ago):
    return (org.now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def versions(lab, table="account"):
    return sorted(
        (r["id"], r["systemmodstamp"].isoformat(), r["_is_deleted"]) for r in lab.rows(table)
    )


def test_a_first_run_lands_typed_rows(account_lab):
    outcome = account_lab.run()["Account"]
    assert outcome["status"] == "landed"
    assert (outcome["rows"], outcome["batch"], outcome["api"]) == (2, 1, "bulk")
    assert outcome["left_out"] == ["Photo__c: base64, which a bulk query cannot read"]
    assert outcome["watermark_after"] == "2026-03-01T11:59:00.000Z"
    one, two = sorted(account_lab.rows("account"), key=lambda r: r["name"])
    assert (one["amount__c"], one["numberofemployees"], one["birthday__c"]) == (23.0, 5, None)
    assert (two["birthday__c"].isoformat(), two["opens__c"]) == ("2024-04-16", "10:30:00.000")
    assert one["systemmodstamp"] == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert {k: v for k, v in one.items() if k.startswith("_")} == {
        "_org_id": "00D000000000062EAA",
        "_source": "salesforce",
        "_run_id": "run-1",
        "_extracted_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "_batch": 1,
        "_change": "read",
        "_is_deleted": False,
        "_deleted_at": None,
    }


def test_the_table_says_where_it_came_from(account_lab):
    account_lab.run()
    table = account_lab.table("account")
    assert table.location() == f"s3://{account_lab.bucket}/{account_lab.database}/account"
    field = table.schema().find_field("amount__c")
    assert (str(field.field_type), field.doc) == ("double", "Amount__c (currency): Amount__c label")
    properties = table.properties
    assert properties["lakehouse.object"] == "Account"
    assert properties["lakehouse.org-id"] == "00D000000000062EAA"
    assert properties["lakehouse.batch"] == "1"
    assert properties["lakehouse.run-id"] == "run-1"
    lookback = properties["lakehouse.lookback-file"].removeprefix(f"s3://{account_lab.bucket}/")
    assert lookback.startswith(f"{account_lab.database}/_lookback/account/")
    assert account_lab.keys(f"{account_lab.database}/_lookback/") == [lookback]


def test_the_catalog_shows_the_comments(account_lab):
    account_lab.org.describes["Account"]["fields"][2]["label"] = "long " * 100
    account_lab.run()
    glue = account_lab.client("glue").get_table(DatabaseName=account_lab.database, Name="account")[
        "Table"
    ]
    comments = [c.get("Comment", "") for c in glue["StorageDescriptor"]["Columns"]]
    assert max(map(len, comments)) == 255


def test_a_second_run_without_changes_makes_no_snapshot(account_lab):
    account_lab.run()
    before = account_lab.table("account")
    assert account_lab.run()["Account"]["status"] == "unchanged"
    account_lab.org.now += timedelta(hours=1)
    outcome = account_lab.run()["Account"]
    assert outcome["status"] == "unchanged"
    assert outcome["watermark_after"] == "2026-03-01T12:59:00.000Z"
    after = account_lab.table("account")
    assert [s.snapshot_id for s in after.snapshots()] == [s.snapshot_id for s in before.snapshots()]
    assert after.properties["lakehouse.batch"] == "1"
    assert len(account_lab.rows("account")) == 2


def test_a_changed_record_becomes_a_new_version(account_lab):
    org = account_lab.org
    account_lab.run()
    org.now += timedelta(minutes=30)
    org.records["Account"][0] |= {"Name": "Uno", "SystemModstamp": at(org, minutes=5)}
    org.records["Account"][1] |= {"IsDeleted": "true", "SystemModstamp": at(org, minutes=6)}
    outcome = account_lab.run()["Account"]
    assert (outcome["rows"], outcome["batch"]) == (2, 2)
    rows = account_lab.rows("account")
    assert sorted((r["name"], r["_batch"]) for r in rows) == [
        ("One", 1),
        ("Two", 1),
        ("Two", 2),
        ("Uno", 2),
    ]
    deleted = next(r for r in rows if r["_is_deleted"])
    assert deleted["_deleted_at"] == deleted["systemmodstamp"]


def test_the_overlap_of_windows_lands_once_and_late_rows_land(account_lab):
    org = account_lab.org
    org.row("Account", Name="Young", SystemModstamp=at(org, minutes=2))
    account_lab.run()
    org.now += timedelta(minutes=5)
    # Stamped before the watermark, visible only now: a long transaction.
    org.row("Account", Name="Late", SystemModstamp=at(org, minutes=8))
    outcome = account_lab.run()["Account"]
    assert outcome["rows"] == 1
    org.now += timedelta(minutes=5)
    assert account_lab.run()["Account"]["rows"] == 0
    assert len(versions(account_lab)) == len(set(versions(account_lab))) == 4


def test_many_records_with_one_stamp_at_the_window_edge(account_lab):
    org = account_lab.org
    edge = at(org, seconds=60)  # exactly the end of the first window
    for number in range(30):
        org.row("Account", Name=f"n{number}", SystemModstamp=edge)
    assert account_lab.run()["Account"]["rows"] == 2
    org.now += timedelta(seconds=30)
    assert account_lab.run()["Account"]["rows"] == 30
    org.now += timedelta(seconds=30)
    assert account_lab.run()["Account"]["rows"] == 0
    assert len(versions(account_lab)) == len(set(versions(account_lab))) == 32


def test_a_longer_lookback_takes_no_row_twice(account_lab):
    org = account_lab.org
    account_lab.run()  # rows are an hour old, keys reach back 10 minutes
    account_lab.config["defaults"]["lookback_minutes"] = 180
    for _ in range(3):
        org.now += timedelta(minutes=1)
        assert account_lab.run()["Account"]["rows"] == 0


def test_keys_that_were_lost_are_read_from_the_table(account_lab):
    org = account_lab.org
    org.row("Account", Name="Young", SystemModstamp=at(org, minutes=2))
    account_lab.run()
    for key in account_lab.keys(f"{account_lab.database}/_lookback/"):
        account_lab.client("s3").delete_object(Bucket=account_lab.bucket, Key=key)
    org.now += timedelta(minutes=1)
    assert account_lab.run()["Account"]["rows"] == 0
    assert len(versions(account_lab)) == 3


def test_excluded_and_hashed_values_are_never_written(account_lab):
    org = account_lab.org
    org.row("Account", Name="Secret name", BillingStreet="Hidden street 1")
    org.records["Account"][0]["Name"] = None
    account_lab.config["objects"] = {
        "account": {"fields": {"exclude": ["BillingAddress"], "hash": ["name"]}}
    }
    outcome = account_lab.run()["Account"]
    assert "BillingStreet: excluded by the configuration" in outcome["left_out"]
    assert "BillingStreet" not in next(iter(org.jobs.values()))[0]
    digest = hashlib.sha256(b"Secret name").hexdigest()
    assert {r["name"] for r in account_lab.rows("account")} >= {digest, None}
    assert "billingstreet" not in account_lab.rows("account")[0]
    s3 = account_lab.client("s3")
    for key in account_lab.keys(""):
        body = s3.get_object(Bucket=account_lab.bucket, Key=key)["Body"].read()
        assert b"Secret name" not in body, key
        assert b"Hidden street" not in body, key


def test_a_misspelt_rule_writes_nothing_and_an_unmatched_default_does_not_matter(account_lab):
    account_lab.config["defaults"]["fields"] = {"exclude": ["SSN__c"], "hash": ["Email"]}
    account_lab.config["objects"] = {"Account": {"fields": {"hash": ["Nmae"]}}}
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "ConfigError")
    assert "objects.Account.fields: hash: got 'nmae'" in outcome["message"]
    tables = [name for _, name in account_lab.catalog.list_tables(account_lab.database)]
    assert tables == ["_runs"]
    account_lab.config["objects"] = {"Account": {"fields": {"hash": ["Name"]}}}
    assert account_lab.run()["Account"]["status"] == "landed"


def test_another_org_is_refused_before_any_write(account_lab):
    account_lab.run()
    before = account_lab.keys(account_lab.database)
    account_lab.org.org_id = "00D000000000099EAA"
    account_lab.org.describes["Account"]["fields"].append(
        {"name": "New__c", "type": "string", "label": "New", "length": 10}
    )
    outcome = account_lab.run()["Account"]
    assert outcome["error"] == "WrongOrgError"
    assert "00D000000000062EAA" in outcome["message"]
    assert account_lab.keys(account_lab.database) == before


def test_a_newer_format_is_refused(account_lab):
    account_lab.run()
    table = account_lab.table("account")
    table.transaction().set_properties({"lakehouse.format-version": "2"}).commit_transaction()
    outcome = account_lab.run()["Account"]
    assert outcome["error"] == "NewerFormatError"


NASTY = [
    'quote " and "" two',
    "line\nbreak\r\nand return",
    "nul \x00 inside",
    "Ünïcödé 日本語 🎉 مرحبا",
    "a,b;c\td",
    "NULL",
    "N/A",
    " leading and trailing ",
    "x" * 200_000,
    "back\\slash",
    "'",
]


def test_values_survive_as_they_are(account_lab):
    org = account_lab.org
    for value in NASTY:
        org.row("Account", Name=value)
    for number in range(3000):
        org.row("Account", Name=f"{number} {NASTY[number % 6]}")
    org.page_rows = 500
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["pages"]) == ("landed", 7)
    assert {r["id"]: r["name"] for r in account_lab.rows("account")} == {
        r["Id"]: r["Name"] for r in org.records["Account"]
    }


def test_a_page_that_breaks_off_is_read_again(account_lab):
    org = account_lab.org
    for number in range(5000):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 1000
    org.mood("GET", "results", cut=4000, times=3)
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 5002)
    assert len({r["id"] for r in account_lab.rows("account")}) == 5002


def test_a_page_that_is_always_short_ends_a_load_that_comes_no_further(account_lab):
    org = account_lab.org
    for number in range(5000):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 1000
    org.mood("GET", "locator=2000", cut=4000, times=-1)
    assert account_lab.run()["Account"]["error"] == "TransferError"
    assert account_lab.keys("loads/account/"), "the pages that were read are kept"
    assert org.deleted_jobs == []

    def done():
        return sum("/pages/" in key for key in account_lab.keys("loads/account/"))

    while account_lab.keys("loads/account/"):  # each run reads a page more, or is the last
        before = done()
        assert account_lab.run()["Account"]["error"] == "TransferError"
        assert done() > before or done() == 0
    assert account_lab.keys(f"{account_lab.database}/account/data/") == []
    assert account_lab.keys("loads/") == []
    assert len(org.jobs) == len(org.deleted_jobs) == 1
    org.moods.clear()
    assert account_lab.run()["Account"]["rows"] == 5002


def test_a_page_with_fewer_rows_than_announced_is_noticed(account_lab):
    account_lab.org.mood(
        "GET", "results", times=-1, edit=lambda body: body.rstrip().rsplit(b"\n", 1)[0] + b"\n"
    )
    outcome = account_lab.run()["Account"]
    assert outcome["error"] == "TransferError"
    assert "1 rows, 2 were announced" in outcome["message"]


def test_whole_numbers_may_be_written_as_decimals(account_lab):
    account_lab.org.row("Account", Name="x", NumberOfEmployees="5.0")
    account_lab.run()
    assert {r["numberofemployees"] for r in account_lab.rows("account")} == {5, None}


def test_a_new_field_becomes_a_column(account_lab):
    org = account_lab.org
    account_lab.run()
    org.describes["Account"]["fields"].append(
        {"name": "Rating__c", "type": "double", "label": "Rating", "length": 0}
    )
    org.describes["Account"]["fields"].remove(org.describes["Account"]["fields"][6])
    org.now += timedelta(minutes=30)
    org.records["Account"][0] |= {"Rating__c": "4.5", "SystemModstamp": at(org, minutes=5)}
    outcome = account_lab.run()["Account"]
    assert outcome["schema_changes"] == [
        "rating__c is new: Rating__c (double): Rating",
        "opens__c is no longer read: kept, null from now on",
    ]
    assert {r["rating__c"] for r in account_lab.rows("account")} == {None, 4.5}
    assert {r["opens__c"] for r in account_lab.rows("account")} == {None, "10:30:00.000"}
    org.now += timedelta(minutes=30)
    assert account_lab.run()["Account"]["schema_changes"] == []


def test_a_retyped_field_gets_a_second_column(account_lab):
    org = account_lab.org
    account_lab.run()
    field = next(f for f in org.describes["Account"]["fields"] if f["name"] == "Amount__c")
    field["type"] = "string"
    org.now += timedelta(minutes=30)
    org.records["Account"][0] |= {"Amount__c": "many", "SystemModstamp": at(org, minutes=5)}
    outcome = account_lab.run()["Account"]
    assert outcome["status"] == "landed"
    schema = account_lab.table("account").schema()
    assert schema.find_field("amount__c__string").field_type == StringType()
    assert schema.find_field("amount__c__string").doc.startswith("Amount__c (string)")
    assert schema.find_field("amount__c").doc.startswith("Amount__c (currency)")
    found = {(r["amount__c"], r["amount__c__string"]) for r in account_lab.rows("account")}
    assert found == {(23.0, None), (None, "many"), (None, None)}
    org.now += timedelta(minutes=30)
    assert account_lab.run()["Account"]["schema_changes"] == []


def test_rest_serves_what_bulk_refuses(account_lab):
    org = account_lab.org
    org.no_bulk.add("Account")
    org.page_rows = 2
    org.row("Account", Name=NASTY[2], Amount__c="1.5", IsDeleted="true", Opens__c="01:02:03.000Z")
    org.row("Account", Name="")
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["api"]) == ("landed", 4, "rest")
    assert "queryAll" in org.queries[0][1]
    rows = {r["id"]: r for r in account_lab.rows("account")}
    assert {r["name"] for r in rows.values()} == {"One", "Two", NASTY[2], None}
    deleted = next(r for r in rows.values() if r["_is_deleted"])
    assert (deleted["amount__c"], deleted["opens__c"]) == (1.5, "01:02:03.000")


def test_without_a_list_of_pages_they_are_read_in_turn(account_lab):
    org = account_lab.org
    for number in range(50):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    org.has_result_pages = False
    outcome = account_lab.run()["Account"]
    assert (outcome["rows"], outcome["pages"]) == (52, 6)


def test_an_object_without_a_modstamp_borrows_its_newest_time(lab):
    lab.org.add_object(
        "AccountHistory", {"Id": "id", "CreatedDate": "datetime", "OldValue": "anyType"}
    )
    lab.org.records["AccountHistory"].append(
        {"Id": "017000000000001AAA", "CreatedDate": at(lab.org, hours=3), "OldValue": "5"}
    )
    lab.config["groups"]["sales"]["include"] = ["*History"]
    assert lab.run()["AccountHistory"]["rows"] == 1
    row = lab.rows("accounthistory")[0]
    assert row["systemmodstamp"] == row["createddate"]
    assert row["_is_deleted"] is False
    lab.org.now += timedelta(minutes=5)
    assert lab.run()["AccountHistory"]["rows"] == 0


def test_an_empty_object_makes_an_empty_table(lab):
    lab.org.add_object("Account", {"Id": "id", "SystemModstamp": "datetime"})
    assert lab.run()["Account"]["status"] == "unchanged"
    assert lab.rows("account") == []
    assert lab.table("account").properties["lakehouse.watermark"] == "2026-03-01T11:59:00.000Z"
