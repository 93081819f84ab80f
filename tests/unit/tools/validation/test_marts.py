"""A mart against its own rules: what is wrong is found and named."""

import pytest

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.as_markdown import as_markdown
from tests.unit.tools.validation.conftest import MART, failing


def test_a_mart_that_holds_its_rules(mart):
    report = mart(MART.format(n=200))
    assert failing(report) == set()
    (table,) = report.tables
    assert (table.records, len(table.profiles)) == (200, 4)
    names = [c.name for c in table.checks]
    assert names == ["keys once and not null", "ranges", "orphans, parent", "history (SCD2)",
                     "null shares"]  # fmt: skip
    assert "The new side is right" in as_html(report)
    assert "# Validation: ✓ pass" in as_markdown(report)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("FROM m UNION ALL (FROM m LIMIT 1)", "keys once and not null"),
        (
            "SELECT * REPLACE (nullif(account_id, '7') AS account_id) FROM m",
            "keys once and not null",
        ),
        ("SELECT * REPLACE ('x' || parent AS parent) FROM m", "orphans, parent"),
        ("SELECT * REPLACE (TIMESTAMPTZ '2999-01-01 00:00:00Z' AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE (TIMESTAMPTZ '0017-01-01 00:00:00Z' AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE (if(name = 'n', 'nan', '1')::double AS revenue) FROM m", "ranges"),
        ("SELECT * REPLACE (-1e18 AS revenue) FROM m", "ranges"),
        ("SELECT * REPLACE (10::decimal(38, 0) ^ 18 AS revenue) FROM m", "ranges"),
        ("SELECT * REPLACE (TIMESTAMPTZ '12026-01-01 00:00:00Z' AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE ('infinity'::timestamptz AS changed) FROM m", "ranges"),
        ("SELECT * REPLACE (account_id <> '7' AS is_current) FROM m", "history (SCD2)"),
        ("SELECT * REPLACE (TIMESTAMPTZ '2999-01-01 00:00:00Z' AS valid_from) FROM m",
         "history (SCD2)"),
        ("SELECT * REPLACE (TIMESTAMP '2999-01-01 00:00:00' AS valid_from) FROM m",
         "history (SCD2)"),
    ],
)  # fmt: skip
def test_a_mart_that_breaks_one(mart, change, check):
    report = mart(f"WITH m AS ({MART.format(n=200)}) {change}")
    assert check in failing(report)
    # References may lead nowhere in Salesforce too.
    assert report.status is (Status.WARN if "orphans" in check else Status.FAIL)


@pytest.mark.parametrize(
    "revenue", ["999999999999999999::bigint", "-999999999999999999.99::decimal(38, 2)"]
)
def test_a_number_of_18_digits_is_one_that_salesforce_holds(mart, revenue):
    report = mart(f"SELECT * REPLACE ({revenue} AS revenue) FROM ({MART.format(n=200)})")
    assert failing(report) == set()


def test_a_mart_that_is_not_there_is_not_looked_at(mart):
    report = mart(f"SELECT * FROM ({MART.format(n=1)}) WHERE false")
    assert report.status is Status.NOT_COMPARED
    assert "? not compared" in as_markdown(report)
