"""Query jobs: how each can end, and what that means."""

import pytest

from lakehouse_jobs.errors import (
    BulkJobError,
    BulkUnsupportedError,
    JobGoneError,
    JobUnfinishedError,
    MisdirectedError,
    TransferError,
)
from lakehouse_jobs.salesforce.bulk import FIRST_POLL, LONGEST_POLL, STEADY_POLL, BulkApi
from lakehouse_jobs.salesforce.limits import Limit

SOQL = "SELECT Id FROM Account WHERE SystemModstamp < 2027-01-01T00:00:00.000Z"
A_JOB = r"/jobs/query/\w+$"


@pytest.fixture
def org(fake_org):
    fake_org.add_object("Account", {"Id": "id", "SystemModstamp": "datetime"})
    fake_org.row("Account")
    return fake_org


@pytest.fixture
def polls():
    return []


@pytest.fixture
def bulk(org, transport, polls):
    """Its clock goes on by the sleeps alone."""
    return BulkApi(
        transport,
        api_version="62.0",
        until=60.0,
        sleep=polls.append,
        clock=lambda: sum(polls),
    )


def state(org, state, times=1, **more):
    org.mood("GET", A_JOB, times=times, status=200, body={"state": state, **more})


def test_a_job_is_looked_at_less_and_less_often(org, bulk, polls):
    state(org, "UploadComplete")
    state(org, "InProgress", times=11)
    assert bulk.wait(bulk.create(SOQL)).records == 1
    assert polls[0] == FIRST_POLL
    assert polls == sorted(polls)
    assert polls[-1] == STEADY_POLL


def test_the_end_of_a_job_is_met_soon_and_a_long_one_is_not_asked_too_often(org, transport):
    polls = []
    bulk = BulkApi(transport, api_version="62.0", sleep=polls.append, clock=lambda: sum(polls))
    state(org, "InProgress", times=200)
    bulk.wait(bulk.create(SOQL))
    for number, pause in enumerate(polls):
        assert pause <= max(STEADY_POLL, sum(polls[:number]) / 20)
    assert polls[-1] == LONGEST_POLL


@pytest.mark.parametrize(
    ("reason", "passing"),
    [
        (None, True),
        ("", True),
        ("Failed to read query. Exceeded retry limit of 15 times", True),
        ("QUERY_TIMEOUT: Your query request was running for too long", True),
        ("InternalServerError: an error occurred", True),
        ("INVALID_QUERY_FILTER_OPERATOR: no", False),
        ("MALFORMED_QUERY: unexpected token: FORM", False),
    ],
)
def test_a_job_that_fails(org, bulk, reason, passing):
    state(org, "Failed", errorMessage=reason)
    words = reason or "Salesforce gives no reason"
    with pytest.raises(BulkJobError, match=f"ended as Failed: {words}") as caught:
        bulk.wait(bulk.create(SOQL))
    assert caught.value.passing is passing


def test_a_job_that_fails_for_the_objects_sake(org, bulk):
    state(org, "Failed", errorMessage="INVALIDENTITY: Account is not supported by the Bulk API")
    with pytest.raises(BulkUnsupportedError):
        bulk.wait(bulk.create(SOQL))


def test_a_job_that_somebody_aborts(org, bulk):
    state(org, "Aborted")
    with pytest.raises(BulkJobError, match="ended as Aborted") as caught:
        bulk.wait(bulk.create(SOQL))
    assert caught.value.passing


@pytest.mark.parametrize(
    ("status", "words"), [(404, "was deleted, or expired"), (409, "another API version")]
)
def test_a_job_that_is_not_there_any_more(org, bulk, status, words):
    job_id = bulk.create(SOQL)
    org.mood("GET", A_JOB, status=status, body=[{"errorCode": "X", "message": "no"}])
    with pytest.raises(JobGoneError, match=f"{job_id} .*{words}") as caught:
        bulk.wait(job_id)
    assert caught.value.passing


@pytest.mark.parametrize("word", ["InProgress", "Pondering"])
def test_a_job_that_never_ends(org, bulk, polls, word):
    state(org, word, times=-1)
    with pytest.raises(JobUnfinishedError, match=f"is still {word} .*raise timeout_minutes"):
        bulk.wait(bulk.create(SOQL))
    assert 60 - LONGEST_POLL <= sum(polls) <= 60
    assert not org.deleted_jobs


def test_a_state_that_is_new_is_one_before_the_end(org, bulk):
    state(org, "Pondering", times=2)
    assert bulk.wait(bulk.create(SOQL)).records == 1


def test_an_answer_without_a_state(org, bulk):
    org.mood("GET", A_JOB, status=200, body={"id": "750", "object": "Account"})
    with pytest.raises(TransferError, match="no 'state'"):
        bulk.wait(bulk.create(SOQL))


def test_pages_are_those_of_the_org(org, bulk, transport):
    job = bulk.wait(bulk.create(SOQL))
    evil = {"resultPages": [{"resultUrl": "https://evil.example/results"}], "done": True}
    org.mood("GET", "resultPages", status=200, body=evil)
    (page,) = list(bulk.pages(job) or ())
    with pytest.raises(MisdirectedError, match=r"another host, evil\.example"):
        transport.read(page, lambda body: body.read())
    more = {"resultPages": [], "done": False, "nextRecordsUrl": "https://evil.example/pages"}
    org.mood("GET", "resultPages", status=200, body=more)
    with pytest.raises(MisdirectedError):
        list(bulk.pages(job) or ())


def test_a_job_that_runs_is_aborted_instead_of_deleted(org, bulk):
    job_id = bulk.create(SOQL)
    org.mood("DELETE", A_JOB, status=400, body=[{"errorCode": "API_ERROR", "message": "runs"}])
    bulk.discard(job_id)
    assert org.calls("PATCH", A_JOB) == 1
    # Nothing about cleaning up stops a run.
    org.mood("DELETE", A_JOB, times=-1, status=500)
    bulk.discard(job_id)


def test_each_attempt_to_make_a_job_counts_as_one(org, bulk, transport):
    """The answer was lost, not what it was the answer to."""
    transport.budget.read(lambda: transport.json("GET", "/services/data/v62.0/limits"))
    before = transport.budget._known[Limit.QUERY_JOBS].used
    org.mood("POST", "/jobs/query$", times=2, cut=0)
    bulk.create(SOQL)
    assert transport.budget._known[Limit.QUERY_JOBS].used - before == len(org.jobs) == 3
