"""What an outcome says of the way, also where the object failed on it."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def test_an_outcome_counts_calls_and_the_orgs_api_use(account_lab):
    outcome = account_lab.run()["Account"]
    use = outcome["api_before"], outcome["api_after"]
    assert outcome["requests"] == len(account_lab.org.log) - 2  # login and limits were the run's
    assert [u["limit"] for u in use] == [15_000, 15_000]
    assert use[1]["used"] == len(account_lab.org.log)
    assert use[1]["used"] - use[0]["used"] == outcome["requests"] - 1
    assert (outcome["retries"], outcome["mode"], outcome["read"]) == (0, "incremental", 2)
    assert outcome["watermark_before"] is None
    assert outcome["watermark_after"] == "2026-03-01T11:59:00.000Z"


def test_a_call_made_again_is_a_retry(account_lab):
    account_lab.org.mood("GET", "Account/describe", times=2, status=503)
    account_lab.org.mood(
        "POST", "/jobs/query", status=401, body=[{"errorCode": "INVALID_SESSION_ID"}]
    )
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["retries"]) == ("landed", 3)


def test_a_failed_object_says_how_far_it_came(account_lab):
    account_lab.run()
    lab = account_lab
    lab.org.describes["Account"]["fields"].append(
        {"name": "New__c", "type": "string", "label": "New", "length": 255}
    )
    lab.org.mood("POST", "/jobs/query", times=9, status=500)
    lab.org.mood("GET", "/query", times=9, status=500)
    outcome = lab.run(mode="full")["Account"]
    assert (outcome["status"], outcome["error"], outcome["rows"]) == (
        "failed",
        "AnswerRefusedError",
        0,
    )
    assert outcome["schema_changes"] == ["new__c is new: New__c (string): New"]
    assert outcome["left_out"] == ["Photo__c: base64, which a bulk query cannot read"]
    assert (outcome["mode"], outcome["batch"]) == ("full", 1)
    assert outcome["watermark_after"] == outcome["watermark_before"] == "2026-03-01T11:59:00.000Z"
    assert outcome["requests"] > outcome["retries"] == 5
    assert outcome["phases"]["describe"] >= 0


def test_a_failed_object_alone_asks_for_no_build(account_lab):
    lab = account_lab
    lab.run()
    lab.org.mood("GET", "Account/describe", times=1, status=400)
    lab.run()
    assert lab.json("runs/run-1/_sales.json")["unbuilt"] == ["Account"]
    assert lab.json("runs/run-2/_sales.json")["unbuilt"] == []


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_a_column_that_its_run_filled_is_not_told_as_unfilled(account_lab, mode):
    lab = account_lab
    lab.run()
    lab.org.describes["Account"]["fields"].append(
        {"name": "New__c", "type": "string", "label": "New", "length": 255}
    )
    lab.org.records["Account"][0]["New__c"] = "there all the time"
    lab.org.now += timedelta(minutes=30)
    outcome = lab.run(mode=mode)["Account"]
    assert outcome["unfilled"] == {}
    assert "new__c is new: New__c (string): New" in outcome["schema_changes"]
    assert "there all the time" in [r["new__c"] for r in lab.rows("account")]
