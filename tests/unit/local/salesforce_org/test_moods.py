import time
from functools import partial

import pytest
import requests

from tests.until import until

SOQL = "SELECT Id, Name, SystemModstamp FROM Account"


def test_the_next_requests_to_a_path_fail_and_then_no_more(client):
    client.control(
        "POST", "moods", path="/limits", status=503, times=2, headers={"Retry-After": "1"}
    )
    first = client.get(f"{client.data}/limits")
    assert first.headers["Retry-After"] == "1"
    assert first.json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert client.get(f"{client.data}/sobjects").status_code == 200
    assert client.get(f"{client.data}/limits").status_code == 503
    assert client.get(f"{client.data}/limits").status_code == 200
    assert client.control("GET", "moods") == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "INVALID_SESSION_ID"), (403, "REQUEST_LIMIT_EXCEEDED"), (429, "REQUEST_LIMIT_EXCEEDED")],
)
def test_usual_errors_carry_their_code(client, status, code):
    client.control("POST", "moods", status=status)
    answer = client.get(f"{client.data}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_a_mood_can_wait_and_pick_its_method(client):
    client.control("POST", "moods", path="/limits", method="GET", after=1)
    statuses = [client.get(f"{client.data}/limits").status_code for _ in range(3)]
    assert statuses == [200, 503, 200]
    client.control("POST", "moods", method="PATCH")
    assert client.get(f"{client.data}/limits").status_code == 200
    client.control("DELETE", "moods")
    assert client.control("GET", "moods") == []


def test_a_lost_answer_is_carried_out(client):
    client.control("POST", "moods", path="/jobs/query", method="POST", lost=True)
    assert client.start_job(SOQL).status_code == 503
    listed = client.get(f"{client.data}/jobs/query").json()["records"]
    assert len(listed) == 1


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_page_cut_short_breaks_the_connection(client, encoding):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", action="cut")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get(f"{client.data}/jobs/query/{job}/results", headers={"Accept-Encoding": encoding})
    assert client.results(job).status_code == 200


def test_a_dropped_request_gets_no_answer(client):
    client.control("POST", "moods", path="/limits", action="drop")
    with pytest.raises(requests.ConnectionError):
        client.get(f"{client.data}/limits")


def test_a_truncated_page_shows_in_the_count_of_records_alone(client):
    job = client.finish_job(SOQL)
    whole = client.results(job, maxRecords=10)
    client.control("POST", "moods", path="/results", action="truncate", bytes=3)
    short = client.get(
        f"{client.data}/jobs/query/{job}/results",
        params={"maxRecords": 10},
        headers={"Accept-Encoding": "identity"},
    )
    assert short.headers["Sforce-NumberOfRecords"] == "10"
    assert int(short.headers["Content-Length"]) == len(short.content) < len(whole.content)
    assert whole.content.startswith(short.content)


def test_garbled_bytes_are_no_utf8(client):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", action="garble")
    page = client.get(
        f"{client.data}/jobs/query/{job}/results", headers={"Accept-Encoding": "identity"}
    )
    with pytest.raises(UnicodeDecodeError):
        page.content.decode()


def test_a_stall_outlasts_an_impatient_client(client):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", action="stall", bytes=100, seconds=2.0)
    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        client.get(f"{client.data}/jobs/query/{job}/results", timeout=0.4)


@pytest.mark.parametrize("message", ["Query timed out", None])
def test_a_job_fails_with_and_without_a_message(client, message):
    client.control("POST", "moods", path="/jobs/query", action="fail_job", message=message)
    job = client.job(client.finish_job(SOQL))
    assert job["state"] == "Failed"
    assert job.get("errorMessage") == message
    refused = client.results(job["id"])
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")


def test_a_job_is_aborted_by_somebody(client):
    client.control("POST", "moods", path="/jobs/query", action="abort_job")
    assert client.job(client.finish_job(SOQL))["state"] == "Aborted"


def test_latency_and_bandwidth(client):
    client.control("POST", "behaviour", latency_seconds=0.2, bytes_per_second=20_000)
    began = time.monotonic()
    size = len(
        client.get(f"{client.data}/sobjects", headers={"Accept-Encoding": "identity"}).content
    )
    assert time.monotonic() - began >= 0.2 + size / 20_000 * 0.9


def test_results_that_are_not_ready_as_newer_versions_tell_it(client):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", status=204)
    early = client.results(job)
    assert (early.status_code, early.content) == (204, b"")
    assert client.results(job).status_code == 200


def test_a_late_answer_to_nobody_is_no_page_sent(client):
    job = client.finish_job(SOQL)
    client.control("POST", "moods", path="/results", action="wait", seconds=0.5)
    with pytest.raises(requests.Timeout):
        client.get(f"{client.data}/jobs/query/{job}/results", timeout=0.1)
    under_way = partial(client.org.usage.long_requests, 0, but=-1)
    until(lambda: not client.control("GET", "moods") and not under_way())
    assert client.control("GET", "status")["result_pages"] == {}
    assert client.results(job).status_code == 200
    assert client.control("GET", "status")["result_pages"] == {"Account": 1}
