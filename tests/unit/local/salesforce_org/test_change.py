import json

import pytest
import requests


def versions(client, **parameters):
    answer = client.get(f"{client.url}/_org/versions", params=parameters)
    found = [json.loads(line) for line in answer.text.splitlines()]
    return {(v["object"], v["id"], v["systemmodstamp"], v["isdeleted"]) for v in found}


def visible(client, name):
    """All versions of an object as queryAll shows them now."""
    fields = {
        f["name"] for f in client.get(f"{client.data}/sobjects/{name}/describe").json()["fields"]
    }
    wanted = [f for f in ("Id", "SystemModstamp", "IsDeleted") if f in fields]
    return {
        (name, r["Id"], r["SystemModstamp"].replace("+0000", "Z"), r.get("IsDeleted", False))
        for r in client.query(f"SELECT {', '.join(wanted)} FROM {name}", deleted=True)
    }


NAMES = ("Account", "Contact", "Opportunity", "OpportunityHistory", "Lead", "User", "Task")


def test_reading_after_each_change_sees_every_version_that_ever_was(client):
    seen = {name: visible(client, name) for name in NAMES}
    for _ in range(3):
        changed = client.control("POST", "change", updates=0.1, deletes=0.05, inserts=0.05)
        for name in NAMES:
            seen[name] |= visible(client, name)
    assert changed["number"] == 3
    for name in NAMES:
        assert seen[name] == versions(client, object=name)


def test_a_day_of_business_does_all_it_says(client):
    before = {v[:2] for v in versions(client)}
    day = client.control("POST", "change", updates=0.2, deletes=0.1, undeletes=0.02, purges=0.02)
    kinds = {kind for edits in day["edits"].values() for kind in edits}
    assert {"updated", "owners changed", "inserted", "deleted", "undeleted", "purged"} <= kinds
    assert "stages moved" in kinds
    moved = day["edits"]["Opportunity"]
    history = moved["stages moved"] + moved["inserted"]
    assert day["edits"]["OpportunityHistory"]["inserted"] == history
    new = {v[:2] for v in versions(client)} - before
    accounts = [record for name, record in new if name == "Account"]
    assert len(accounts) == day["edits"]["Account"]["inserted"]


def test_the_clock_moves_and_no_edit_lies_beyond_it(client):
    before = client.control("GET", "clock")["now"]
    now = client.control("POST", "change")["now"]
    assert now > before
    stamps = [stamp for _, _, stamp, _ in versions(client, since_change=1)]
    assert stamps
    assert all(before[:19] <= stamp[:19] <= now[:19] for stamp in stamps)


def test_a_new_field_moves_no_stamp_by_itself(client):
    before = visible(client, "Account")
    day = client.control("POST", "change", updates=0, deletes=0, inserts=0, undeletes=0, purges=0)
    assert day["new_fields"] == ["Account.Renewal_Risk__c"]
    assert visible(client, "Account") == before
    assert client.query("SELECT Id FROM Account WHERE Renewal_Risk__c != null") == []
    later = client.control("POST", "change", objects=["Account"], updates=0.3)
    assert later["new_fields"] == []
    filled = {r["Id"] for r in client.query("SELECT Id FROM Account WHERE Renewal_Risk__c != null")}
    assert filled
    assert filled <= {record for _, record, _, _ in versions(client, since_change=2)}


def test_hard_deletes_and_formulas_are_silent_unless_asked(client):
    count = "SELECT Id, Revenue_Per_Employee__c FROM Account"
    before = {r["Id"]: r["Revenue_Per_Employee__c"] for r in client.query(count, deleted=True)}
    quiet = {"updates": 0, "inserts": 0, "deletes": 0, "undeletes": 0, "purges": 0}
    stamps = visible(client, "Account")
    client.control("POST", "change", objects=["Account"], formulas=0.3, **quiet)
    after = {r["Id"]: r["Revenue_Per_Employee__c"] for r in client.query(count, deleted=True)}
    assert after != before
    assert visible(client, "Account") == stamps
    client.control("POST", "change", objects=["Account"], hard_deletes=0.1, **quiet)
    assert len(visible(client, "Account")) < len(stamps)
    start, end = "2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
    told = client.get(
        f"{client.data}/sobjects/Account/deleted", params={"start": start, "end": end}
    ).json()["deletedRecords"]
    gone = {v[1] for v in stamps - visible(client, "Account")}
    assert gone <= {each["id"] for each in told}


