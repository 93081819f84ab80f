"""What becomes of an object whose Bulk job does not end well."""

import pytest

from lakehouse_jobs.entry import salesforce_extractor

pytestmark = pytest.mark.local_aws
A_JOB = r"/jobs/query/\w+$"


def test_a_job_that_outlasts_the_run_is_gone_on_with(account_lab, monkeypatch):
    org = account_lab.org
    org.mood("GET", A_JOB, times=-1, status=200, body={"state": "InProgress"})
    with monkeypatch.context() as patch:
        patch.setattr(salesforce_extractor, "SHARE_FOR_JOBS", 0.0)
        outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "JobUnfinishedError")
    assert "is still InProgress when the time of this run is up" in outcome["message"]
    assert org.deleted_jobs == []
    org.moods.clear()
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["resumed"]) == ("landed", 2, True)
    assert len(org.jobs) == 1
    assert org.deleted_jobs == list(org.jobs)


def test_a_job_that_fails_twice_leaves_nothing(account_lab):
    org = account_lab.org
    org.mood("GET", A_JOB, times=2, status=200, body={"state": "Failed"})
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "BulkJobError")
    assert len(org.jobs) == len(org.deleted_jobs) == 2
    assert account_lab.keys("loads/account/") == []
    assert account_lab.run()["Account"]["rows"] == 2


def test_a_job_that_is_deleted_under_its_pages_is_made_again_once(account_lab):
    org = account_lab.org
    org.page_rows = 1

    def gone(body):
        org.deleted_jobs += org.jobs
        return body

    org.mood("GET", "/results", edit=gone)
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], len(org.jobs)) == ("landed", 2, 2)
    assert len(account_lab.rows("account")) == 2
    files = account_lab.keys(f"{account_lab.database}/account/data/")
    assert len(files) == 2  # nothing of the first job's pages
