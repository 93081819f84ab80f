import json

import pytest

from lakehouse_jobs.salesforce import read_secret
from lakehouse_tools.discover.access import open_org
from lakehouse_tools.errors import RequestError

from .conftest import PLAIN, RECORDED


def by_name(census):
    return {found.name: found for found in census.objects}


def test_each_object_with_its_rows_and_fields(small, take):
    census = take(small)
    found = by_name(census)
    assert {name: (o.rows, o.rows_exact, o.folded) for name, o in found.items()} == {
        "Account": (1_000_000, False, None),
        "AccountFeed": (9, False, "the feed of another object"),
        "AsyncApexJob": (None, False, "a system object"),
        "Contact": (2_500, False, None),
        "Empty__c": (0, False, "empty"),
        "Order__c": (40, True, None),
    }
    contact = found["Contact"]
    assert contact.formulas == ["Score__c"]
    assert {f.name for f in contact.personal} == {
        "LastName",
        "Email",
        "Birthdate",
        "MailingStreet",
    }
    assert contact.hidden == ("Salary__c",)
    assert found["Account"].hidden == ()
    assert census.grantable == {"Account", "Contact", "Order__c", "Empty__c"}
    assert census.notes == ()


def test_it_reads_and_nothing_else_and_says_how_many_calls(small, take):
    census = take(small)
    assert [path for method, path in small.log if method != "GET"] == ["/services/oauth2/token"]
    assert census.calls == len(small.log)
    assert (census.used, census.limit) == (len(small.log), 15_000)
    # limits, objects, counts; a describe each and the one uncounted; permissions, twice; login
    assert len(small.log) == 3 + 3 + 1 + 2 + 1


def test_a_transport_for_reading_refuses_all_else(small):
    org = open_org(read_secret(json.dumps(small.secret), name="test"), api_version="62.0")
    with pytest.raises(RequestError, match="GET alone, not POST"):
        org.bulk.create("SELECT Id FROM Account")


def test_everything_is_looked_into_on_request(small, take):
    small.add_object("AccountFeed", PLAIN)
    small.permitted["AccountFeed"] = []
    found = by_name(take(small, look_into_all=True))
    assert found["AsyncApexJob"].rows == 3
    assert found["AsyncApexJob"].rows_exact
    assert all(o.fields for o in found.values())


def test_what_the_user_may_not_know_is_said(small, take):
    small.cached = small.permitted = small.grantable = None
    small.counted |= {"Account": 7, "Contact": 8}
    census = take(small)
    found = by_name(census)
    assert (found["Account"].rows, found["Account"].rows_exact) == (7, True)
    assert found["Account"].hidden is None
    assert census.grantable is None
    assert len(census.notes) == 3
    assert "cached record counts need the permission View Setup" in census.notes[0]
    assert "Empty__c could not be counted: Salesforce refused" in census.notes[1]
    assert "cannot see are not known" in census.notes[2]


def test_an_object_that_cannot_be_looked_into_stops_no_other(small, take):
    del small.describes["Order__c"]
    census = take(small)
    assert by_name(census)["Order__c"].fields == ()
    assert "Order__c could not be looked into" in census.notes[0]


def test_an_object_without_a_stamp_is_not_proposed(small, take):
    small.add("Odd__c", {"Id": "id", "Name": "string"}, cached=5, custom=True)
    assert by_name(take(small))["Odd__c"].folded == "no field tells when a record changed"


def test_the_orgs_calls_are_not_used_up(small, take):
    small.used = 12_000
    with pytest.raises(RequestError, match="more than 80% would be gone"):
        take(small)
    assert len(small.log) == 4
    take(small, share=1.0)


def test_hundreds_of_objects_take_a_call_each_and_few_more(org, take):
    for number in range(300):
        org.add(f"Object_{number}__c", PLAIN, cached=number + 1, custom=True)
    told = []
    census = take(org, progress=lambda *step: told.append(step))
    assert len(census.proposed) == 300
    assert census.calls <= 300 + 10
    done, total, _ = told[-1]
    assert done <= total
    assert [t[0] for t in told] == list(range(1, len(told) + 1))


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded describes here")
def test_recorded_describes_of_a_real_org(org, take):
    listed = json.loads((RECORDED / "Global.json").read_text())
    names = ("Account", "Contact", "Opportunity", "Lead", "Case", "Event")
    for row in listed["sobjects"]:
        org.listed[row["name"]] = row
        org.cached[row["name"]] = 10
    for name in names:
        org.describes[name] = json.loads((RECORDED / f"{name}.json").read_text())
        org.permitted[name] = ["Hidden__c"]
    census = take(org)
    found = by_name(census)
    assert set(names) <= {o.name for o in census.proposed}
    folded = {o.name: o.folded for o in census.objects if o.folded}
    assert folded["WorkOrderShare"] == "who may see the records of another object"
    assert folded["UserLogin"] == "a system object"
    assert found["Contact"].hidden == ("Hidden__c",)
    personal = {f.name for f in found["Contact"].personal}
    assert {"LastName", "Email", "Birthdate", "MobilePhone", "MailingStreet"} <= personal
    assert not personal & {"Id", "AccountId", "SystemModstamp", "IsDeleted", "Title"}
