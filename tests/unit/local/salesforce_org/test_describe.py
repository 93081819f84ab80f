from lakehouse_local.salesforce_org.objects import DEMO_OBJECTS


def describe(client, name):
    return client.get(f"{client.data}/sobjects/{name}/describe").json()


def test_the_global_describe_lists_the_fourteen_demo_objects(shared):
    rows = shared.get(f"{shared.data}/sobjects").json()["sobjects"]
    names = {row["name"] for row in rows}
    assert names >= {spec.name for spec in DEMO_OBJECTS}
    assert len(DEMO_OBJECTS) == 14
    account = next(row for row in rows if row["name"] == "Account")
    assert account["keyPrefix"] == "001"
    assert "fields" not in account


def test_each_demo_object_has_a_realistic_number_of_fields(shared):
    counts = {spec.name: len(describe(shared, spec.name)["fields"]) for spec in DEMO_OBJECTS}
    # OpportunityHistory and UserRole are as small in Salesforce.
    small = {"OpportunityHistory", "UserRole"}
    assert all(15 <= count <= 50 for name, count in counts.items() if name not in small)


def test_addresses_are_compound_and_names_are_text(shared):
    fields = {field["name"]: field for field in describe(shared, "Contact")["fields"]}
    assert fields["MailingAddress"]["type"] == "address"
    assert fields["MailingCity"]["compoundFieldName"] == "MailingAddress"
    assert fields["LastName"]["compoundFieldName"] == "Name"
    assert fields["Name"]["type"] == "string"


def test_field_metadata_is_complete(shared):
    fields = {field["name"]: field for field in describe(shared, "Account")["fields"]}
    revenue = fields["AnnualRevenue"]
    assert (revenue["type"], revenue["precision"], revenue["scale"]) == ("currency", 18, 0)
    assert revenue["soapType"] == "xsd:double"
    owner = fields["OwnerId"]
    assert (owner["referenceTo"], owner["relationshipName"]) == (["User"], "Owner")
    assert not owner["nillable"]
    formula = fields["Revenue_Per_Employee__c"]
    assert formula["calculated"]
    assert not formula["createable"]
    assert formula["custom"]
    assert {each["value"] for each in fields["Rating"]["picklistValues"]} == {
        "Hot",
        "Warm",
        "Cold",
    }
    assert not fields["Description"]["filterable"]
    types = {
        field["type"] for spec in DEMO_OBJECTS for field in describe(shared, spec.name)["fields"]
    }
    assert types >= {
        *("id", "string", "textarea", "picklist", "multipicklist", "combobox", "reference"),
        *("boolean", "int", "double", "currency", "percent", "date", "datetime", "time"),
        *("phone", "email", "url", "address", "location"),
    }


def test_users_and_roles_lack_what_they_lack_in_salesforce(shared):
    for name in ("User", "UserRole"):
        fields = {field["name"] for field in describe(shared, name)["fields"]}
        assert "IsDeleted" not in fields
        assert "SystemModstamp" in fields
    history = {field["name"] for field in describe(shared, "OpportunityHistory")["fields"]}
    assert {"CreatedDate", "SystemModstamp", "IsDeleted"} <= history
    assert "LastModifiedDate" not in history


def test_an_unknown_object_or_version_is_not_found(shared):
    for path in (
        f"{shared.data}/sobjects/Nope/describe",
        f"{shared.url}/services/data/v12.0/sobjects",
        f"{shared.url}/services/data/vx/sobjects",
    ):
        answer = shared.get(path)
        assert answer.status_code == 404
        assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_names_are_found_without_regard_to_case(shared):
    assert describe(shared, "account")["name"] == "Account"


def test_the_global_describe_tells_what_can_be_read_and_how(shared):
    rows = {r["name"]: r for r in shared.get(f"{shared.data}/sobjects").json()["sobjects"]}
    kinds = {n: (r["custom"], r["queryable"], r["replicateable"]) for n, r in rows.items()}
    assert kinds["Account"] == (False, True, True)
    assert kinds["Project__c"] == (True, True, True)
    assert kinds["AccountShare"] == (False, True, False)
    assert kinds["Discount_Rule__mdt"] == (True, True, False)
    assert kinds["AccountChangeEvent"] == (False, False, False)
    assert (rows["Project__c"]["label"], rows["Project__c"]["labelPlural"]) == (
        "Project",
        "Projects",
    )
    events = shared.get(f"{shared.data}/query", params={"q": "SELECT Id FROM AccountChangeEvent"})
    assert "does not support query" in events.json()[0]["message"]


def test_rules_without_any_date_are_read_as_a_whole(shared):
    names = {field["name"] for field in describe(shared, "Discount_Rule__mdt")["fields"]}
    assert not names & {"SystemModstamp", "LastModifiedDate", "CreatedDate", "IsDeleted"}
    rules = shared.query("SELECT Id, DeveloperName, Percent__c FROM Discount_Rule__mdt")
    assert [rule["DeveloperName"] for rule in rules] == [f"Step_{i}" for i in range(4)]


def test_record_counts_leave_the_recycle_bin_out(shared):
    answer = shared.get(f"{shared.data}/limits/recordCount", params={"sObjects": "Account,Lead"})
    counts = {each["name"]: each["count"] for each in answer.json()["sObjects"]}
    assert counts == {
        name: len(shared.query(f"SELECT Id FROM {name}")) for name in ("Account", "Lead")
    }
