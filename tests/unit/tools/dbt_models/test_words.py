import pytest

from lakehouse_tools.dbt_models.words import entity, plural, snake


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OpportunityLineItem", "opportunity_line_item"),
        ("My_Field", "my_field"),
        ("npe01__SYSTEM_AccountType", "npe01_system_account_type"),
        ("AIInsight", "ai_insight"),
        ("NumberOfEmployees", "number_of_employees"),
        ("X3rd_Party", "x3rd_party"),
        ("_Batch_", "batch"),
    ],
)
def test_snake(name, expected):
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Account", "account"),
        ("Product2", "product"),
        ("OpportunityHistory", "opportunity_history"),
        ("Project__c", "project"),
        ("ns__Thing__c", "ns_thing"),
        ("Project__History", "project_history"),
        ("ns__Thing__Share", "ns_thing_share"),
        ("Discount_Rule__mdt", "discount_rule_metadata_record"),
        ("Help__kav", "help_article_version"),
        ("Order__x", "order_external_record"),
    ],
)
def test_entity(name, expected):
    assert entity(name) == expected


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("account", "accounts"),
        ("opportunity_history", "opportunity_histories"),
        ("day", "days"),
        ("case_status", "case_statuses"),
        ("address", "addresses"),
        ("analysis", "analyses"),
        ("tax", "taxes"),
        ("sales_targets", "sales_targets"),
        ("branch", "branches"),
    ],
)
def test_plural(noun, expected):
    assert plural(noun) == expected
