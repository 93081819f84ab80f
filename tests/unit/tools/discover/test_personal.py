import pytest

from lakehouse_tools.discover.personal import personal, split


def field(name, type="string", **more):
    return {"name": name, "type": type, "label": name, **more}


@pytest.mark.parametrize(
    ("object_name", "found", "reason"),
    [
        ("X__c", field("Work__c", "email"), "an e-mail address (type email)"),
        ("X__c", field("Fon", "phone"), "a phone number (type phone)"),
        ("X__c", field("Date_of_Birth__c", "date"), "a date of birth (named Date_of_Birth__c)"),
        ("X__c", field("PassportNo__c"), "an identity number (named PassportNo__c)"),
        ("X__c", field("Tax_ID__c"), "an identity number (named Tax_ID__c)"),
        ("X__c", field("a__c", label="Social Security Number"), "an identity number (named Social"),
        ("X__c", field("Salary__c", "currency"), "about a person's life (named Salary__c)"),
        ("X__c", field("Secret__c", encrypted=True), "encrypted in Salesforce"),
        ("Contact", field("Name"), "a person's name"),
        ("Account", field("Street", compoundFieldName="ShippingAddress"), "a part of Shipping"),
    ],
)
def test_what_looks_personal_and_why(object_name, found, reason):
    assert (personal(object_name, found) or "").startswith(reason)


@pytest.mark.parametrize(
    "found",
    [
        field("Sexton__c"),
        field("Name"),
        field("HasOptedOutOfEmail", "boolean"),
        field("EmailBouncedDate", "datetime"),
        field("PhoneCalls__c", "int"),
        field("Email_Template__c", "reference"),
        field("City", compoundFieldName="BillingAddress"),
        field("Embrace__c"),
    ],
)
def test_what_does_not(found):
    assert personal("Account", found) is None


def test_names_are_split_into_words():
    assert split("Date_of_BirthX__c")[:4] == ["date", "of", "birth", "x"]
    assert "firstname" in split("FirstName")
