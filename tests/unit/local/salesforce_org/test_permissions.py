"""FieldPermissions and ObjectPermissions, as far as they can be asked."""

READABLE = (
    "SELECT SobjectType, Field FROM FieldPermissions WHERE PermissionsRead = true "
    "AND SobjectType IN ('Account') GROUP BY SobjectType, Field"
)


def test_a_hidden_field_is_in_the_permissions_and_in_no_describe(client):
    client.control("POST", "fields", do="hide", object="Account", name="Rating")
    readable = {r["Field"] for r in client.query(READABLE)}
    described = client.get(f"{client.data}/sobjects/Account/describe").json()["fields"]
    assert "Account.Rating" in readable
    assert "Rating" not in {f["name"] for f in described}
    # Required and system fields cannot be taken from anybody.
    assert not {"Account.Id", "Account.SystemModstamp"} & readable
    assert all(name.startswith("Account.") for name in readable)


def test_what_can_be_granted(client):
    answer = client.get(f"{client.data}/sobjects/ObjectPermissions/describe").json()
    values = {v["value"] for v in answer["fields"][0]["picklistValues"]}
    assert {"Account", "Contact", "Opportunity"} <= values
    assert not {"Task", "OpportunityLineItem", "AccountHistory"} & values


def test_other_questions_are_refused(client):
    soql = "SELECT Field FROM FieldPermissions"
    answer = client.get(f"{client.data}/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