def test_single_edits_can_come_late(client):
    account = client.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    edit = {"object": "Account", "stamp": "2026-01-31T10:00:00Z"}
    done = client.control(
        "POST", "records", operation="update", records=[{"id": account, "name": "Late"}], **edit
    )
    assert done["ids"] == [account]
    found = client.query(f"SELECT Name, SystemModstamp FROM Account WHERE Id = '{account}'")[0]
    assert (found["Name"], found["SystemModstamp"]) == ("Late", "2026-01-31T10:00:00.000+0000")
    made = client.control("POST", "records", operation="insert", records=[{"Name": "N"}], **edit)
    for operation, versions_ in (("delete", 2), ("undelete", 2), ("purge", 2)):
        client.control(
            "POST", "records", operation=operation, records=[{"Id": made["ids"][0]}], **edit
        )
        mine = [v for v in versions(client, object="Account") if v[1] == made["ids"][0]]
        assert len(mine) == versions_
    assert client.query(f"SELECT Id FROM Account WHERE Id = '{made['ids'][0]}'", deleted=True) == []


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("change", {"nope": 1}, "nope: got 1; allowed: hours"),
        ("change", {"updates": -1}, "none negative"),
        ("change", {"objects": ["Nope"]}, "the org has no Nope"),
        ("records", {"object": "Nope"}, "object: got 'Nope'; allowed: Account"),
        ("records", {"object": "Account", "operation": "x"}, "operation: got 'x'"),
        ("clock", {"advance_seconds": "1"}, "advance_seconds: got '1'"),
        ("behaviour", {"nope": 1}, "nope: got 1; allowed: latency_seconds"),
        ("moods", {"action": "x"}, "action: got 'x'; allowed: abort_job"),
        ("moods", {"nope": 1}, "unknown key 'nope'"),
        ("client", {"client_id": "x"}, "allowed: client_secret"),
    ],
)
def test_bad_control_requests_say_what_is_allowed(shared, name, body, message):
    answer = shared.post(f"{shared.url}/_org/{name}", json=body)
    assert answer.status_code == 400
    assert message in answer.json()[0]["message"]


def test_a_record_that_does_not_exist_undoes_the_whole_edit(client):
    account = client.query("SELECT Id, Name FROM Account LIMIT 1")[0]
    answer = client.post(
        f"{client.url}/_org/records",
        json={
            "object": "Account",
            "operation": "update",
            "records": [{"Id": account["Id"], "Name": "x"}, {"Id": "001000000000000AAA"}],
        },
    )
    assert "there is no record" in answer.json()[0]["message"]
    again = client.query(f"SELECT Name FROM Account WHERE Id = '{account['Id']}'")
    assert again[0]["Name"] == account["Name"]


def test_browsers_cannot_turn_the_knobs(shared):
    answer = requests.get(
        f"{shared.url}/_org/status", headers={"Origin": "https://example.com"}, timeout=10
    )
    assert answer.status_code == 403


def test_a_restart_keeps_data_jobs_clock_and_sessions(open_client):
    client = open_client()
    client.control("POST", "change")
    token = client.headers["Authorization"]
    job = client.finish_job("SELECT Id, SystemModstamp FROM Account", "queryAll")
    now, page = client.control("GET", "clock"), client.results(job).content
    before, journal = visible(client, "Account"), versions(client)
    client = open_client()
    client.headers["Authorization"] = token
    assert visible(client, "Account") == before
    assert versions(client) == journal
    assert client.results(job).content == page
    assert client.control("GET", "clock")["now"] >= now["now"]
    assert client.control("POST", "change")["number"] == 2
