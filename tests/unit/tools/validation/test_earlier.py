"""What moved since the run before."""

import json

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.report.as_json import as_dict
from tests.unit.tools.validation.conftest import MART, failing


def test_what_moved_since_the_run_before(mart):
    first = json.loads(json.dumps(as_dict(mart(MART.format(n=200)))))
    assert failing(mart(MART.format(n=199), [first])) == set()
    fewer = mart(MART.format(n=190), [first])
    assert "rows since the last run" in failing(fewer)
    empty = MART.format(n=200).replace("'n' AS name", "CASE WHEN i > 5 THEN 'n' END AS name")
    report = mart(empty, [first])
    assert failing(report) == {"null shares since the last run"}
    assert report.status is Status.WARN
    other = {**first, "tables": [{**first["tables"][0], "records": None}]}
    assert "rows since the last run" in failing(mart(MART.format(n=190), [first, other]))
