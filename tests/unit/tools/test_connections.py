import pytest

from lakehouse_tools import athena, connections, secret
from lakehouse_tools.errors import QueryError, SecretError


@pytest.fixture
def checks(account, stack, stub, monkeypatch):
    """The checks by name, against a bucket and a catalog that answer."""
    monkeypatch.setattr(athena, "query", lambda *_: None)
    monkeypatch.setattr(secret, "require_filled", lambda *_: "https://acme")
    monkeypatch.setattr(connections, "_salesforce", lambda *_: "signed in")

    def run():
        stub("s3").add_response("head_bucket", {}, {"Bucket": "lake"})
        for layer in ("raw", "staging", "intermediate", "marts"):
            name = f"lakehouse_dev_{layer}"
            answer = {"Database": {"Name": name}}
            stub("glue").add_response("get_database", answer, {"Name": name})
        return {c.name: c for c in connections.check_all(account, stack)}

    return run


def test_each_connection_is_tried(checks):
    found = checks()
    assert all(check.passed for check in found.values())
    assert list(found) == ["S3", "catalog", "Athena", "secret", "Salesforce"]


def test_one_that_fails_does_not_stop_the_others(checks, monkeypatch):
    def refuse(*_):
        raise QueryError("query refused:\n no")

    def unfilled(*_):
        raise SecretError("not filled")

    monkeypatch.setattr(athena, "query", refuse)
    monkeypatch.setattr(secret, "require_filled", unfilled)
    found = checks()
    assert found["Athena"].text == "query refused: no"
    assert [c.name for c in found.values() if not c.passed] == ["Athena", "secret"]
