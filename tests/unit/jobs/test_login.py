"""The secret and what a login makes of it."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY
from lakehouse_jobs.errors import AddressRefusedError, SecretError, SecretUnfilledError
from lakehouse_jobs.salesforce import Credentials, Transport, read_secret
from lakehouse_jobs.salesforce.answers import Refusal
from lakehouse_jobs.salesforce.login import long_id, read_token, refusal

FILLED = {"instance_url": "https://acme.my.salesforce.com", "client_id": "a", "client_secret": "b"}


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_client_credentials():
    found = read_secret(json.dumps(FILLED), name="s")
    assert found.instance_url == "https://acme.my.salesforce.com"
    assert "'b'" not in repr(found)


def test_jwt_bearer_signs_what_salesforce_wants(fake_org, private_key):
    secret = {
        "instance_url": fake_org.url,
        "client_id": "app",
        "username": "me@example.com",
        "private_key": pem(private_key),
    }
    with Transport(read_secret(json.dumps(secret), name="s")) as transport:
        assert transport.token.access_token == "token-1"
        assert transport.token.instance_url == fake_org.url
    form = fake_org.token_forms[0]
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(
        form["assertion"],
        private_key.public_key(),
        algorithms=["RS256"],
        audience="https://login.salesforce.com",
    )
    assert (claims["iss"], claims["sub"]) == ("app", "me@example.com")


def test_a_refused_jwt_names_what_its_app_needs_beside_the_credentials():
    found = Refusal(
        status=400,
        code="invalid_request",
        message="refresh_token scope is required and the connected app should be installed and"
        " preauthorized",
    )
    jwt_user = Credentials(
        instance_url="http://127.0.0.1:9", client_id="a", username="u", private_key="k"
    )
    secret = Credentials(instance_url="http://127.0.0.1:9", client_id="a", client_secret="s")

    told = str(refusal(found, credentials=jwt_user))
    assert "the scopes api and refresh_token" in told
    assert "client credentials flow" not in told
    assert "client credentials flow" in str(refusal(found, credentials=secret))


def test_an_address_outside_of_the_login_ranges_is_no_matter_of_credentials():
    found = Refusal(status=400, code="invalid_grant", message="ip restricted")
    credentials = Credentials(instance_url="http://127.0.0.1:9", client_id="a", client_secret="s")

    told = refusal(found, credentials=credentials)

    assert isinstance(told, AddressRefusedError)
    assert "login IP ranges" in str(told)
    assert "client credentials flow" not in str(told)


def test_a_key_that_is_none_is_told():
    credentials = Credentials(
        instance_url="http://127.0.0.1:9", client_id="a", username="u", private_key="no key"
    )
    with Transport(credentials) as transport, pytest.raises(SecretError, match="private_key"):
        transport.json("GET", "/")


@pytest.mark.parametrize("text", [json.dumps(PLACEHOLDER), json.dumps({UNFILLED_KEY: "x"})])
def test_an_unfilled_secret_has_its_own_error(text):
    with pytest.raises(SecretUnfilledError, match="secret s is not filled yet"):
        read_secret(text, name="s")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
        (json.dumps(FILLED | {"more": "x"}), "got the keys client_id"),
        (json.dumps(FILLED | {"client_secret": " "}), "client_secret is empty"),
        (json.dumps(FILLED | {"instance_url": "http://acme.my.salesforce.com"}), "plain http only"),
        (json.dumps(FILLED | {"instance_url": "acme.my.salesforce.com"}), "instance_url: got"),
        (json.dumps(FILLED | {"instance_url": "https://acme.com/path"}), "instance_url: got"),
    ],
)
def test_a_secret_that_cannot_be_used_says_why(text, words):
    with pytest.raises(SecretError, match=words):
        read_secret(text, name="s")


def test_http_is_for_this_machine_only():
    secret = FILLED | {"instance_url": "http://localhost:8080/"}
    found = read_secret(json.dumps(secret), name="s")
    assert (found.instance_url, found.is_loopback) == ("http://localhost:8080", True)


def test_general_login_hosts_say_where_the_api_is():
    answer = {
        "access_token": "t",
        "instance_url": "https://acme.my.salesforce.com",
        "id": "https://login.salesforce.com/id/00D50000000IZ3Z/005",
    }
    general = Credentials(instance_url="https://login.salesforce.com", client_id="a")
    token = read_token(answer, general)
    assert token.instance_url == "https://acme.my.salesforce.com"
    assert token.org_id == "00D50000000IZ3ZEAW"


def test_long_ids():
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert long_id("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"
