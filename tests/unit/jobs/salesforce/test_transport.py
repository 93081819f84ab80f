"""The one seam to Salesforce: tokens, retries, time-outs, whole bodies."""

import gzip
import json
from datetime import timedelta
from email.utils import format_datetime

import pytest

from lakehouse_jobs.errors import (
    AnswerRefusedError,
    BulkUnsupportedError,
    LimitExceededError,
    LoginRefusedError,
    MisdirectedError,
    ObjectNotFoundError,
    TransferError,
    UnreachableError,
)
from lakehouse_jobs.salesforce import Credentials, Org, RetryPolicy, Transport
from lakehouse_jobs.salesforce.calls import counted

LIMITS = "/services/data/v62.0/limits"


def refuse(code, message="no"):
    return [{"errorCode": code, "message": message}]


def test_one_login_serves_many_calls(fake_org, transport):
    with counted() as calls:
        for _ in range(3):
            assert transport.json("GET", LIMITS)["DailyApiRequests"]["Max"] == 15_000
    assert (fake_org.tokens, calls.number) == (1, 4)
    assert transport.server_time == fake_org.now


def test_a_session_that_ended_is_renewed_once(fake_org, transport, waits):
    transport.json("GET", LIMITS)
    fake_org.valid.clear()
    transport.json("GET", LIMITS)
    assert (fake_org.tokens, waits) == (2, [])


def test_a_session_that_stays_refused_is_an_error(fake_org, transport, waits):
    fake_org.mood("GET", "limits", times=-1, status=401, body=refuse("INVALID_SESSION_ID"))
    with pytest.raises(AnswerRefusedError, match="INVALID_SESSION_ID"):
        transport.json("GET", LIMITS)
    assert (fake_org.tokens, waits) == (2, [])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "TOO_MANY"),
        (500, "UNKNOWN_EXCEPTION"),
        (503, "SERVER_UNAVAILABLE"),
        (412, "JOB_NOT_COMPLETE"),
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (400, "LIMIT_EXCEEDED"),
    ],
)
def test_passing_troubles_are_waited_out(fake_org, transport, waits, status, code):
    fake_org.mood("GET", "limits", times=2, status=status, body=refuse(code))
    transport.json("GET", LIMITS)
    assert len(waits) == 2
    assert 0.5 <= waits[0] <= 1.0 <= waits[1] <= 2.0


def test_the_server_says_how_long_to_wait(fake_org, transport, waits):
    later = format_datetime(fake_org.now + timedelta(seconds=40), usegmt=True)
    for asked in ("7", "100000", later):
        fake_org.mood("GET", "limits", status=503, headers={"Retry-After": asked})
    transport.json("GET", LIMITS)
    assert waits[:2] == [7, 300]
    assert waits[2] == 40  # by the server's clock


