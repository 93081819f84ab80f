import json

import pytest

from lakehouse_jobs import errors as job_errors
from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY
from lakehouse_tools import secret
from lakehouse_tools.errors import SecretError

FILLED = {"instance_url": "https://acme.my.salesforce.com", "client_id": "id", "client_secret": "s"}


def holds(stub, stack, text):
    stub("secretsmanager").add_response(
        "get_secret_value", {"SecretString": text}, {"SecretId": stack.salesforce_secret_arn}
    )


def test_a_filled_secret_tells_its_org(account, stub, stack):
    holds(stub, stack, json.dumps(FILLED))
    assert secret.require_filled(account, stack) == FILLED["instance_url"]


@pytest.mark.parametrize("values", [PLACEHOLDER, {**PLACEHOLDER, UNFILLED_KEY: "generated"}])
def test_the_placeholder_counts_as_unfilled(account, stub, stack, values):
    holds(stub, stack, json.dumps(values))
    with pytest.raises(SecretError, match=r"not filled.*`lakehouse secret set --env dev`"):
        secret.require_filled(account, stack)


def test_put_replaces_the_whole_value(account, stub, stack):
    stub("secretsmanager").add_response(
        "put_secret_value",
        {},
        {"SecretId": stack.salesforce_secret_arn, "SecretString": json.dumps(FILLED)},
    )
    secret.put(account, stack, FILLED)


def test_parse_takes_both_forms():
    jwt = {"instance_url": "https://a.example", "client_id": "c", "username": "u"}
    jwt["private_key"] = "-----BEGIN PRIVATE KEY-----\n…"
    assert secret.parse(json.dumps(FILLED), where="in f") == FILLED
    assert secret.parse(json.dumps(jwt), where="in f") == jwt


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        '["hunter2"]',
        json.dumps({**FILLED, "passwort": "hunter2"}),
        json.dumps({**FILLED, "client_secret": ["hunter2"]}),
    ],
)
def test_what_is_no_secret_is_refused_without_showing_a_value(text):
    with pytest.raises(job_errors.SecretError, match=r"in x\.json") as caught:
        secret.parse(text, where="in x.json")
    assert "hunter2" not in str(caught.value)


def test_plain_http_is_for_this_machine_only():
    with pytest.raises(job_errors.SecretError, match="http://acme"):
        secret.parse(json.dumps({**FILLED, "instance_url": "http://acme.example"}), where="f")
