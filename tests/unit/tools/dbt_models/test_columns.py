"""Types of staging columns."""

import pytest

from lakehouse_tools.dbt_models.columns import data_type
from lakehouse_tools.dbt_models.facts import FieldFacts


@pytest.mark.parametrize(
    ("name", "digits", "expected"),
    [
        ("Amount", (18, 2), "decimal(18,2)"),
        ("Amount__c", (16, 4), "decimal(18,4)"),
        ("UnitPrice", (18, 2), "decimal(24,8)"),
        ("UnitPrice", (0, 0), "decimal(24,8)"),  # as raw tells it
        ("ListPrice", (18, 0), "decimal(24,8)"),
        ("ns__NetPrice__c", (18, 9), "decimal(18,9)"),  # more than that already
        ("Unit_Price__c", (38, 2), "decimal(38,8)"),
        ("TotalPrice", (18, 2), "decimal(18,2)"),
        ("Total_List_Price__c", (18, 2), "decimal(18,2)"),
        ("Subtotal", (18, 2), "decimal(18,2)"),
        ("Enterprice__c", (18, 2), "decimal(18,2)"),
    ],
)
def test_a_currencys_decimals(name: str, digits: tuple[int, int], expected: str) -> None:
    precision, scale = digits
    field = FieldFacts(name=name, type="currency", precision=precision, scale=scale)

    assert data_type(field) == expected


def test_a_price_that_is_no_currency_is_what_it_is() -> None:
    assert data_type(FieldFacts(name="Unit_Price__c", type="double")) == "double"
