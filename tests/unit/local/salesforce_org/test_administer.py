"""Fields as an administrator changes them. No SystemModstamp moves by any of it."""

import pytest


def fields(client, name="Account"):
    answer = client.get(f"{client.data}/sobjects/{name}/describe").json()
    return {field["name"]: field for field in answer["fields"]}


def values(client, field, where="Id != null"):
    records = client.query(f"SELECT Id, {field} FROM Account WHERE {where}")
    return {r["Id"]: r[field] for r in records}


def stamps(client):
    return values(client, "LastModifiedDate"), values(client, "SystemModstamp")


def no_such_column(client, field):
    soql = f"SELECT Id, {field} FROM Account"
    rest = client.get(f"{client.data}/query", params={"q": soql})
    bulk = client.start_job(soql)
    return all(
        (a.status_code, a.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
        and "No such column" in a.json()[0]["message"]
        for a in (rest, bulk)
    )


@pytest.fixture
def change(client):
    """Change a field of Account; the stamps stay where they were."""
    before = stamps(client)
    yield lambda do, name, **more: client.control(
        "POST", "fields", do=do, object="Account", name=name, **more
    )
    assert stamps(client) == before


def test_a_field_is_added_with_and_without_a_default(client, change):
    change("add", "Plain__c")
    change("add", "Region__c", default="EMEA", length=40)
    change("add", "Score__c", type="double", decimals=[5, 1], default=2)
    assert set(values(client, "Plain__c").values()) == {None}
    assert set(values(client, "Region__c").values()) == {"EMEA"}
    assert set(values(client, "Score__c").values()) == {2.0}
    region = fields(client)["Region__c"]
    assert (region["custom"], region["length"], region["defaultedOnCreate"]) == (True, 40, True)
    assert (fields(client)["Score__c"]["precision"], fields(client)["Score__c"]["scale"]) == (5, 1)


def test_a_field_is_removed(client, change):
    change("remove", "Is_Strategic__c")
    assert "Is_Strategic__c" not in fields(client)
    assert no_such_column(client, "Is_Strategic__c")


def test_a_field_is_renamed_with_its_values(client, change):
    before = values(client, "Is_Strategic__c")
    change("rename", "Is_Strategic__c", to="Is_Key__c")
    assert values(client, "Is_Key__c") == before
    assert no_such_column(client, "Is_Strategic__c")
    assert list(fields(client)).count("Is_Key__c") == 1


def test_a_field_gets_another_type_and_what_does_not_fit_is_lost(client, change):
    change("add", "Code__c", default="12.5")
    one = next(iter(values(client, "Code__c")))
    record = {"Id": one, "Code__c": "n/a"}
    client.control("POST", "records", object="Account", operation="silent", records=[record])
    change("retype", "Code__c", type="double", decimals=[10, 2])
    found = values(client, "Code__c")
    assert (found.pop(one), set(found.values())) == (None, {12.5})
    assert fields(client)["Code__c"]["soapType"] == "xsd:double"
    assert set(values(client, "Code__c", "Code__c > 12")) == set(found)
    change("retype", "Code__c", type="string", length=3)
    assert set(values(client, "Code__c").values()) == {None, "12."}


def test_a_field_is_widened_and_never_narrowed(client, change):
    change("add", "Note__c", length=20)
    change("widen", "Note__c", length=200)
    assert fields(client)["Note__c"]["length"] == 200
    change("widen", "AnnualRevenue", decimals=[20, 2])
    assert fields(client)["AnnualRevenue"]["precision"] == 20
    answer = client.post(
        f"{client.url}/_org/fields",
        json={"do": "widen", "object": "Account", "name": "Note__c", "length": 10},
    )
    assert "allowed is more of them" in answer.json()[0]["message"]


def test_a_hidden_field_is_not_there_and_goes_on_underneath(open_client):
    client = open_client()
    before = values(client, "Rating")
    client.control("POST", "fields", do="hide", object="Account", name="Rating")
    client = open_client()  # it stays hidden over a restart
    assert "Rating" not in fields(client)
    assert no_such_column(client, "Rating")
    one = client.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    assert "Rating" not in client.get(f"{client.data}/sobjects/Account/{one}").json()
    edit = {"object": "Account", "operation": "silent", "records": [{"Id": one, "Rating": "Cold"}]}
    client.control("POST", "records", **edit)
    client.control("POST", "change", objects=["Account"])
    client.control("POST", "fields", do="grant", object="Account", name="Rating")
    after = values(client, "Rating")
    assert after[one] == "Cold"
    assert set(before) & set(after)


def test_business_inserts_without_removed_fields(client):
    custom = [n for n, f in fields(client).items() if f["custom"] and f["type"] != "location"]
    parts = {n for n, f in fields(client).items() if f["compoundFieldName"]}
    for name in set(custom) - parts:
        client.control("POST", "fields", do="remove", object="Account", name=name)
    day = client.control("POST", "change", objects=["Account"], inserts=0.1, updates=0.2)
    assert day["edits"]["Account"]["inserted"] > 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"do": "x", "object": "Account", "name": "Name"}, "do: got 'x'; allowed: add"),
        ({"do": "hide", "object": "Nope", "name": "Name"}, "object: got 'Nope'"),
        ({"do": "hide", "object": "Account", "name": "Nope"}, "Account has no field 'Nope'"),
        ({"do": "hide", "object": "Account", "name": "Id"}, "no permission set can hide"),
        ({"do": "remove", "object": "Account", "name": "Rating"}, "is a standard field"),
        ({"do": "add", "object": "Account", "name": "rating"}, "has rating already"),
        (
            {"do": "rename", "object": "Account", "name": "Is_Strategic__c", "to": "X"},
            "a name that ends in __c",
        ),
    ],
)
def test_what_salesforce_would_not_do_is_refused(shared, body, message):
    answer = shared.post(f"{shared.url}/_org/fields", json=body)
    assert answer.status_code == 400
    assert message in answer.json()[0]["message"]
