"""The extraction as a whole: from a Salesforce on a socket into real Iceberg tables."""

import pytest

pytestmark = pytest.mark.local_aws


def test_a_first_run_lands_typed_rows(account_lab):
    outcome = account_lab.run()["Account"]
    assert outcome["status"] == "landed"
    assert (outcome["rows"], outcome["batch"], outcome["api"]) == (2, 1, "bulk")
    rows = sorted(account_lab.rows("account"), key=lambda r: r["name"])
    print(rows, outcome)
