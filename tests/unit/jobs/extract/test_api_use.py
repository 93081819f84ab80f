"""What runs take of the org's daily limits, and where they stop."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.unit.jobs.fake_org import stamp

pytestmark = pytest.mark.local_aws


@pytest.fixture
def two(account_lab):
    account_lab.org.add_object("Lead", {"Id": "id", "SystemModstamp": "datetime"})
    account_lab.org.row("Lead")
    account_lab.config["groups"]["sales"] |= {"include": ["Account", "Lead"], "concurrency": 1}
    return account_lab


def test_a_spent_budget_leaves_nothing_half_done(two):
    org = two.org
    org.page_rows = 1
    org.row("Account", Name="Three")
    org.row("Account", Name="Four")
    # Account's job is made and some of its pages are read, then the share is used up.
    org.api_limit = 10
    two.config["api_budget"] = {"daily_share": 0.9}
    outcomes = two.run()
    assert [o["error"] for o in outcomes.values()] == ["BudgetSpentError"] * 2
    assert "of 10 are used up, by everybody" in outcomes["Account"]["message"]
    assert "api_budget.daily_share (0.9)" in outcomes["Account"]["message"]
    assert org.calls("GET", "/results") >= 1
    assert len(org.log) <= 9
    assert org.calls("GET", "Lead/describe") == 0
    assert two.rows("account") == []
    org.api_limit = 15_000
    made = len(org.jobs)
    outcomes = two.run()
    assert {n: o["rows"] for n, o in outcomes.items()} == {"Account": 4, "Lead": 1}
    # Account's load went on with its job and the pages it had.
    assert outcomes["Account"]["resumed"]
    assert len(org.jobs) == made + 1
    assert len(two.rows("account")) == 4


def test_the_limits_are_asked_for_once_and_first(two):
    two.run()
    paths = [path for method, path in two.org.log if method == "GET"]
    assert paths[0] == "/services/data/v62.0/limits/"
    assert two.org.calls("GET", "/limits") == 1


def test_limits_that_are_refused_are_said_once(two, capsys):
    body = [{"errorCode": "FUNCTIONALITY_NOT_ENABLED", "message": "no"}]
    two.org.mood("GET", "/limits", status=403, body=body)
    assert {o["status"] for o in two.run().values()} == {"landed"}
    assert capsys.readouterr().out.count("/limits cannot be read") == 1


def test_a_quarter_of_an_hour_costs_two_calls_an_object(two):
    """The whole job. Five objects here, two hundred in test_pages: nothing else asks the org."""
    org = two.org
    names = ["Account", "Lead", "Third", "Fourth", "Fifth"]
    for name in names[2:]:
        org.add_object(name, {"Id": "id", "SystemModstamp": "datetime"})
        org.row(name)
    two.config["groups"]["sales"]["include"] = names
    two.run()
    org.now += timedelta(minutes=15)
    org.row("Lead", SystemModstamp=stamp(org.now - timedelta(minutes=5)))
    org.log.clear()
    outcomes = two.run()
    assert {n: o["rows"] for n, o in outcomes.items() if o["rows"]} == {"Lead": 1}
    assert {o["requests"] for o in outcomes.values()} == {2}
    assert {o["api"] for o in outcomes.values()} == {"rest"}
    calls = Counter(f"{method} {path.split('?')[0]}" for method, path in org.log)
    assert calls == {
        "POST /services/oauth2/token": 1,
        "GET /services/data/v62.0/limits/": 1,
        "GET /services/data/v62.0/queryAll/": 5,
        **{f"GET /services/data/v62.0/sobjects/{name}/describe": 1 for name in names},
    }