def test_a_daily_limit_is_not_waited_for(fake_org, transport, waits):
    body = refuse("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    fake_org.mood("GET", "limits", status=403, body=body)
    with pytest.raises(LimitExceededError, match="TotalRequests"):
        transport.json("GET", LIMITS)
    assert waits == []


def test_troubles_that_stay_end_as_what_they_are(fake_org, transport, waits):
    fake_org.mood(
        "GET", "limits", times=-1, status=503, body=b"<html><title>Down</title>Jane Doe</html>"
    )
    with pytest.raises(AnswerRefusedError, match=r"HTTP_503: Down; run"):
        transport.json("GET", LIMITS)
    assert len(waits) == RetryPolicy().attempts - 1


def test_final_errors_come_at_once(fake_org, transport, waits):
    fake_org.mood("GET", "limits", status=400, body=refuse("INVALID_FIELD", "No such column"))
    with pytest.raises(AnswerRefusedError, match="INVALID_FIELD: No such column") as caught:
        transport.json("GET", LIMITS)
    assert (caught.value.status, caught.value.code, waits) == (400, "INVALID_FIELD", [])
    with pytest.raises(ObjectNotFoundError):
        transport.json("GET", "/services/data/v62.0/sobjects/Nope/describe")
    fake_org.mood("POST", "jobs", status=400, body=refuse("INVALIDENTITY", "not supported"))
    with pytest.raises(BulkUnsupportedError):
        transport.json("POST", "/services/data/v62.0/jobs/query", body={})


def test_nobody_there_is_one_clear_error(waits):
    credentials = Credentials(instance_url="http://127.0.0.1:9", client_id="a", client_secret="b")
    with (
        Transport(credentials, sleep=waits.append) as transport,
        pytest.raises(UnreachableError, match=r"http://127.0.0.1:9 gave no answer after 6"),
    ):
        transport.json("GET", LIMITS)
    assert len(waits) == 5


def test_wrong_credentials_are_told_in_salesforces_words(fake_org):
    credentials = Credentials(instance_url=fake_org.url, client_id="app", client_secret="wrong")
    with (
        Transport(credentials) as transport,
        pytest.raises(LoginRefusedError, match="invalid_client: invalid secret") as caught,
    ):
        transport.json("GET", LIMITS)
    assert "wrong" not in str(caught.value)


def test_a_login_waits_out_a_busy_server(fake_org, transport, waits):
    fake_org.mood("POST", "oauth2/token", times=2, status=503, body=b"")
    transport.json("GET", LIMITS)
    assert len(waits) == 2


def test_a_page_that_is_no_salesforce_is_named(fake_org, transport):
    fake_org.mood("POST", "oauth2/token", status=200, body=b"<html>hello</html>")
    with pytest.raises(LoginRefusedError, match="without an access_token"):
        transport.json("GET", LIMITS)


def test_a_token_goes_nowhere_else(fake_org, transport, waits):
    with pytest.raises(MisdirectedError, match=r"another host, evil\.example"):
        transport.request("GET", "https://evil.example/steal")
    headers = {"Location": "https://evil.example/frontdoor?sid=token-1"}
    fake_org.mood("GET", "limits", status=302, headers=headers)
    with pytest.raises(MisdirectedError, match=r"redirected to evil\.example; "):
        transport.json("GET", LIMITS)
    assert waits == []


def test_a_body_is_read_again_until_it_is_whole(fake_org, transport, waits):
    text = json.dumps(["x" * 5000])
    fake_org.mood("GET", "limits", times=2, cut=10)
    fake_org.describes["A"] = text
    seen = []

    def reader(body):
        seen.append(1)
        return body.read()

    assert b"DailyApi" in transport.read(LIMITS, reader)
    assert len(seen) == 3
    assert len(waits) == 2


def test_gzip_that_ends_early_is_noticed(fake_org, transport):
    packed = gzip.compress(b"x" * 100_000)
    headers = {"Content-Encoding": "gzip"}
    fake_org.mood("GET", "limits", times=-1, body=packed[:-10], headers=headers)
    with pytest.raises(TransferError, match="gzip stream ended early"):
        transport.read(LIMITS, lambda body: body.read())


def test_results_that_are_not_ready_are_waited_for(fake_org, transport, waits):
    fake_org.mood("GET", "limits", status=204)
    assert transport.read(LIMITS, lambda body: body.read())
    assert len(waits) == 1


def test_simple_salesforce_goes_through_it(fake_org, transport, waits):
    fake_org.add_object("Account", {"Id": "id", "SystemModstamp": "datetime"})
    org = Org(transport, api_version="62.0")
    fake_org.mood("GET", "describe", times=2, status=503, body=b"")
    assert [f.name for f in org.describe("Account").fields] == ["Id", "SystemModstamp"]
    assert len(waits) == 2
    fake_org.valid.clear()
    assert org.object_names() == ["Account"]
    assert org.limits()["DailyApiRequests"]["Max"] == 15_000
    assert org.org_id == "00D000000000062EAA"


def test_an_org_without_an_identity_is_asked_for_its_id(fake_org, transport):
    fake_org.mood(
        "POST", "oauth2/token", edit=lambda body: json.dumps(json.loads(body) | {"id": ""}).encode()
    )
    assert Org(transport, api_version="62.0").org_id == "00D000000000062EAA"
