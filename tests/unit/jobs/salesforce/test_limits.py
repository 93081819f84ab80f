"""What the org says of its limits."""

import pytest

from lakehouse_jobs.salesforce.limits import Limit, Usage, read_limit_info, read_limits


def test_limits_that_an_extraction_uses_up():
    answer = {
        "DailyApiRequests": {"Max": 100_000, "Remaining": 99_000, "Ant Migration Tool": {"Max": 0}},
        "DailyBulkV2QueryJobs": {"Max": 0, "Remaining": 0},
        "DataStorageMB": {"Max": 5, "Remaining": 5},
    }
    assert read_limits(answer) == {Limit.REQUESTS: Usage(used=1_000, limit=100_000)}


@pytest.mark.parametrize("answer", [None, [], "x", {"DailyApiRequests": 5}])
def test_an_answer_that_says_nothing(answer):
    assert read_limits(answer) == {}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("api-usage=18/5000", Usage(used=18, limit=5000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", Usage(used=25, limit=5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("api-usage=many", None),
        (None, None),
    ],
)
def test_the_header_of_every_answer(header, found):
    assert read_limit_info(header) == found
