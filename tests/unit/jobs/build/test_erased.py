from typing import Any

import pytest

from lakehouse_jobs.build.erased import Model, made_of
from lakehouse_jobs.build.errors import ErasedError


def model(name: str, *sources: str, database: str = "marts") -> Model:
    return Model(name=name, database=database, table=name, sources=sources)


MODELS = [
    model("stg_contacts", "contact", database="staging"),
    model("stg_accounts", "account", database="staging"),
    model("dim_contact", "contact"),
    model("fct_both", "account", "contact"),
    model("never_built", "contact"),
]
TABLES: dict[str, dict[str, Any]] = {
    "staging": {"stg_contacts": None, "stg_accounts": None},
    "marts": {"dim_contact": None, "fct_both": None},
}


def test_all_that_stands_on_the_object_and_was_ever_built_is_rebuilt() -> None:
    found = made_of(["Contact"], models=MODELS, tables=TABLES, left_out=[])
    assert found == ["stg_contacts", "dim_contact", "fct_both"]


def test_an_object_that_nothing_is_made_of_rebuilds_nothing() -> None:
    assert made_of(["Lead"], models=MODELS, tables=TABLES, left_out=["case"]) == []


def test_a_table_that_cannot_be_rebuilt_is_an_error() -> None:
    """Left out in silence it would keep the record."""
    with pytest.raises(ErasedError, match=r"marts\.fct_both may hold erased records .* account"):
        made_of(["Contact"], models=MODELS, tables=TABLES, left_out=["account", "lead"])
    # What was never built holds nothing.
    tables = {**TABLES, "marts": {"dim_contact": None}}
    assert made_of(["Contact"], models=MODELS, tables=tables, left_out=["account"])
