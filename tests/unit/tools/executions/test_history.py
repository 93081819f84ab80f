from datetime import UTC, datetime

import pytest

from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions import history

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_an_execution_is_said_with_its_cause(account, stack, stub):
    arn = "arn:aws:states:us-east-1:123456789012:execution:pipeline:e1"
    answer = {"executionArn": arn, "stateMachineArn": stack.state_machine_arn, "startDate": NOW}
    failed = {"status": "FAILED", "error": "UnknownObject", "cause": "not configured: Nope"}
    states = stub("stepfunctions")
    states.add_response("describe_execution", answer | failed, {"executionArn": arn})
    assert history.said_of(account, stack, "e1") == "failed: UnknownObject: not configured: Nope"
    states.add_response("describe_execution", answer | {"status": "TIMED_OUT"})
    assert history.said_of(account, stack, "e1") == "timed out"


def test_a_name_that_no_execution_has_is_refused(account, stack, stub):
    stub("stepfunctions").add_client_error("describe_execution", "ExecutionDoesNotExist")
    with pytest.raises(RequestError, match="no execution 'nope': `lakehouse status --env dev`"):
        history.said_of(account, stack, "nope")


def test_error_and_cause_are_one_line():
    assert history.one_line("ObjectsFailed", "1 of 2:\n  Lead: no") == (
        "ObjectsFailed: 1 of 2: Lead: no"
    )
    assert history.one_line(None, None) is None
