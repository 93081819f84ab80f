"""What an org counts and refuses: the daily limits, long requests, long statements."""

import threading

import pytest

SOQL = "SELECT Id, Name FROM Account"


def limits(client):
    return client.get(f"{client.data}/limits").json()


def left(client, name):
    limit = limits(client)[name]
    return limit["Max"] - limit["Remaining"]


def code(answer):
    return answer.status_code, answer.json()[0]["errorCode"]


def test_jobs_and_their_results_are_counted_whether_fetched_or_deleted(client):
    client.control("POST", "behaviour", bulk_megabytes=1)
    for _ in range(2):
        job = client.finish_job(SOQL)
        client.delete(f"{client.data}/jobs/query/{job}")
    assert left(client, "DailyBulkV2QueryJobs") == 2
    used = client.control("GET", "status")["usage"]
    assert used["bulk_jobs"] == 2
    assert used["bulk_bytes"] > 1_000
    assert limits(client)["DailyBulkV2QueryFileStorageMB"] == {"Max": 1, "Remaining": 1}


def test_a_job_beyond_the_stored_results_of_a_day_is_refused(client):
    client.control("POST", "behaviour", bulk_megabytes=0)
    answer = client.start_job(SOQL)
    assert code(answer) == (400, "LIMIT_EXCEEDED")
    assert "query result size stored" in answer.json()[0]["message"]


def test_use_is_counted_over_a_restart_and_forgotten_after_a_day(open_client):
    client = open_client()
    client.finish_job(SOQL)
    client = open_client()
    assert left(client, "DailyBulkV2QueryJobs") == 1
    client.control("POST", "clock", advance_seconds=12 * 3_600)
    client.finish_job(SOQL)
    assert left(client, "DailyBulkV2QueryJobs") == 2
    client.control("POST", "clock", advance_seconds=13 * 3_600)
    assert left(client, "DailyBulkV2QueryJobs") == 1


def test_every_answer_of_the_apis_tells_the_use(client):
    job = client.finish_job(SOQL)
    used = []
    for path in ("/limits", "/query?q=SELECT+Id+FROM+Nope", f"/jobs/query/{job}/results"):
        header = client.get(client.data + path).headers["Sforce-Limit-Info"]
        used.append(int(header.removeprefix("api-usage=").partition("/")[0]))
    assert used[2] == used[0] + 2


def test_many_long_requests_at_once_end_in_403(client):
    client.control("POST", "behaviour", long_requests=1, long_after_seconds=0.0)
    assert client.get(f"{client.data}/limits").status_code == 200
    client.control("POST", "moods", path="/sobjects", action="wait", seconds=1.0)
    slow = threading.Thread(target=client.get, args=(f"{client.data}/sobjects",))
    slow.start()
    answer = client.get(f"{client.data}/limits")
    while answer.status_code == 200 and slow.is_alive():
        answer = client.get(f"{client.data}/limits")
    assert code(answer) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "ConcurrentRequests" in answer.json()[0]["message"]
    slow.join()
    assert client.get(f"{client.data}/limits").status_code == 200


def test_a_statement_has_at_most_100_000_characters(shared):
    ids = ", ".join(["'001Hr00001G5ltzIAB'"] * 4_600)
    answer = shared.start_job(f"SELECT Id FROM Account WHERE Id IN ({ids})")
    assert code(answer) == (400, "MALFORMED_QUERY")
    assert "can not be longer than 100000 characters" in answer.json()[0]["message"]


@pytest.mark.parametrize(
    ("blanks", "header", "status"), [(17_000, 0, 414), (9_000, 9_000, 431), (9_000, 100, 200)]
)
def test_a_request_line_has_an_end(shared, blanks, header, status):
    answer = shared.get(
        f"{shared.data}/query?q=SELECT+COUNT()+FROM+Account{'+' * blanks}",
        headers={"X-Note": "x" * header},
    )
    assert answer.status_code == status
    if status != 200:
        assert answer.text.startswith(f"<h1>Bad Message {status}</h1>")


def test_the_limits_can_be_set_small(client):
    client.control("POST", "behaviour", soql_characters=20)
    assert code(client.start_job(SOQL)) == (400, "MALFORMED_QUERY")
    answer = client.get(f"{client.data}/query", params={"q": SOQL})
    assert code(answer) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(("does", "found"), [("abort", 200), ("expire", 404)])
def test_somebody_ends_the_jobs_that_are_there(client, does, found):
    client.control("POST", "behaviour", job_seconds=60)
    job = client.start_job(SOQL).json()["id"]
    assert client.control("GET", "jobs")[0]["id"] == job
    client.control("POST", "jobs", do=does)
    answer = client.get(f"{client.data}/jobs/query/{job}")
    assert answer.status_code == found
    if does == "abort":
        assert answer.json()["state"] == "Aborted"


def test_results_are_gone_in_the_middle(client):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", action="expire_job", after=1)
    first = client.results(job, maxRecords=2)
    second = client.results(job, maxRecords=2, locator=first.headers["Sforce-Locator"])
    assert (first.status_code, code(second)) == (200, (404, "NOT_FOUND"))


def test_a_running_job_is_aborted_when_it_is_asked_for(client):
    client.control("POST", "behaviour", job_seconds=60)
    job = client.start_job(SOQL).json()["id"]
    client.control("POST", "moods", path=job, action="abort_job", after=1)
    assert [client.job(job)["state"] for _ in range(2)][1] == "Aborted"
