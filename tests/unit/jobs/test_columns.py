"""Rules of the configuration and the fields they name: nothing hidden goes in clear."""

import pytest

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.extract.columns import refuse_unknown, select
from lakehouse_jobs.salesforce.describe import read_description

CONTACT = read_description(
    {
        "name": "Contact",
        "fields": [
            {"name": "Id", "type": "id"},
            {"name": "FirstName", "type": "string", "compoundFieldName": "Name"},
            {"name": "LastName", "type": "string", "compoundFieldName": "Name"},
            # Some orgs name it as a part of itself.
            {"name": "Name", "type": "string", "compoundFieldName": "Name"},
            {"name": "MailingCity", "type": "string", "compoundFieldName": "MailingAddress"},
            {"name": "MailingAddress", "type": "address"},
            {"name": "SystemModstamp", "type": "datetime"},
        ],
    }
)


def columns(selection):
    return {s.field.name: s.hashed for s in selection.sources}


@pytest.mark.parametrize("key", ["exclude", "hash"])
def test_a_misspelt_field_of_an_object_is_refused(key):
    rules = FieldRules(**{key: frozenset({"lastname", "lastnane"})})
    with pytest.raises(ConfigError) as refused:
        refuse_unknown(CONTACT, rules)
    assert f"objects.Contact.fields: {key}: got 'lastnane'" in str(refused.value)
    assert "check the spelling in salesforce_objects.json, or remove it" in str(refused.value)


def test_compounds_may_be_named():
    refuse_unknown(CONTACT, FieldRules(exclude=frozenset({"mailingaddress"})))


@pytest.mark.parametrize("key", ["exclude", "hash"])
def test_a_compound_goes_with_its_hidden_part(key):
    selection = select(CONTACT, FieldRules(**{key: frozenset({"lastname"})}))
    hidden = {"LastName": True} if key == "hash" else {}
    expected = {"Id": False, "FirstName": False, "MailingCity": False, "SystemModstamp": False}
    assert columns(selection) == expected | hidden
    assert (
        "Name: left out with LastName, which the configuration hides and which is a part of it"
        in selection.left_out
    )


def test_a_hashed_compound_is_hashed_with_its_parts():
    selection = select(CONTACT, FieldRules(hash=frozenset({"name"})))
    assert {n for n, hashed in columns(selection).items() if hashed} == {
        "FirstName",
        "LastName",
        "Name",
    }


def test_a_part_of_an_address_takes_no_other_with_it():
    selection = select(CONTACT, FieldRules(exclude=frozenset({"mailingcity"})))
    assert selection.left_out == ("MailingCity: excluded by the configuration",)
