from pathlib import Path
from xml.etree import ElementTree

import pytest

from lakehouse_tools.discover import permission_set

from .conftest import PLAIN, seen

NS = "{http://soap.sforce.com/2006/04/metadata}"


def tree(text):
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        assert element.tag.startswith(NS)
        element.tag = element.tag.removeprefix(NS)
    return root


@pytest.fixture
def census(small, take):
    detail = ("reference", seen({"referenceTo": ["Master__c"], "cascadeDelete": True}))
    small.add("Detail__c", {**PLAIN, "Master__c": detail}, cached=4, custom=True)
    small.add("Master__c", PLAIN, cached=0, custom=True)
    small.add("Task", PLAIN, cached=4)
    small.grantable += ["Detail__c", "Master__c"]
    return take(small)


def test_elements_stand_in_the_order_of_the_metadata_api(census):
    root = tree(permission_set.permission_set(census))
    assert root.tag == "PermissionSet"
    for element in root.iter():
        tags = [child.tag for child in element]
        assert tags == sorted(tags, key=str.lower), element.tag


def test_it_reads_everything_and_changes_nothing(census):
    root = tree(permission_set.permission_set(census))
    objects = {e.findtext("object"): e for e in root.iter("objectPermissions")}
    # A detail's master comes with it, though it is empty itself; Task has no permissions.
    assert set(objects) == {"Account", "Contact", "Order__c", "Detail__c", "Master__c"}
    for one in objects.values():
        granted = {e.tag for e in one if e.text == "true"}
        assert granted == {"allowRead", "viewAllRecords"}
    for one in root.iter("fieldPermissions"):
        assert (one.findtext("editable"), one.findtext("readable")) == ("false", "true")
    assert [e.findtext("name") for e in root.iter("userPermissions")] == ["ApiEnabled"]


def test_fields_are_those_that_salesforce_lets_be_granted(census):
    root = tree(permission_set.permission_set(census))
    fields = {e.findtext("field") for e in root.iter("fieldPermissions")}
    assert {f for f in fields if f.startswith("Contact.")} == {
        "Contact.Email",
        "Contact.Birthdate",
        "Contact.Score__c",
        "Contact.AccountId",
        "Contact.MailingAddress",  # as a whole, not its parts
    }
    assert "Account.Id" not in fields
    assert "Contact.Salary__c" not in fields  # hidden on purpose, perhaps


def test_where_the_org_does_not_tell_known_followers_are_left_out(small, take):
    small.grantable = None
    for name in ("Task", "OpportunityLineItem"):
        small.add(name, PLAIN, cached=4)
    granted = permission_set.granted(take(small))
    assert granted == ["Account", "Contact", "Order__c"]


def test_the_package_names_the_permission_set_and_its_file(census):
    files = permission_set.files(census, api_version="62.0")
    assert Path("permissionsets/Lakehouse_Extraction.permissionset") in files
    package = tree(files[Path("package.xml")])
    assert package.findtext("types/members") == "Lakehouse_Extraction"
    assert package.findtext("types/name") == "PermissionSet"
    assert package.findtext("version") == "62.0"
