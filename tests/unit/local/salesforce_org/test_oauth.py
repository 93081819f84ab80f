import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(client, **form):
    return requests.post(f"{client.url}/services/oauth2/token", data=form, timeout=10)


def test_client_credentials_by_form(shared):
    meta = shared.org.store.meta
    answer = ask(
        shared,
        grant_type="client_credentials",
        client_id=meta("client_id"),
        client_secret=meta("client_secret"),
    )
    token = answer.json()
    assert answer.status_code == 200
    assert token["token_type"] == "Bearer"
    assert token["instance_url"] == shared.url
    assert token["id"] == f"{shared.url}/id/{shared.org.id}/{shared.org.user_id}"
    assert token["issued_at"].isdecimal()
    assert "expires_in" not in token


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_refusals_are_an_object_not_an_array(shared, form, error):
    answer = ask(shared, **form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_wrong_secret(shared):
    form = {"client_id": shared.org.store.meta("client_id"), "client_secret": "no"}
    answer = ask(shared, grant_type="client_credentials", **form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_jwt_bearer_with_a_registered_key(client):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = {
        "iss": client.org.store.meta("client_id"),
        "sub": client.org.store.meta("username"),
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }

    def assertion(**other):
        return jwt.encode(claims | other, key, algorithm="RS256")

    before = ask(client, grant_type=JWT_BEARER, assertion=assertion())
    assert before.json()["error"] == "invalid_grant"
    client.control("POST", "client", public_key=public.decode())
    granted = ask(client, grant_type=JWT_BEARER, assertion=assertion())
    assert granted.status_code == 200
    for other in ({"sub": "nobody"}, {"aud": "https://x"}, {"exp": int(time.time()) - 1}):
        assert ask(client, grant_type=JWT_BEARER, assertion=assertion(**other)).status_code == 400
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(claims, stranger, algorithm="RS256")
    assert ask(client, grant_type=JWT_BEARER, assertion=forged).json()["error"] == "invalid_grant"


def test_a_revoked_token_ends_with_401_and_a_new_one_works(client):
    assert client.get(f"{client.data}/limits").status_code == 200
    assert client.control("DELETE", "tokens")["revoked"] == 1
    refused = client.get(f"{client.data}/limits")
    assert refused.status_code == 401
    assert refused.json()[0]["errorCode"] == "INVALID_SESSION_ID"
    client.login()
    assert client.get(f"{client.data}/limits").status_code == 200


def test_versions_need_no_token_and_data_does(shared):
    versions = requests.get(f"{shared.url}/services/data", timeout=10)
    assert "62.0" in {each["version"] for each in versions.json()}
    assert requests.get(f"{shared.data}/sobjects", timeout=10).status_code == 401
