"""A body that hardly comes is given up; a page's turn ends with its body."""

import io
from types import SimpleNamespace

import pytest
import requests
import urllib3

from lakehouse_jobs.errors import TransferError
from lakehouse_jobs.salesforce import Credentials, Transport
from lakehouse_jobs.salesforce.body import Body, Floor
from lakehouse_jobs.salesforce.budget import Budget

LIMITS = "/services/data/v62.0/limits"


class Slow(io.RawIOBase):
    """A connection on which so many bytes come in so many seconds."""

    def __init__(self, *, size, seconds, times):
        self.size, self.seconds, self.left = size, seconds, times
        self.now = 0.0

    def readable(self):
        return True

    def read1(self, size=-1):
        self.now += self.seconds
        if not self.left:
            return b""
        self.left -= 1
        return b"x" * self.size


def body(slow):
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(body=slow, preload_content=False)
    return Body(response, floor=Floor(bytes=1000, seconds=300), clock=lambda: slow.now)


def test_a_body_that_drips_is_given_up():
    slow = Slow(size=1, seconds=100, times=1000)
    with pytest.raises(TransferError, match="only 3 bytes in 300 seconds"):
        body(slow).read()


def test_a_body_that_begins_well_and_drips_then_is_given_up():
    slow = Slow(size=5000, seconds=100, times=1000)
    found = body(slow)
    assert len(found.read(40_000)) == 40_000
    slow.size = 1
    with pytest.raises(TransferError, match="bytes in 300 seconds"):
        found.read()


def test_a_slow_body_is_read_to_its_end():
    assert len(body(Slow(size=400, seconds=100, times=50)).read()) == 20_000


def test_time_spent_between_reads_does_not_count():
    slow = Slow(size=1, seconds=1, times=5)
    found = body(slow)
    for _ in range(5):
        assert found.read(1) == b"x"
        slow.now += 1000
    assert found.read() == b""


def test_a_page_that_is_worked_on_stops_no_other_request(fake_org):
    credentials = Credentials(
        instance_url=fake_org.url, client_id="app", client_secret=fake_org.client_secret
    )
    budget = Budget(long_requests=1)
    free = SimpleNamespace(before=None, after=None)

    def reader(found):
        free.before = budget._long.acquire(blocking=False)
        found.read()
        free.after = budget._long.acquire(blocking=False)
        budget._long.release()

    with Transport(credentials, budget=budget) as transport:
        transport.read(LIMITS, reader)
    assert (free.before, free.after) == (False, True)
    assert budget._long.acquire(blocking=False)
