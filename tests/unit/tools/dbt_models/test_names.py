import random
import re

import pytest

from lakehouse_tools.dbt_models import names
from lakehouse_tools.dbt_models.columns import columns_of
from lakehouse_tools.dbt_models.facts import FieldFacts


def field(name, type="string", **more):
    return FieldFacts(name=name, type=type, **more)


def named(*fields, given=(), entity="project"):
    found = columns_of([field("Id", "id"), *fields], entity=entity, given=given)
    return {c.field: c.name for c in found}


@pytest.mark.parametrize(
    ("name", "type", "expected"),
    [
        ("Name", "string", "project_name"),
        ("Type", "picklist", "project_type"),
        ("OwnerId", "reference", "owner_id"),
        ("Account__c", "reference", "account_id"),
        ("ns__Amount__c", "currency", "ns_amount"),
        ("DoNotCall", "boolean", "is_do_not_call"),
        ("HasOptedOutOfEmail", "boolean", "has_opted_out_of_email"),
        ("Start__c", "date", "start_date"),
        ("CloseDate", "date", "close_date"),
        ("Birthdate", "date", "birthdate"),
        ("EmailBouncedDate", "datetime", "email_bounced_at"),
        ("StartDateTime", "datetime", "start_at"),
        ("Timestamp__c", "datetime", "project_at"),
        ("Date__c", "datetime", "project_at"),
        ("Date__c", "date", "project_date"),
        ("Probability", "percent", "probability_percent"),
        ("Win_Percent__c", "percent", "win_percent"),
        ("Place__Latitude__s", "double", "place_latitude"),
        ("Birthday__pc", "date", "person_birthday"),
        ("Order__c", "string", "project_order"),
        ("Select__c", "string", "project_select"),
        ("Valid_From__c", "string", "valid_from__c"),
        ("Is_Deleted__c", "boolean", "is_deleted__c"),
        ("3d__c", "string", "project_3d"),
        ("Batch__c", "double", "batch"),
    ],
)
def test_a_fields_name(name, type, expected):
    assert named(field(name, type))[name] == expected


def test_two_fields_of_one_name_keep_apart():
    found = named(field("My_Field__c"), field("MyField__c"), field("My__Field__c"))

    assert found["My__Field__c"] == "my_field"  # the first in the order of raw's names
    assert found["My_Field__c"] == "my_field__c"
    assert found["MyField__c"] == "myfield__c"


def test_salesforces_own_fields_choose_first():
    assert named(field("Amount__c"), field("Amount")) == {
        "Id": "project_id",
        "Amount": "amount",
        "Amount__c": "amount__c",
    }


def test_a_name_once_given_stays_when_a_third_comes():
    fields = [field("Id", "id"), field("MyField__c")]
    before = columns_of(fields, entity="project", given=())
    assert before[1].name == "my_field"

    # Both would have come before it, had they been there.
    found = named(field("MyField__c"), field("My_Field__c"), field("My__Field__c"), given=before)

    assert found["MyField__c"] == "my_field"
    assert set(found.values()) == {"project_id", "my_field", "my_field__c", "my__field__c"}


def test_the_name_of_a_field_that_is_gone_is_not_given_again():
    before = columns_of([field("Id", "id"), field("MyField__c")], entity="project", given=())

    found = named(field("My_Field__c"), given=before)

    assert found == {"Id": "project_id", "MyField__c": "my_field", "My_Field__c": "my_field__c"}


def test_names_are_one_each_and_legal_whatever_the_order():
    dice = random.Random(1)
    parts = ["order", "Order", "my", "My", "_", "Id", "Date", "3", "valid", "from", "IsDeleted"]
    types = ["string", "boolean", "date", "datetime", "percent", "reference", "currency"]
    made = {
        f"{''.join(dice.choices(parts, k=3)).strip('_')}{end}"
        for _ in range(600)
        for end in ("", "__c", "__pc")
    }
    by_column = {name.lower(): name for name in sorted(made) if name[0].isalpha()}
    fields = [field(name, dice.choice(types)) for name in by_column.values()]
    found = named(*fields)
    dice.shuffle(fields)

    assert named(*fields) == found
    assert len(set(found.values())) == len(found)
    assert {name.lower() for name in found} == (by_column.keys() | {"id"}) - names.VERSION_FIELDS
    for name in found.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert name not in names.RESERVED | names.TAKEN


def test_objects_that_would_share_a_model():
    assert next(names.models("Account__c")) == "account"
    assert list(names.models("Account__c"))[1] == "custom_account"
