"""A column that became readable is filled by the run that sees it, or by a later one."""

import json
from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def grant(org, name="New__c", kind="string", **more):
    org.describes["Account"]["fields"].append(
        {"name": name, "type": kind, "label": name, "length": 10, "filterable": True, **more}
    )


def marks(lab):
    return json.loads(lab.table("account").properties.get("lakehouse.unfilled") or "{}")


@pytest.fixture
def loaded(account_lab):
    """Ten records, loaded an hour ago."""
    for number in range(8):
        account_lab.org.row("Account", Name=f"n{number}")
    account_lab.run()
    account_lab.org.now += timedelta(hours=1)
    return account_lab


def test_records_with_a_value_are_filled_and_nothing_else_is_read(loaded):
    org = loaded.org
    grant(org)
    for record in org.records["Account"][:3]:
        record["New__c"] = "filled"
    outcome = loaded.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["read"]) == ("landed", 3, 3)
    assert (outcome["unfilled"], marks(loaded)) == ({}, {})
    assert outcome["message"] == "New__c filled: 3 records compared: 3 differ"
    new = [r for r in loaded.rows("account") if r["_batch"] == 2]
    assert {(r["_change"], r["new__c"], r["name"]) for r in new} == {
        ("resync", "filled", r["Name"]) for r in org.records["Account"][:3]
    }
    org.now += timedelta(minutes=30)
    assert loaded.run()["Account"]["rows"] == 0
    assert loaded.run(mode="full")["Account"]["rows"] == 0


def test_a_default_is_filled_into_every_record(loaded):
    grant(loaded.org, "Flag__c", "boolean")
    for record in loaded.org.records["Account"]:
        record["Flag__c"] = "true"
    assert loaded.run()["Account"]["rows"] == 10
    assert {r["flag__c"] for r in loaded.rows("account") if r["_batch"] == 2} == {True}


def test_a_field_without_values_costs_one_count(loaded):
    grant(loaded.org)
    outcome = loaded.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["batch"]) == ("unchanged", 0, 1)
    assert outcome["message"] == "New__c filled: no older record has a value"
    assert marks(loaded) == {}
    assert loaded.org.queries[-1][0].startswith(
        "SELECT COUNT() FROM Account WHERE (New__c != null)"
    )


def test_what_changes_at_the_same_time_comes_once(loaded):
    org = loaded.org
    grant(org)
    org.records["Account"][0] |= {
        "New__c": "changed",
        "SystemModstamp": (org.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    org.records["Account"][1]["New__c"] = "old"
    outcome = loaded.run()["Account"]
    assert (outcome["rows"], outcome["batch"]) == (2, 3)
    assert loaded.run()["Account"]["rows"] == 0
    new = {r["new__c"]: r["_change"] for r in loaded.rows("account") if r["_batch"] > 1}
    assert new == {"changed": "read", "old": "resync"}


def test_long_text_that_no_where_may_name_is_found_by_reading_all(loaded):
    grant(loaded.org, "Long__c", "textarea", filterable=False)
    loaded.org.records["Account"][4]["Long__c"] = "filled"
    del loaded.org.records["Account"][0]  # finding what is gone is not its task
    outcome = loaded.run()["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (1, 0)
    assert marks(loaded) == {}


def test_without_budget_it_waits_and_says_how_many(loaded, monkeypatch):
    from lakehouse_jobs.errors import BudgetSpentError
    from lakehouse_jobs.salesforce.budget import Budget

    org = loaded.org
    grant(org)
    org.records["Account"][2]["New__c"] = "filled"

    def check(self, *, requests=0, jobs=0):
        if jobs:
            raise BudgetSpentError("DailyApiRequests: spent")

    with monkeypatch.context() as spent:
        spent.setattr(Budget, "check", check)
        outcome = loaded.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("unchanged", 0)
    assert (outcome["unfilled"], marks(loaded)) == ({"new__c": 1}, {"new__c": 1})
    assert outcome["message"] == "New__c waits to be filled: DailyApiRequests: spent"
    org.now += timedelta(minutes=30)
    outcome = loaded.run()["Account"]
    assert (outcome["rows"], outcome["unfilled"], marks(loaded)) == (1, {}, {})


def test_a_full_resync_fills_and_takes_the_mark_away(loaded):
    grant(loaded.org)
    loaded.org.records["Account"][2]["New__c"] = "filled"
    outcome = loaded.run(mode="full")["Account"]
    assert (outcome["rows"], outcome["unfilled"], marks(loaded)) == (1, {}, {})


def test_a_reconcile_leaves_the_mark(loaded):
    grant(loaded.org)
    outcome = loaded.run(mode="reconcile")["Account"]
    assert (outcome["unfilled"], marks(loaded)) == ({"new__c": None}, {"new__c": None})


def test_a_count_that_is_not_answered_in_time_is_done_without(loaded, monkeypatch):
    from requests import ReadTimeout

    from lakehouse_jobs.salesforce.transport import Transport

    send, counts = Transport._send, []

    def slow(self, method, url, *args, **kwargs):
        if "COUNT" in str(kwargs.get("params")) + url:
            counts.append(url)
            raise ReadTimeout
        return send(self, method, url, *args, **kwargs)

    monkeypatch.setattr(Transport, "_send", slow)
    grant(loaded.org)
    loaded.org.records["Account"][2]["New__c"] = "filled"
    outcome = loaded.run()["Account"]
    assert (outcome["rows"], outcome["unfilled"], marks(loaded)) == (1, {}, {})
    assert len(counts) == 1


@pytest.mark.parametrize("status", [503, 400])
def test_a_count_that_fails_is_done_without(loaded, status):
    loaded.org.mood("GET", "COUNT", times=9, status=status)
    grant(loaded.org)
    loaded.org.records["Account"][2]["New__c"] = "filled"
    outcome = loaded.run()["Account"]
    assert (outcome["rows"], outcome["unfilled"], marks(loaded)) == (1, {}, {})


def refused(org, *, status, code):
    """No query with a condition on the field is answered."""
    body = [{"errorCode": code, "message": "no"}]
    org.mood("GET", "!=", times=99, status=status, body=body)
    org.mood("GET", "%21%3D", times=99, status=status, body=body)


@pytest.mark.parametrize(
    ("status", "code", "all_read"),
    [(400, "MALFORMED_QUERY", True), (400, "INVALID_FIELD", True), (403, "API_DISABLED", False)],
)
def test_only_a_refused_condition_makes_it_read_all_records(loaded, status, code, all_read):
    grant(loaded.org)
    loaded.org.records["Account"][2]["New__c"] = "filled"
    refused(loaded.org, status=status, code=code)
    outcome = loaded.run()["Account"]
    assert outcome["rows"] == (1 if all_read else 0)
    assert outcome["unfilled"] == ({} if all_read else {"new__c": None})
    assert outcome["status"] == ("landed" if all_read else "unchanged")
