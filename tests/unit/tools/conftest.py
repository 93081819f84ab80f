"""Environments whose AWS clients are real boto3 over answers that a test gives."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

STACK = Stack(
    lake_bucket_name="lake",
    state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:pipeline",
    salesforce_secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:salesforce-AbCdEf",
    extract_job_name="extract",
    dbt_project_name="dbt",
    raw_database="lakehouse_dev_raw",
    staging_database="lakehouse_dev_staging",
    intermediate_database="lakehouse_dev_intermediate",
    marts_database="lakehouse_dev_marts",
    athena_work_group_name="lakehouse-dev",
    alert_topic_arn="arn:aws:sns:us-east-1:123456789012:alerts",
)


@pytest.fixture
def stack() -> Stack:
    return STACK


@pytest.fixture
def account() -> Environment:
    return Environment("dev")


@pytest.fixture
def stub(account: Environment) -> Iterator[Callable[[str], Stubber]]:
    """Stubs a service of ``account``; each expected call has to be made."""
    stubs: dict[str, Stubber] = {}

    def one(service: str) -> Stubber:
        if service not in stubs:
            account._clients[service] = client(service)
            stubs[service] = Stubber(account._clients[service])
            stubs[service].activate()
        return stubs[service]

    yield one
    for stubber in stubs.values():
        stubber.assert_no_pending_responses()


def client(service: str) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
