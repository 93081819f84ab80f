import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.response import StreamingBody

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.executions import states
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.states import ObjectState, Told

NOW = datetime(2026, 2, 1, tzinfo=UTC)
CONFIG = ObjectsConfig.from_text(
    json.dumps(
        {
            "groups": {"sales": {"include": ["Account", "Custom_*"]}},
            "objects": {"Account": {"stale_after_minutes": 90}},
        }
    ),
    where="test",
)


def past(name, status="SUCCEEDED"):
    return PastExecution(arn=f"arn:{name}", name=name, status=status, started=NOW, stopped=NOW)


def outcome(name, status, **more):
    return {**blank_outcome("sales", name), "status": status, **more}


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
        side = {"Name": "_runs", "Parameters": {"metadata_location": "s3://lake/raw/_runs/m"}}
        self.glue.add_response("get_tables", {"TableList": [side, table]})
        self.s3.add_response(
            "get_object", self.body(metadata), {"Bucket": "lake", "Key": f"raw/{name}/m.json"}
        )


@pytest.fixture
def lake(stub):
    return Lake(stub)


def test_an_object_stands_where_table_and_outcomes_say(account, stack, lake):
    lake.run(
        "e2",
        outcome("Account", "failed", message="no", rejected=1),
        outcome("Lead", "failed", message="never"),
    )
    lake.run("e1", outcome("Account", "landed", rejected=2))
    lake.table(
        "account",
        {
            "current-snapshot-id": 7,
            "snapshots": [
                {"snapshot-id": 6, "summary": {"total-records": "1"}},
                {"snapshot-id": 7, "summary": {"total-records": "1234"}},
            ],
            "properties": {
                "lakehouse.watermark": "2026-01-31T23:00:00Z",
                "lakehouse.unfilled": '{"tier__c": 12, "new__c": null}',
            },
        },
    )
    found = states.object_states(account, stack, [past("e2"), past("e1")], CONFIG)
    one, lead = found
    assert (one.name, one.rows, one.limit_minutes) == ("Account", 1234, 90)
    assert one.behind(NOW) == 3600.0
    assert [t.execution for t in one.told] == ["e2", "e1"]
    assert one.last
    assert one.last_read
    assert (one.last["status"], one.last_read["status"]) == ("failed", "landed")
    assert one.rejected == 3
    assert one.unfilled == {"tier__c": 12, "new__c": None}
    assert (lead.name, lead.rows, lead.watermark, lead.limit_minutes) == ("Lead", None, None, None)
    assert lead.last
    assert lead.last["message"] == "never"


def test_an_outcome_of_an_older_job_has_every_key(account, stack, lake):
    lake.run("e1", {"object": "Account", "status": "landed", "message": None})
    lake.glue.add_response("get_tables", {"TableList": []})
    (state,) = states.object_states(account, stack, [past("e1")], CONFIG)
    assert state.last
    assert state.last["blocked"] == []


def test_a_table_without_outcome_is_named_by_its_property(account, stack, lake):
    lake.table("custom_x__c", {"properties": {"lakehouse.object": "Custom_X__c"}})
    one, other = states.object_states(account, stack, [], CONFIG)
    assert (one.name, one.rows) == ("Account", None)  # configured by name, never read
    assert (other.name, other.rows, other.last) == ("Custom_X__c", 0, None)
    assert other.limit_minutes == 1_500


def state(**more):
    return ObjectState(**{"name": "Account", "rows": 1, "watermark": None, **more})


@pytest.mark.parametrize(
    ("more", "stale"),
    [
        ({"watermark": NOW - timedelta(minutes=90), "limit_minutes": 90}, False),
        ({"watermark": NOW - timedelta(minutes=91), "limit_minutes": 90}, True),
        ({"watermark": NOW - timedelta(days=9)}, False),  # not configured any more
        ({"watermark": NOW + timedelta(minutes=5), "limit_minutes": 90}, False),
        ({"waiting_since": NOW - timedelta(minutes=5), "limit_minutes": 90}, False),
        ({"waiting_since": NOW - timedelta(minutes=95), "limit_minutes": 90}, True),
    ],
)
def test_an_object_is_stale_past_its_limit(more, stale):
    assert state(**more).is_stale(NOW) is stale


def test_a_clock_that_is_ahead_makes_no_negative_age():
    assert state(watermark=NOW + timedelta(seconds=9)).behind(NOW) == 0.0


def test_the_newest_execution_tells_the_api_use():
    def told(execution, used):
        use = {"used": used, "limit": 100} if used else None
        return Told(execution=execution, outcome=outcome("Account", "landed", api_after=use))

    both = [
        state(told=(told("20260201-000000-aa", 7), told("20260131-000000-aa", 90))),
        state(told=(told("20260201-000000-aa", 8), told("20260202-000000-aa", None))),
    ]
    assert states.api_use(both) == {"used": 8, "limit": 100}
    assert states.api_use([state()]) is None
