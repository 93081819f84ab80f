"""What moved since the run before."""

import json

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.report.as_json import as_dict
from tests.unit.tools.validation.conftest import MART, failing


def as_read(report):
    return json.loads(json.dumps(as_dict(report)))


def test_what_moved_since_the_run_before(mart):
    first = as_read(mart(MART.format(n=200)))
    assert failing(mart(MART.format(n=199), [first])) == set()
    fewer = mart(MART.format(n=190), [first])
    assert "rows since the last run" in failing(fewer)
    empty = MART.format(n=200).replace("'n' AS name", "CASE WHEN i > 5 THEN 'n' END AS name")
    report = mart(empty, [first])
    assert failing(report) == {"null shares since the last run"}
    assert report.status is Status.WARN
    other = {**first, "tables": [{**first["tables"][0], "records": None}]}
    assert "rows since the last run" in failing(mart(MART.format(n=190), [first, other]))


def test_a_loss_stays_one_until_the_rows_are_back(mart):
    first = as_read(mart(MART.format(n=200)))
    lost = as_read(mart(MART.format(n=100), [first]))
    assert "rows since the last run" in failing(mart(MART.format(n=100), [first, lost]))
    assert failing(mart(MART.format(n=200), [first, lost])) == set()
    assert failing(mart(MART.format(n=100), [lost])) == set()  # the earlier ones moved away


def test_a_run_of_another_org_or_environment_is_no_earlier_one(mart):
    first = as_read(mart(MART.format(n=200)))
    for subject in ("environment prod, org 1", "environment dev, org 2"):
        report = mart(MART.format(n=100), [first], subject)
        assert failing(report) == set()
        assert "null shares" in {check.name for check in report.every}  # recorded, not compared
