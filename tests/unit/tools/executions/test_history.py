import json
from datetime import UTC, datetime

import pytest
from botocore.response import StreamingBody

from lakehouse_tools.errors import RequestError
from lakehouse_tools.executions import history
from lakehouse_tools.executions.history import PastExecution

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def past(name, status="SUCCEEDED"):
    return PastExecution(arn=f"arn:{name}", name=name, status=status, started=NOW, stopped=NOW)


def outcome(name, status, message=None):
    return {"object": name, "status": status, "message": message}


class Lake:
    """S3 and Glue of one small lake, behind the clients' own interface."""

    def __init__(self, stub):
        self.s3, self.glue = stub("s3"), stub("glue")

    def body(self, value):
        import io

        data = json.dumps(value).encode()
        return {"Body": StreamingBody(io.BytesIO(data), len(data))}

    def run(self, name, *outcomes):
        keys = [f"runs/{name}/{o['object']}.json" for o in outcomes]
        listed = [{"Key": key} for key in [*keys, f"runs/{name}/_sales.json"]]
        self.s3.add_response("list_objects_v2", {"Contents": listed} if outcomes else {})
        for found in sorted(outcomes, key=lambda o: o["object"]):
            self.s3.add_response("get_object", self.body(found))

    def table(self, name, metadata):
        table = {"Name": name, "Parameters": {"metadata_location": f"s3://lake/raw/{name}/m.json"}}
        self.glue.add_response("get_tables", {"TableList": [table]})
        self.s3.add_response(
            "get_object", self.body(metadata), {"Bucket": "lake", "Key": f"raw/{name}/m.json"}
        )


@pytest.fixture
def lake(stub):
    return Lake(stub)


def test_an_object_stands_where_table_and_last_outcome_say(account, stack, lake):
    lake.run("e2", outcome("Account", "failed", "no"), outcome("Lead", "failed", "never"))
    lake.run("e1", outcome("Account", "landed"))
    lake.table(
        "account",
        {
            "current-snapshot-id": 7,
            "snapshots": [
                {"snapshot-id": 6, "summary": {"total-records": "1"}},
                {"snapshot-id": 7, "summary": {"total-records": "1234"}},
            ],
            "properties": {"lakehouse.watermark": "2026-01-31T23:00:00Z"},
        },
    )
    account_state, lead = history.object_states(account, stack, [past("e2"), past("e1")])
    assert (account_state.name, account_state.rows) == ("Account", 1234)
    assert account_state.behind(NOW) == 3600.0
    assert (account_state.last_execution, account_state.last_status) == ("e2", "failed")
    assert (lead.name, lead.rows, lead.watermark) == ("Lead", None, None)
    assert lead.last_message == "never"


def test_a_table_without_outcome_is_named_by_its_property(account, stack, lake):
    lake.table("opportunity", {"properties": {"lakehouse.object": "Opportunity"}})
    (state,) = history.object_states(account, stack, [])
    assert (state.name, state.rows, state.last_status) == ("Opportunity", 0, None)


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
