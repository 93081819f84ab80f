"""The server's moods, by a real socket: what is waited out, what is final, what is never told."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import (
    AnswerRefusedError,
    LimitExceededError,
    LoginRefusedError,
    TransferError,
    UnreachableError,
)
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.page_csv import batches
from lakehouse_jobs.salesforce import Credentials, Org, RetryPolicy, Transport
from lakehouse_jobs.salesforce.answers import read_refusal
from lakehouse_jobs.salesforce.calls import counted
from lakehouse_jobs.salesforce.retry import RetryPolicy as Policy

SOQL = "SELECT Id, Name FROM Account WHERE SystemModstamp < 2027-01-01T00:00:00.000Z"
PATH = "/services/data/v62.0/sobjects"


def refuse(code, message="no"):
    return [{"errorCode": code, "message": message}]


@pytest.fixture
def org(fake_org, transport):
    fake_org.add_object("Account", {"Id": "id", "Name": "string", "SystemModstamp": "datetime"})
    for number in range(200):
        fake_org.row("Account", Name=f"name {number}")
    return Org(transport, api_version="62.0")


@pytest.fixture
def rows(org):
    """Reads the one result page of a job, as an extraction parses it."""
    selection = select(org.describe("Account"), FieldRules())
    job = org.bulk.wait(org.bulk.create(SOQL.replace("Id, Name", "Id, Name, SystemModstamp")))
    (page,) = list(org.bulk.pages(job) or ())

    def read():
        return org.transport.read(
            page, lambda body: sum(len(arrays[0]) for arrays in batches(body, selection))
        )

    return read


class TestAPage:
    @pytest.mark.parametrize("then", ["close", "reset", "stall"])
    @pytest.mark.parametrize("cut", [0, 50])
    def test_a_broken_page_is_read_again(self, fake_org, impatient, rows, waits, then, cut):
        fake_org.mood("GET", "/results", cut=cut, then=then, times=2)
        with counted() as calls:
            assert rows() == 200
        assert (len(waits), calls.number, calls.retries) == (2, 3, 2)

    def test_a_page_with_fewer_rows_than_announced_is_read_again(self, fake_org, rows, waits):
        fake_org.mood("GET", "/results", edit=lambda body: b"".join(body.splitlines(True)[:-1]))
        assert rows() == 200
        assert len(waits) == 1

    def test_a_page_that_stays_short_is_an_error(self, fake_org, rows):
        edit = {"edit": lambda body: b"".join(body.splitlines(True)[:-1])}
        fake_org.mood("GET", "/results", times=-1, **edit)
        with pytest.raises(TransferError, match=r"199 rows, 200 were announced .*6 attempts"):
            rows()

    def test_a_session_that_ends_in_the_middle(self, fake_org, rows, waits):
        def ends(body):
            fake_org.valid.clear()
            return body

        fake_org.mood("GET", "/results", cut=100, edit=ends)
        with counted() as calls:
            assert rows() == 200
        # Broken, refused, logged in, whole.
        assert (calls.number, calls.retries, len(waits)) == (4, 2, 1)
        assert fake_org.tokens == 2

    def test_a_new_token_that_is_refused_too(self, fake_org, rows, waits):
        fake_org.mood("GET", "/results", times=2, status=401, body=refuse("INVALID_SESSION_ID"))
        with pytest.raises(AnswerRefusedError, match="the session ended and a new one was refused"):
            rows()
        assert waits == []

    @pytest.mark.parametrize(
        ("status", "code"), [(204, ""), (412, "JOB_NOT_COMPLETE"), (429, "X"), (503, "Y")]
    )
    def test_results_that_take_their_time(self, fake_org, rows, waits, status, code):
        body = refuse(code) if code else None
        fake_org.mood("GET", "/results", times=3, status=status, body=body)
        assert rows() == 200
        assert len(waits) == 3

    def test_results_that_never_come(self, fake_org, rows):
        fake_org.mood("GET", "/results", times=-1, status=204)
        with pytest.raises(TransferError, match=r"the results are not ready.*6 attempts"):
            rows()


class TestLimits:
    @pytest.mark.parametrize(
        ("status", "code", "message"),
        [
            (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
            (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."),
            (400, "LIMIT_EXCEEDED", "Too many concurrent jobs"),
            (429, "TOO_MANY_REQUESTS", "slow down"),
        ],
    )
    def test_a_crowd_is_waited_out(self, fake_org, transport, waits, status, code, message):
        fake_org.mood("GET", "sobjects", times=4, status=status, body=refuse(code, message))
        with counted() as calls:
            transport.json("GET", PATH)
        assert (len(waits), calls.retries) == (4, 4)
        assert waits == sorted(waits)

    @pytest.mark.parametrize(
        ("status", "code", "message"),
        [
            (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            (400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs per 24 hours (10000) exceeded"),
        ],
    )
    def test_a_day_that_is_used_up_is_final(
        self, fake_org, transport, waits, status, code, message
    ):
        fake_org.mood("GET", "sobjects", status=status, body=refuse(code, message))
        with pytest.raises(LimitExceededError, match="wait until the limit resets"):
            transport.json("GET", PATH)
        assert waits == []

    @pytest.mark.parametrize(
        ("asked", "waited"),
        [
            ("3", 3.0),
            ("0", 0.0),
            ("-5", 0.0),
            ("86400", 300.0),
            (timedelta(seconds=90), 90.0),
            (timedelta(seconds=-90), 0.0),
            (timedelta(days=1), 300.0),
        ],
    )
    def test_retry_after_in_seconds_and_as_a_date(self, fake_org, transport, waits, asked, waited):
        if isinstance(asked, timedelta):
            asked = format_datetime(fake_org.now + asked, usegmt=True)
        fake_org.mood("GET", "sobjects", status=503, headers={"Retry-After": asked})
        transport.json("GET", PATH)
        assert waits == [waited]

    @pytest.mark.parametrize("asked", ["soon", "", "nan", "Mon, 99 Foo"])
    def test_a_retry_after_that_says_nothing(self, asked):
        assert 0.5 <= Policy().wait(1, {"Retry-After": asked}) <= 1.0

    def test_a_date_without_a_zone_is_utc(self):
        headers = {
            "Retry-After": "Sun, 01 Mar 2026 12:00:10 -0000",
            "Date": "Sun, 01 Mar 2026 12:00:00 GMT",
        }
        assert Policy().wait(1, headers) == 10


class TestOddAnswers:
    @pytest.mark.parametrize("ask", ["json", "describe", "query", "create"])
    def test_a_web_page_instead_of_json(self, fake_org, transport, org, waits, ask):
        page = b"<!DOCTYPE html><html><head><title>We are down\n for maintenance</title>"
        fake_org.mood("GET", ".", times=-1, status=200, body=page)
        fake_org.mood("POST", "jobs", times=-1, status=200, body=page)
        calls = {
            "json": lambda: transport.json("GET", PATH),
            "describe": lambda: org.describe("Account"),
            "query": lambda: list(org.query(SOQL)),
            "create": lambda: org.bulk.create(SOQL),
        }
        with pytest.raises(TransferError, match="'We are down for maintenance', came instead"):
            calls[ask]()
        assert len(waits) == 5  # it may pass

    def test_maintenance_that_passes(self, fake_org, org, waits):
        fake_org.mood("GET", "describe", times=2, status=200, body=b"<html></html>")
        assert org.describe("Account").name == "Account"
        assert len(waits) == 2

    def test_a_connection_that_is_reset(self, fake_org, org, waits):
        fake_org.mood("GET", "describe", times=2, cut=0, then="reset")
        fake_org.mood("GET", "describe", times=1, cut=20, then="reset")
        assert org.describe("Account").name == "Account"
        assert len(waits) == 3

    def test_a_stalled_answer(self, fake_org, impatient, transport, org, waits):
        transport.retries.policy = RetryPolicy(attempts=2)
        fake_org.mood("GET", "describe", times=1, cut=20, then="stall")
        assert org.describe("Account").name == "Account"
        fake_org.mood("GET", "describe", times=2, cut=20, then="stall")
        with pytest.raises(UnreachableError, match="gave no answer after 2 attempts"):
            org.describe("Account")
        assert len(waits) == 2


class TestSecrets:
    TOKEN = "token-1"
    VALUE = "Jane Doe, born 1970"

    def told(self, action):
        """Everything that an error says, its causes included."""
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any, its words matter
            action()
        texts = []
        error = caught.value
        while error is not None:
            texts.append(f"{error!r} {error}")
            error = error.__cause__
        return "\n".join(texts)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
    @pytest.mark.parametrize("form", ["json", "text", "html"])
    def test_what_a_refusal_repeats_is_not_told(self, fake_org, transport, org, status, form):
        echoed = f"header Bearer {self.TOKEN} "
        body = {
            "json": refuse(f"ODD {self.TOKEN}", f"no, by the {echoed}"),
            "text": f"{echoed} {self.VALUE}".encode(),
            "html": f"<html><title>{echoed}</title><p>{self.VALUE}".encode(),
        }[form]
        assert transport.token.access_token == self.TOKEN
        fake_org.mood("GET", "sobjects", times=-1, status=status, body=body)
        text = self.told(lambda: transport.json("GET", PATH))
        assert self.VALUE not in text
        assert fake_org.client_secret not in text
        assert "Bearer token-" not in text

    def test_records_are_not_told(self, fake_org, transport, org, rows):
        broken = [
            lambda body: body[: len(body) // 2],
            lambda body: body.replace(b"name 7", self.VALUE.encode() + b'"'),
            lambda body: b'"Other"\n"' + self.VALUE.encode() + b'"\n',
        ]
        for edit in broken:
            fake_org.mood("GET", "/results", times=6, edit=edit)
            text = self.told(rows)
            assert self.VALUE not in text
            assert "name 1" not in text
        half = b'{"records": [{"Name": "' + self.VALUE.encode() + b'"'
        fake_org.mood("GET", "sobjects", times=-1, status=200, body=half)
        assert self.VALUE not in self.told(lambda: transport.json("GET", PATH))

    def test_a_login_that_is_refused(self, fake_org):
        body = {"error": "invalid_client", "error_description": "s3cret-value is wrong"}
        fake_org.mood("POST", "token", status=400, body=body)
        credentials = Credentials(
            instance_url=fake_org.url, client_id="app", client_secret="s3cret-value"
        )
        with Transport(credentials) as transport:
            text = self.told(lambda: transport.token)
        assert "invalid_client" in text
        assert "s3cret-value" not in text

    @pytest.mark.parametrize("token", ["a b", "a\nb", "\u20ac"])
    def test_a_token_that_no_header_can_carry(self, fake_org, transport, token):
        fake_org.mood("POST", "token", status=200, body={"access_token": token})
        with pytest.raises(LoginRefusedError, match="no request can carry") as caught:
            transport.json("GET", PATH)
        assert token not in str(caught.value)

    def test_a_title_alone_is_repeated_of_a_page(self):
        found = read_refusal(status=502, body=b"<TITLE>Bad  Gateway</TITLE> secret")
        assert (found.code, found.message) == ("HTTP_502", "Bad Gateway")
        assert read_refusal(status=502, body=b"secret").message == "no message"
