"""Runs land batches while a build goes on: it reads what was there when it began."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
BEFORE = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("createddate", TIME), ("systemmodstamp", TIME)]
)
AFTER = BEFORE.append(pa.field("rating", pa.string()))
MADE = datetime(2026, 1, 1, tzinfo=UTC)
Lake = Any  # of conftest.py, which tests cannot import


def account(name: str, day: int, **values: Any) -> dict[str, Any]:
    stamp = datetime(2026, 1, day, tzinfo=UTC)
    return {"id": "a", "name": name, "createddate": MADE, "systemmodstamp": stamp} | values


def names(lake: Lake) -> tuple[set[str], set[str]]:
    staged = lake.rows("staging", "stg_salesforce__accounts", "account_name")
    history = lake.rows("marts", "dim_account", "account_name")
    return {r["account_name"] for r in staged}, {r["account_name"] for r in history}


def test_a_batch_that_lands_during_a_build_is_left_to_the_next(lake: Lake) -> None:
    """One test, because a build takes its time. The catalog is behind the table, as its
    answer is when a run commits after it was given."""
    lake.test_data(enabled=False)
    lake.land("account", [account("one", 2)], batch=1, fields=BEFORE)
    lake.land("account", [account("two", 3)], batch=2, fields=BEFORE, told=1)
    first = lake.build("first")
    assert first["status"] == "succeeded", first["log"]
    assert names(lake) == ({"one"}, {"one"})  # a build from scratch has the bound too
    assert lake.built() == {"account": 1}

    lake.tell("account", batch=2)
    lake.land("account", [account("three", 4, rating="Hot")], batch=3, fields=AFTER, told=2)
    second = lake.build("second")
    assert second["status"] == "succeeded", second["log"]
    assert names(lake) == ({"two"}, {"one", "two"})
    assert lake.built() == {"account": 2}

    lake.tell("account", batch=3)
    third = lake.build("third", full_refresh=True)
    assert third["status"] == "succeeded", third["log"]
    [row] = lake.rows("staging", "stg_salesforce__accounts", "account_name", "rating")
    assert row == {"account_name": "three", "rating": "Hot"}
    assert names(lake) == ({"three"}, {"one", "two", "three"})
    assert lake.built() == {"account": 3}


def test_a_statement_that_dbt_glue_cannot_send_is_refused_in_a_line(lake: Lake) -> None:
    for name, value in {"slash": r"'\d'", "quotes": "''" * 2}.items():
        model = f"{{{{ config(unique_key='x') }}}}\nselect {value} as x\n"
        (lake.project / "models" / "staging" / f"{name}.sql").write_text(model)

    done = lake.run(
        "dbt", "run", "--select", "slash", "quotes", folder=lake.project, env=lake.environment
    )

    assert done.returncode != 0
    assert "slash: its SQL contains \\, which dbt-glue cannot send" in done.stdout
    assert "quotes: its SQL contains ''', which dbt-glue cannot send" in done.stdout
