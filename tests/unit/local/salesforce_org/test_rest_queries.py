from datetime import datetime

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest


def refused(client, soql):
    answer = client.get(f"{client.data}/query", params={"q": soql})
    assert answer.status_code == 400
    return answer.json()[0]


def ids(client, condition, **more):
    return {row["Id"] for row in client.query(f"SELECT Id FROM Account WHERE {condition}", **more)}


def test_pages_follow_one_another(shared):
    answer = shared.get(
        f"{shared.data}/query",
        params={"q": "SELECT Id FROM OpportunityHistory"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    ).json()
    assert len(answer["records"]) == 200
    assert not answer["done"]
    seen = [row["Id"] for row in answer["records"]]
    while not answer["done"]:
        answer = shared.get(shared.url + answer["nextRecordsUrl"]).json()
        seen += [row["Id"] for row in answer["records"]]
    assert len(seen) == len(set(seen)) == answer["totalSize"]


def test_records_look_as_in_salesforce(shared):
    record = shared.query("SELECT Id, CreatedDate, IsDeleted, BillingAddress FROM Account LIMIT 1")[
        0
    ]
    assert record["attributes"]["type"] == "Account"
    assert record["attributes"]["url"].endswith(record["Id"])
    assert record["CreatedDate"].endswith(".000+0000")
    assert record["IsDeleted"] is False
    filled = shared.query("SELECT BillingAddress FROM Account WHERE BillingCity != null LIMIT 1")
    assert filled[0]["BillingAddress"]["city"]
    empty = shared.query("SELECT BillingAddress FROM Account WHERE BillingCity = null LIMIT 1")
    assert empty[0]["BillingAddress"] is None


def test_deleted_records_show_in_query_all_only(shared):
    alive, every = ids(shared, "Id != null"), ids(shared, "Id != null", deleted=True)
    gone = ids(shared, "IsDeleted = true", deleted=True)
    assert gone
    assert every - alive == gone
    assert ids(shared, "IsDeleted = true") == set()


def test_conditions(shared):
    every = ids(shared, "Id != null")
    hot, other = ids(shared, "Rating = 'hot'"), ids(shared, "NOT Rating = 'Hot'")
    assert hot
    assert hot | other == every
    assert not hot & other
    assert ids(shared, "Rating != 'Hot'") == other
    assert ids(shared, "Rating = null") <= other
    assert ids(shared, "Rating IN ('Hot', null)") == hot | ids(shared, "Rating = null")
    assert ids(shared, "Rating NOT IN ('Hot')") == other
    big = ids(shared, "AnnualRevenue >= 1e6 AND (Rating = 'Hot' OR Rating = 'Warm')")
    assert big == ids(shared, "AnnualRevenue >= 1000000") & ids(shared, "Rating IN ('Hot','Warm')")
    assert ids(shared, "Is_Strategic__c = TRUE") | ids(shared, "Is_Strategic__c = false") == every
    first = sorted(every)[0]
    assert ids(shared, f"Id = '{first[:15]}'") == {first}
    assert ids(shared, r"Name LIKE '%\'%' OR Name LIKE 'acme%'")


def test_times_are_compared_as_times(shared):
    one = shared.query("SELECT Id, SystemModstamp FROM Account ORDER BY SystemModstamp LIMIT 1")[0]
    at = one["SystemModstamp"].replace("+0000", "Z")
    assert one["Id"] in ids(shared, f"SystemModstamp = {at}")
    moved = datetime.fromisoformat(at).astimezone().isoformat()
    assert one["Id"] in ids(shared, f"SystemModstamp = {moved.replace('+00:00', '+0000')}")
    assert one["Id"] not in ids(shared, f"SystemModstamp > {at}")
    assert ids(shared, "SystemModstamp < 1990-01-01T00:00:00Z") == set()


def test_order_limit_offset_and_count(shared):
    names = [row["Name"] for row in shared.query("SELECT Name FROM Product2 ORDER BY Name DESC")]
    assert len(names) > 3
    page = shared.query("SELECT Name FROM Product2 ORDER BY Name DESC LIMIT 2 OFFSET 1")
    assert [row["Name"] for row in page] == names[1:3]
    count = shared.get(f"{shared.data}/query", params={"q": "SELECT COUNT() FROM Product2"}).json()
    assert (count["totalSize"], count["records"]) == (len(names), [])


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Id FORM Account", "MALFORMED_QUERY", "unexpected token: 'FORM'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected end of input"),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "unexpected token"),
        (
            "SELECT Id FROM Account WHERE Id = null AND Name = 'a' OR Name = 'b'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: id"),
        (
            "SELECT Id FROM Account WHERE SystemModstamp > '2024-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        ("SELECT Owner.Name FROM Account", "MALFORMED_QUERY", "does not follow relationships"),
        ("SELECT MAX(Id) FROM Account", "MALFORMED_QUERY", "does not support the function"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
    ],
)
def test_refused_queries_are_worded_as_by_salesforce(shared, soql, code, text):
    error = refused(shared, soql)
    assert error["errorCode"] == code
    assert text in error["message"]


def test_an_error_shows_where_it_is(shared):
    message = refused(shared, "SELECT Id,\n  Nope FROM Account")["message"]
    assert message.startswith("\n  Nope FROM Account\n  ^\nERROR at Row:2:Column:3\n")


def test_objects_that_bulk_refuses_and_base64_are_read_by_rest(shared):
    assert len(shared.query("SELECT Id, ApiName FROM CaseStatus")) == 4
    body = shared.query("SELECT Body FROM Attachment LIMIT 1")[0]["Body"]
    assert body.startswith("/services/data/v62.0/sobjects/Attachment/")


def test_deleted_records_are_told_with_their_time(shared):
    born = "2026-09-21T14:13:20Z"
    answer = shared.get(
        f"{shared.data}/sobjects/Account/deleted/",
        params={"start": "2026-09-01T00:00:00+00:00", "end": born},
    ).json()
    told = {each["id"] for each in answer["deletedRecords"]}
    assert told <= ids(shared, "IsDeleted = true", deleted=True)
    assert answer["latestDateCovered"].endswith("+0000")
    backwards = shared.get(
        f"{shared.data}/sobjects/Account/deleted",
        params={"start": born, "end": "2026-09-01T00:00:00Z"},
    )
    assert backwards.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_every_answer_bears_the_orgs_date_and_the_use_of_its_limits(client):
    client.control("POST", "clock", advance_seconds=86_400 * 400)
    answer = client.get(f"{client.data}/limits")
    year = datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").year
    assert year >= datetime.now().year + 1
    used, _, most = answer.headers["Sforce-Limit-Info"].removeprefix("api-usage=").partition("/")
    limit = answer.json()["DailyApiRequests"]
    assert limit["Max"] == int(most)
    assert 0 < int(used) <= limit["Max"] - limit["Remaining"] + 1


def test_the_daily_limit_ends_in_403(client):
    client.control("POST", "behaviour", api_requests=2)
    answers = [client.get(f"{client.data}/limits") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 403]
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


class _Plain(requests.adapters.HTTPAdapter):
    """simple-salesforce insists on https; the org speaks http."""

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def simple(client):
    with requests.Session() as session:
        session.mount("https://", _Plain())
        token = client.headers["Authorization"].removeprefix("Bearer ")
        yield Salesforce(instance_url=client.url, session_id=token, version="62.0", session=session)


def test_simple_salesforce_reads_and_writes(simple):
    assert simple.describe()["sobjects"]
    assert simple.Account.describe()["name"] == "Account"
    total = simple.query("SELECT COUNT() FROM Contact")["totalSize"]
    assert len(list(simple.query_all_iter("SELECT Id, Name FROM Contact"))) == total
    every = simple.query_all("SELECT Id FROM Contact", include_deleted=True)["records"]
    assert len(every) > total
    made = simple.Contact.create({"LastName": "O'Hara", "FirstName": "Zoë"})["id"]
    simple.Contact.update(made, {"Title": "新"})
    assert simple.Contact.get(made)["Title"] == "新"
    simple.Contact.delete(made)
    assert simple.query(f"SELECT COUNT() FROM Contact WHERE Id = '{made}'")["totalSize"] == 0


def test_simple_salesforce_gets_the_errors_it_knows(simple, client):
    with pytest.raises(SalesforceMalformedRequest, match="No such column"):
        simple.query("SELECT Nope FROM Contact")
    client.control("DELETE", "tokens")
    with pytest.raises(SalesforceExpiredSession):
        simple.query("SELECT Id FROM Contact")


def test_archived_activities_show_in_query_all_only(shared):
    for name in ("Task", "Event"):
        soql = f"SELECT Id, IsArchived, IsDeleted FROM {name}"
        every = shared.query(soql, deleted=True)
        assert {row["IsArchived"] for row in every} == {True, False}
        shown = {r["Id"] for r in every if not r["IsArchived"] and not r["IsDeleted"]}
        assert {r["Id"] for r in shared.query(soql)} == shown
