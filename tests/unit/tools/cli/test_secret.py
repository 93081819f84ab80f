import json

import pytest
from click.testing import CliRunner

from lakehouse_tools import secret
from lakehouse_tools.cli import cli

FILLED = {"instance_url": "https://acme.my.salesforce.com", "client_id": "id", "client_secret": "s"}


@pytest.fixture
def stored(monkeypatch, stack):
    found: list[dict] = []
    monkeypatch.setattr("lakehouse_tools.stack.read_stack", lambda _: stack)
    monkeypatch.setattr(secret, "put", lambda _environment, _stack, values: found.append(values))
    return found


def invoke(*arguments, given=""):
    return CliRunner().invoke(cli, ["secret", "set", "--env", "dev", *arguments], input=given)


def test_asks_without_showing_the_secret(stored):
    result = invoke(given="https://acme.my.salesforce.com/\nid\nhunter2\n")
    assert result.exit_code == 0, result.output
    assert stored == [{**FILLED, "client_secret": "hunter2"}]
    assert "hunter2" not in result.output
    assert "`lakehouse connections --env dev`" in result.output


def test_jwt_takes_the_key_from_a_file(stored, tmp_path):
    key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"
    (tmp_path / "key.pem").write_text(key)
    result = invoke(
        "--jwt", given=f"https://acme.my.salesforce.com\nid\nme@acme\n{tmp_path}/key.pem\n"
    )
    assert result.exit_code == 0, result.output
    assert stored[0]["private_key"] == key
    assert stored[0]["username"] == "me@acme"


def test_reads_json_from_standard_input(stored):
    assert invoke("--from-file", "-", given=json.dumps(FILLED)).exit_code == 0
    assert stored == [FILLED]


def test_what_cannot_be_used_is_not_stored(stored, tmp_path):
    missing = str(tmp_path / "none.json")
    for arguments, given, words in (
        (("--from-file", missing), "", missing),
        (("--from-file", "-"), "{", "not valid JSON"),
        (("--from-file", "-"), '{"client_id": "x"}', "from standard input"),
        ((), "https://acme.my.salesforce.com/some/path\nid\nhunter2\n", "instance_url"),
    ):
        result = invoke(*arguments, given=given)
        assert result.exit_code in (1, 2)
        assert words in result.stderr
        assert "hunter2" not in result.output
    assert stored == []
