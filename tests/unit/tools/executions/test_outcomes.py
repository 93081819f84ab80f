import json

import boto3
import pytest
from moto import mock_aws

from lakehouse_tools.executions.outcomes import build_outcome, object_outcomes


@pytest.fixture
def bucket(account, monkeypatch, stack):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=stack.lake_bucket_name)
        account._clients["s3"] = client
        yield lambda key, value: client.put_object(
            Bucket=stack.lake_bucket_name, Key=key, Body=json.dumps(value)
        )


def test_summaries_are_no_objects(account, stack, bucket):
    bucket("runs/e1/Lead.json", {"object": "Lead"})
    bucket("runs/e1/Account.json", {"object": "Account"})
    bucket("runs/e1/_sales.json", {"group": "sales"})
    bucket("runs/e1/_dbt.json", {"status": "succeeded"})
    bucket("runs/e10/Task.json", {"object": "Task"})
    assert [o["object"] for o in object_outcomes(account, stack, "e1")] == ["Account", "Lead"]
    assert build_outcome(account, stack, "e1") == {"status": "succeeded"}


def test_a_run_without_build_has_no_build_outcome(account, stack, bucket):
    assert build_outcome(account, stack, "e1") is None
    assert object_outcomes(account, stack, "e1") == []
