"""The share of the org's limits that is never passed, whoever uses the rest."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partialmethod

import pytest

from lakehouse_jobs.contract.objects import ApiBudget, Group, ObjectsConfig
from lakehouse_jobs.errors import BudgetSpentError, LimitExceededError
from lakehouse_jobs.salesforce import Org
from lakehouse_jobs.salesforce.budget import OLD_AFTER_SECONDS, Budget, long_requests_of

PATH = "/services/data/v62.0/sobjects"
SOQL = "SELECT Id FROM Account WHERE SystemModstamp < 2026-03-01T12:00:00.000Z"


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def org(fake_org, transport, clock):
    fake_org.add_object("Account", {"Id": "id", "SystemModstamp": "datetime"})
    transport.budget = Budget(ApiBudget(daily_share=0.8), clock=lambda: clock[0])
    return Org(transport, api_version="62.0")


def test_requests_stop_before_the_share_is_passed(fake_org, org):
    fake_org.api_limit = 20
    assert org.budget.read(org.limits) == []
    for _ in range(14):  # login and limits came first
        org.transport.json("GET", PATH)
    with pytest.raises(BudgetSpentError) as caught:
        org.transport.json("GET", PATH)
    assert len(fake_org.log) == 16
    assert str(caught.value) == (
        "DailyApiRequests: 16 of 20 are used up, by everybody in the last 24 hours, and this run "
        "stops at 16; a later run goes on, as old use drops out by the hour; raise "
        "api_budget.daily_share (0.8) in salesforce_objects.json to use more"
    )


def test_what_others_use_counts(fake_org, org):
    org.budget.read(org.limits)
    fake_org.log += [("GET", "/somebody/else")] * 11_990
    org.transport.json("GET", PATH)
    assert org.budget.allows(requests=7)
    assert not org.budget.allows(requests=8)
    org.budget.check(requests=7)
    with pytest.raises(BudgetSpentError, match=r"11,993 of 15,000 .* stops at 12,000"):
        org.budget.check(requests=8)


def test_use_that_drops_out_gives_room(fake_org, org):
    org.budget.read(org.limits)
    used = list(fake_org.log)
    fake_org.log += [("GET", "/x")] * 11_995
    org.transport.json("GET", PATH)
    assert not org.budget.allows(requests=5)
    fake_org.log[:] = used
    org.transport.json("GET", PATH)
    assert org.budget.allows(requests=5)


def test_threads_together_pass_nothing(fake_org, org):
    fake_org.api_limit = 60
    org.budget.read(org.limits)

    def call(_):
        try:
            return bool(org.transport.json("GET", PATH))
        except BudgetSpentError:
            return False

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(call, range(80)))
    # Requests under way count twice at worst: a little early, never late.
    assert 40 < len(fake_org.log) <= 48
    assert done == len(fake_org.log) - 2  # login and limits


@pytest.mark.parametrize(
    ("limit", "used", "words"),
    [
        ("DailyBulkV2QueryJobs", 8_000, "DailyBulkV2QueryJobs: 8,000 of 10,000"),
        ("DailyBulkV2QueryFileStorageMB", 781_249, "DailyBulkV2QueryFileStorageMB: 781,249 of"),
        ("DailyApiRequests", None, "DailyApiRequests: 11,999 of 15,000"),
    ],
)
def test_no_job_is_made_that_does_not_fit(fake_org, org, limit, used, words):
    if used is None:
        fake_org.log += [("GET", "/x")] * 11_997
    else:
        fake_org.daily_used[limit] = used
    org.budget.read(org.limits)
    if used is None:
        # Room for a request or two, not for a job.
        org.budget.check(requests=1)
    with pytest.raises(BudgetSpentError, match=words):
        org.bulk.create(SOQL)
    assert not fake_org.jobs


def test_the_last_job_that_fits(fake_org, org):
    fake_org.daily_used["DailyBulkV2QueryJobs"] = 7_999
    org.budget.read(org.limits)
    org.bulk.create(SOQL)
    with pytest.raises(BudgetSpentError):
        org.bulk.create(SOQL)
    assert org.budget.allows(requests=2)


def test_results_that_were_read_count(fake_org, org):
    fake_org.daily_used["DailyBulkV2QueryFileStorageMB"] = 781_244
    org.budget.read(org.limits)
    org.budget.results_read(4_000_000)
    assert org.budget.allows(jobs=1)
    org.budget.results_read(1_000_000)
    assert not org.budget.allows(jobs=1)


def test_old_limits_are_read_again_before_a_job(fake_org, org, clock):
    org.budget.read(org.limits)
    fake_org.daily_used["DailyBulkV2QueryJobs"] = 9_000
    org.bulk.create(SOQL)
    clock[0] += OLD_AFTER_SECONDS + 1
    with pytest.raises(BudgetSpentError, match="9,001 of 10,000"):
        org.bulk.create(SOQL)
    assert fake_org.calls("GET", "/limits") == 2


def test_without_limits_the_answers_tell_of_requests(fake_org, org):
    refused = [{"errorCode": "API_DISABLED", "message": "no"}]
    fake_org.mood("GET", "/limits", status=403, body=refused)
    (note,) = org.budget.read(org.limits)
    assert note.startswith("/limits cannot be read, so only requests are kept within budget: ")
    fake_org.api_limit = 5
    org.bulk.create(SOQL)
    org.transport.json("GET", PATH)
    with pytest.raises(BudgetSpentError, match="4 of 5"):
        org.transport.json("GET", PATH)


def test_a_limit_that_is_not_told_is_named_once(fake_org, org):
    del fake_org.daily["DailyBulkV2QueryFileStorageMB"]
    assert org.budget.read(org.limits) == [
        "/limits does not tell DailyBulkV2QueryFileStorageMB, so it is not kept within api_budget"
    ]


def test_a_day_that_is_used_up_stops_the_run(fake_org, org, waits):
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    fake_org.mood("GET", "/limits", status=403, body=body)
    with pytest.raises(LimitExceededError, match="TotalRequests"):
        org.budget.read(org.limits)
    assert waits == []


def test_at_most_so_many_long_requests(fake_org, transport, monkeypatch):
    fake_org.add_object("Account", {"Id": "id", "SystemModstamp": "datetime"})
    fake_org.row("Account")
    transport.budget = Budget(long_requests=2)
    org = Org(transport, api_version="62.0")
    job_id = org.bulk.create(SOQL)
    page = org.bulk.first_page(org.bulk.wait(job_id))
    lock = threading.Lock()
    inside, third = [], threading.Event()
    real = type(transport)._call

    def call(self, *args, together, **kwargs):
        with lock:
            inside.append(1)
            if len(inside) > 2:
                third.set()
        try:
            together.wait()  # as many as that are under way at once, or it breaks
            third.wait(0.02)  # the time for one more to come
            return real(self, *args, **kwargs)
        finally:
            with lock:
                inside.pop()

    pair = threading.Barrier(2, timeout=60)
    monkeypatch.setattr(type(transport), "_call", partialmethod(call, together=pair))
    with ThreadPoolExecutor(6) as pool:
        pages = [pool.submit(transport.read, page, lambda body: body.read()) for _ in range(5)]
        queries = [pool.submit(lambda: list(org.query(SOQL))) for _ in range(5)]
        assert {len(q.result()) for q in queries} == {1}
        assert all(p.result() for p in pages)
    assert not third.is_set()
    # Short ones do not wait.
    three = threading.Barrier(3, timeout=60)
    monkeypatch.setattr(type(transport), "_call", partialmethod(call, together=three))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: transport.json("GET", PATH), range(3)))


def test_groups_side_by_side_share_the_long_requests():
    def parts(budget, *names):
        config = ObjectsConfig(
            api_budget=budget, groups=tuple(Group(name=n, include=("Account",)) for n in names)
        )
        return [long_requests_of(config, n) for n in names]

    assert parts(ApiBudget(), "a") == [5]
    assert parts(ApiBudget(), "a", "b") == [3, 2]
    assert parts(ApiBudget(long_requests=2), "a", "b", "c") == [1, 1, 1]


def test_calls_count_also_where_their_answers_tell_nothing():
    budget = Budget(ApiBudget(daily_share=0.5))
    budget.read(lambda: {"DailyApiRequests": {"Max": 10, "Remaining": 7}})
    for _ in range(2):
        with budget.request():
            budget.answered(None)
    with pytest.raises(BudgetSpentError, match="5 of 10"), budget.request():
        pass
