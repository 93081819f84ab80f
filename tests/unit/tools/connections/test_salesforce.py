import json

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.salesforce import RetryPolicy
from lakehouse_tools import secret
from lakehouse_tools.checks import Secrets, as_json
from lakehouse_tools.connections import salesforce
from tests.unit.jobs.fake_org import serving
from tests.unit.tools.discover.conftest import CONTACT, PLAIN, WholeHandler, WholeOrg

PLANTED = "pl4nted&secret/of=the+org"


@pytest.fixture
def org(monkeypatch):
    """Two objects, and credentials that must show nowhere."""
    monkeypatch.setattr(RetryPolicy, "wait", lambda *_: 0.0)
    org = WholeOrg()
    with serving(org, WholeHandler):
        org.client_secret = PLANTED
        org.add("Account", PLAIN)
        org.add("Contact", CONTACT)
        yield org


@pytest.fixture
def look(account, stack, org, monkeypatch, capfd, caplog):
    """The checks of the org by name; nothing that they say holds a secret."""

    def run(config=None, **credentials):
        text = json.dumps(config or {"groups": {"all": {"include": ["Account", "Contact"]}}})
        filled = {**org.secret, **credentials}
        monkeypatch.setattr(secret, "read", lambda *_: json.dumps(filled))
        monkeypatch.setattr(
            salesforce, "deployed_config", lambda *_: ObjectsConfig.from_text(text, where="test")
        )
        found = list(salesforce.check(account, stack, Secrets()))
        told = as_json(account, found) + "".join(capfd.readouterr()) + caplog.text
        for hidden in (PLANTED, "pl4nted", "token-", *credentials.values()):
            assert hidden not in told
        return {c.name: c for c in found}

    return run


def test_everything_in_order(look, org):
    found = look()
    assert list(found) == ["login", "API limits", "objects", "Account", "Contact"]
    assert all(c.passed for c in found.values())
    assert org.org_id in found["login"].text
    assert "DailyApiRequests" in found["API limits"].text
    assert found["Contact"].text == "9 fields can be read"
    # Nothing was changed in the org: the only POST is the login.
    assert {p for m, p in org.log if m != "GET"} == {"/services/oauth2/token"}


def test_a_wrong_secret_ends_it_with_the_login(look, org):
    found = look(client_secret="an0ther-planted-secret")
    assert list(found) == ["login"]
    assert found["login"].passed is False
    assert "refused the login: invalid_client" in found["login"].text


def test_an_answer_that_repeats_secret_and_token_is_told_without_them(look, org):
    encoded = "pl4nted%26secret%2Fof%3Dthe%2Borg"
    body = [{"errorCode": "ODD", "message": f"{PLANTED} token-1 Bearer token-1 {encoded}"}]
    org.mood("GET", "/limits/?$", times=2, status=500, body=body)
    org.mood("GET", "/Contact/describe$", times=1, status=400, body=body)
    found = look()
    assert found["API limits"].passed is False
    assert found["Contact"].passed is False
    assert "ODD: ***" in found["Contact"].text
    assert found["Account"].passed  # the others go on


def test_a_token_that_was_revoked_is_renewed_once_and_then_said(look, org):
    gone = [{"errorCode": "INVALID_SESSION_ID", "message": "token-1 token-2 expired"}]
    org.mood("GET", "/limits/?$", times=2, status=401, body=gone)
    found = look()
    assert found["API limits"].passed is False
    assert "INVALID_SESSION_ID" in found["API limits"].text


def test_a_login_that_repeats_the_secret_is_told_without_it(look, org):
    echo = {"error": "invalid_grant", "error_description": f"client_secret={PLANTED}"}
    org.mood("POST", "/services/oauth2/token", times=1, status=400, body=echo)
    found = look()
    assert "invalid_grant" in found["login"].text


@pytest.mark.parametrize("connections", [["in-the-vpc"], []])
def test_a_machine_outside_of_the_login_ranges_says_nothing_of_a_job_in_a_vpc(
    look, org, stub, connections
):
    refused = {"error": "invalid_grant", "error_description": "ip restricted"}
    org.mood("POST", "/services/oauth2/token", times=1, status=400, body=refused)
    job = {"Job": {"Connections": {"Connections": connections}} if connections else {}}
    stub("glue").add_response("get_job", job, {"JobName": "extract"})
    found = look()
    assert list(found) == ["login"]
    assert found["login"].passed is (None if connections else False)
    assert "the login IP ranges of the user's profile" in found["login"].text
    assert ("NAT gateway" in (found["login"].remedy or "")) == bool(connections)


def test_an_object_that_the_user_cannot_see(look, org):
    config = {"groups": {"all": {"include": ["Account", "Gone__c", "Con*"]}}}
    found = look(config)
    assert found["Gone__c"].passed is False
    assert "lakehouse discover" in found["Gone__c"].remedy
    assert found["Contact"].passed  # by its pattern


def raw_table(stub, batch=None):
    """What the catalog answers of Contact; without a batch there is no table."""
    name = {"DatabaseName": "lakehouse_dev_raw", "Name": "contact"}
    if batch is None:
        stub("glue").add_client_error("get_table", "EntityNotFoundException", expected_params=name)
    else:
        table = {"Name": "contact", "Parameters": {"lakehouse.batch": batch}}
        stub("glue").add_response("get_table", {"Table": table}, name)


@pytest.mark.parametrize("batch", [None, "0"])
def test_a_field_that_a_rule_names_and_the_user_cannot_see(look, org, stub, batch):
    raw_table(stub, batch)
    rules = {"exclude": ["Salary__c"], "hash": ["Email"]}
    config = {
        "defaults": {"fields": {"exclude": ["Nowhere__c"]}},
        "groups": {"all": {"include": ["Account", "Contact"]}},
        "objects": {"Contact": {"fields": rules}},
    }
    found = look(config)
    assert found["Contact"].passed is False
    assert "salary__c" in found["Contact"].text
    assert "email" not in found["Contact"].text
    assert found["Account"].passed  # a default need not fit each object


@pytest.mark.parametrize("rule", ["exclude", "hash"])
def test_a_rule_for_a_field_that_went_away_fails_nothing_once_there_are_rows(look, org, stub, rule):
    raw_table(stub, batch="7")
    found = look(
        {
            "groups": {"all": {"include": ["Contact"]}},
            "objects": {"Contact": {"fields": {rule: ["Salary__c"]}}},
        }
    )
    assert found["Contact"].passed is None
    assert "9 fields can be read; the rules name salary__c" in found["Contact"].text
    assert "new fields of the object wait" in found["Contact"].remedy


def test_an_accepted_field_that_is_not_there_is_worth_saying(look, org):
    found = look(
        {
            "groups": {"all": {"include": ["Contact"]}},
            "objects": {"Contact": {"fields": {"accept": ["Salary__c"]}}},
        }
    )
    assert found["Contact"].passed is None
    assert "salary__c" in found["Contact"].text


def test_a_field_that_is_hidden_is_worth_saying(look, org):
    org.permitted["Contact"].append("Salary__c")
    found = look()
    assert found["Contact"].passed is None
    assert "1 more hidden from this user: Salary__c" in found["Contact"].text


def test_limits_that_are_used_up(look, org):
    org.daily_used["DailyBulkV2QueryJobs"] = 9_000
    found = look()
    assert found["API limits"].passed is False
    assert "1,000 of 10,000 left; runs stop at 80% used" in found["API limits"].text
