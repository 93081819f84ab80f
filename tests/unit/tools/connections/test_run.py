import io

import pytest

from lakehouse_jobs.contract.runs import TEMPORARY_PREFIX
from lakehouse_tools import athena, connections, secret
from lakehouse_tools.checks import Check
from lakehouse_tools.cli.connections import command
from lakehouse_tools.connections import dbt, salesforce, services
from lakehouse_tools.errors import QueryError, SecretError

KEY = "arn:aws:kms:us-east-1:123456789012:key/k1"


@pytest.fixture
def answers(account, stack, stub, monkeypatch):
    """The checks by name, against services that answer; ``key_state`` of the lake's key."""
    monkeypatch.setattr(athena, "query", lambda *_: None)
    monkeypatch.setattr(secret, "require_filled", lambda *_: "https://acme")
    monkeypatch.setattr(services, "uuid4", lambda: "one")
    monkeypatch.setattr(dbt, "debug", lambda *_: "debugged")
    monkeypatch.setattr(
        salesforce, "check", lambda *_: [Check(name="login", passed=True, text="in")]
    )

    def run(key_state="Enabled", got=None, **options):
        key = f"{TEMPORARY_PREFIX}connections/one"
        name = {"Bucket": "lake", "Key": key}
        body = key.encode()
        stub("s3").add_response("put_object", {}, {**name, "Body": body})
        stub("s3").add_response("get_object", {"Body": io.BytesIO(got or body)}, name)
        stub("s3").add_response("delete_object", {}, name)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        stub("s3").add_response(
            "get_bucket_encryption",
            {"ServerSideEncryptionConfiguration": rules},
            {"Bucket": "lake"},
        )
        metadata = {"KeyMetadata": {"KeyId": "k1", "KeyState": key_state}}
        stub("kms").add_response("describe_key", metadata, {"KeyId": KEY})
        for layer in ("raw", "staging", "intermediate", "marts"):
            name = f"lakehouse_dev_{layer}"
            stub("glue").add_response("get_database", {"Database": {"Name": name}}, {"Name": name})
        return {c.name: c for c in connections.check_all(account, stack, **options)}

    return run


def test_each_connection_is_tried(answers):
    found = answers()
    assert all(check.passed for check in found.values())
    assert list(found) == ["S3", "KMS", "catalog", "Athena", "secret", "login", "dbt"]


def test_one_that_fails_does_not_stop_the_others(answers, monkeypatch):
    def refuse(*_):
        raise QueryError("query refused:\n no")

    def unfilled(*_):
        raise SecretError("not filled")

    monkeypatch.setattr(athena, "query", refuse)
    monkeypatch.setattr(secret, "require_filled", unfilled)
    found = answers()
    assert found["Athena"].text == "query refused: no"
    assert [c.name for c in found.values() if not c.passed] == ["Athena", "secret"]


def test_an_object_that_comes_back_changed_is_deleted_all_the_same(answers):
    found = answers(got=b"<html>proxy</html>")
    assert found["S3"].passed is False
    assert "proxy" in found["S3"].remedy


def test_a_key_that_waits_for_its_end(answers):
    found = answers(key_state="PendingDeletion")
    assert found["KMS"].passed is False
    assert "cancel-key-deletion" in found["KMS"].remedy


def test_what_is_to_be_left_out(answers):
    found = answers(skip=("dbt", "salesforce"))
    assert list(found) == ["S3", "KMS", "catalog", "Athena", "secret"]


def test_dbt_that_is_not_here_is_said(account, stack, monkeypatch, tmp_path):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    monkeypatch.setattr(salesforce, "check", lambda *_: [])
    skip = ("s3", "kms", "catalog", "athena", "secret")
    (check,) = connections.check_all(account, stack, skip=skip)
    assert (check.passed, check.name) == (None, "dbt")
    assert "`lakehouse setup`" in (check.remedy or "")


def test_dbt_gets_the_settings_of_the_build_and_its_reason_is_told(
    account, stack, stub, monkeypatch, tmp_path
):
    """A program that takes dbt's place says what it was given."""
    program = tmp_path / "runtimes" / "dbt" / "bin" / "dbt"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "Database Error $LAKE_BUCKET $DBT_TARGET_PATH"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    monkeypatch.setattr(dbt, "find_project", lambda: tmp_path)
    (tmp_path / "dbt_project").mkdir()
    monkeypatch.setattr(salesforce, "check", lambda *_: [])
    variables = [{"name": "LAKE_BUCKET", "value": "lake"}]
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "i",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": variables,
    }
    stub("codebuild").add_response(
        "batch_get_projects", {"projects": [{"environment": environment}]}, {"names": ["dbt"]}
    )
    skip = ("s3", "kms", "catalog", "athena", "secret")
    (check,) = connections.check_all(account, stack, skip=skip)
    assert check.passed is False
    assert "exit status 1: Database Error lake " in check.text
    assert str(tmp_path) not in check.text  # what dbt writes goes to a temporary folder
    assert "--skip dbt" in (check.remedy or "")


def test_the_command_lets_each_kind_be_skipped():
    (option,) = [p for p in command.params if p.name == "skip"]
    assert option.type.to_info_dict()["choices"] == connections.KINDS
