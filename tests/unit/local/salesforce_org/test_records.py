"""What happens to records, also where no query and no stamp shows it."""

from datetime import datetime, timedelta

import pytest


def edit(client, operation, name="Account", **more):
    return client.control("POST", "records", object=name, operation=operation, **more)


def read(client, fields="Id, SystemModstamp", where="Id != null"):
    soql = f"SELECT {fields} FROM Account WHERE {where}"
    return {r["Id"]: r for r in client.query(soql, deleted=True)}


def told(client, days=20, name="Account"):
    now = datetime.fromisoformat(client.control("GET", "clock")["now"])
    start, end = now - timedelta(days=days), now + timedelta(minutes=2)
    path = f"{client.data}/sobjects/{name}/deleted/"
    parameters = {"start": start.isoformat(), "end": end.isoformat()}
    return client.get(path, params=parameters).json()


def test_purged_records_are_told_for_15_days(client):
    gone = edit(client, "purge", count=3)["ids"]
    assert not set(gone) & set(read(client))
    answer = told(client)
    listed = {each["id"]: each["deletedDate"] for each in answer["deletedRecords"]}
    assert set(gone) <= set(listed)
    assert answer["earliestDateAvailable"] < listed[gone[0]] <= answer["latestDateCovered"]
    client.control("POST", "clock", advance_seconds=14 * 86_400)
    assert set(gone) <= {each["id"] for each in told(client)["deletedRecords"]}
    client.control("POST", "clock", advance_seconds=2 * 86_400)
    assert not set(gone) & {each["id"] for each in told(client)["deletedRecords"]}


def test_the_date_of_a_purged_record_is_that_of_its_deletion(client):
    one = edit(client, "delete", count=1)["ids"][0]
    before = {e["id"]: e["deletedDate"] for e in told(client)["deletedRecords"]}[one]
    client.control("POST", "clock", advance_seconds=3_600)
    edit(client, "purge", records=[{"Id": one}])
    assert {e["id"]: e["deletedDate"] for e in told(client)["deletedRecords"]}[one] == before


def test_an_undeleted_record_is_told_no_more(client):
    one = edit(client, "delete", count=1)["ids"][0]
    assert read(client, "Id, IsDeleted")[one]["IsDeleted"]
    edit(client, "undelete", records=[{"Id": one}])
    assert not read(client, "Id, IsDeleted")[one]["IsDeleted"]
    assert one not in {each["id"] for each in told(client)["deletedRecords"]}


def test_too_many_deleted_records_are_refused(client):
    edit(client, "purge", count=3)
    client.control("POST", "behaviour", deleted_ids=2)
    assert told(client)[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_a_hidden_record_is_gone_everywhere_until_it_is_shared_again(open_client):
    client = open_client()
    before = read(client)
    hidden = edit(client, "hide", count=4)["ids"]
    one = edit(client, "delete", records=[{"Id": hidden[0]}])["ids"][0]
    client = open_client()  # it stays hidden over a restart
    assert set(before) - set(read(client)) == set(hidden)
    assert client.get(f"{client.data}/sobjects/Account/{hidden[1]}").status_code == 404
    assert one not in {each["id"] for each in told(client)["deletedRecords"]}
    job = client.finish_job("SELECT Id FROM Account", "queryAll")
    assert hidden[2] not in client.results(job).text
    assert set(edit(client, "share", count=4)["ids"]) == set(hidden)
    after = read(client)
    assert set(after) == set(before)
    assert all(after[i] == before[i] for i in hidden[1:])


def test_a_late_row_is_stamped_in_the_past(client):
    clock = datetime.fromisoformat(client.control("GET", "clock")["now"])
    late = edit(client, "update", count=2, late_seconds=90)
    stamp = datetime.fromisoformat(late["stamp"])
    assert timedelta(seconds=85) < clock - stamp < timedelta(seconds=95)
    found = read(client)
    assert {found[i]["SystemModstamp"][:19] for i in late["ids"]} == {late["stamp"][:19]}


def test_a_held_edit_appears_under_the_stamp_of_its_beginning(client):
    before = read(client)
    record = {"Name": "Late Inc."}
    held = edit(client, "insert", records=[record], held=True)
    client.control("POST", "clock", advance_seconds=120)
    assert read(client) == before
    made = client.control("POST", "records", release=held["held"])["ids"][0]
    assert read(client)[made]["SystemModstamp"][:19] == held["stamp"][:19]
    again = client.post(f"{client.url}/_org/records", json={"release": held["held"]})
    assert "release: got" in again.json()[0]["message"]


def test_formulas_drift_without_a_stamp(client):
    fields = "Id, SystemModstamp, LastModifiedDate, Revenue_Per_Employee__c"
    before = read(client, fields)
    drifted = set(edit(client, "drift", count=5)["ids"])
    after = read(client, fields)
    changed = {i for i in before if before[i] != after[i]}
    assert changed == drifted
    formula = "Revenue_Per_Employee__c"
    assert all(before[i] | {formula: 0} == after[i] | {formula: 0} for i in before)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"operation": "share", "count": 1}, "Account has 0 records to share"),
        ({"operation": "hide", "count": 0}, "count: got 0; allowed: a number from 1 on"),
        ({"operation": "hide"}, 'records: allowed: a list of JSON objects, or "count"'),
        ({"operation": "update", "count": 1, "late_seconds": -1}, "late_seconds: got -1"),
        ({"operation": "drift", "object": "Lead", "count": 1}, "Lead has no formula field"),
    ],
)
def test_edits_that_cannot_be_done_say_why(shared, body, message):
    answer = shared.post(f"{shared.url}/_org/records", json={"object": "Account", **body})
    assert answer.status_code == 400
    assert message in answer.json()[0]["message"]
