"""The org's clock: wrong Date headers do not move it ahead."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse_jobs.salesforce.org_clock import OrgClock, issued_at

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = "/services/data/v62.0/limits"
DAY = timedelta(days=1)


class Org:
    """An org whose clock, and ours, advance together."""

    def __init__(self):
        self.passed = 0.0
        self.clock = OrgClock(lambda: self.passed)

    def answer(self, wrong=timedelta(0), after=60):
        self.passed += after
        right = START + timedelta(seconds=int(self.passed))
        self.clock.told(right + wrong)
        return self.clock.now - right


@pytest.mark.parametrize("wrong", [DAY, timedelta(minutes=6)])
@pytest.mark.parametrize("before", [1, 2, 20])
def test_one_answer_far_ahead_is_not_believed(before, wrong, capsys):
    org = Org()
    for _ in range(before):
        assert org.answer() == timedelta(0)
    assert org.answer(wrong) == timedelta(0)
    assert "the later time is not used" in capsys.readouterr().out
    assert org.answer() == timedelta(0)


def test_a_first_answer_far_ahead_is_forgotten_with_the_second():
    org = Org()
    assert org.answer(DAY) == DAY
    assert org.answer() == timedelta(0)


def test_an_answer_behind_is_believed_but_does_not_stay():
    org = Org()
    org.answer()
    org.answer()
    assert org.answer(-DAY) == -DAY
    assert org.answer() == timedelta(0)


def test_hours_pass_and_clocks_step_a_little():
    org = Org()
    for step in (0, 120, -60, 240, 0):
        wrong = timedelta(seconds=step)
        assert org.answer(wrong, after=7200) == wrong


def test_a_clock_that_was_set_ahead_is_believed_in_the_end():
    org = Org()
    org.answer()
    assert [org.answer(DAY) for _ in range(12)][-1] == DAY


def test_a_login_whose_date_is_ahead_of_its_own_time_is_told(fake_org, transport, capsys):
    def issued(ahead):
        moment = str(int((fake_org.now - ahead).timestamp() * 1000))
        return lambda body: json.dumps(
            json.loads(json.dumps(body)) | {"issued_at": moment}
        ).encode()

    fake_org.mood("POST", "oauth2/token", edit=issued(timedelta(seconds=2)))
    assert transport.json("GET", LIMITS)
    assert "issued_at" not in capsys.readouterr().out
    fake_org.valid.clear()  # the session ended: a new login
    fake_org.mood("POST", "oauth2/token", edit=issued(DAY))
    assert transport.json("GET", LIMITS)
    told = "says 2026-03-01T12:00:00Z, its issued_at 2026-02-28T12:00:00Z"
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("value", [None, 5, "", "soon", "9" * 30])
def test_a_token_may_tell_no_time(value):
    assert issued_at(value) is None
