import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from lakehouse_tools.display import standing
from lakehouse_tools.executions.history import ObjectState, PastExecution

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def printed(*parts, width=200):
    console = Console(file=io.StringIO(), width=width)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_running_execution_takes_until_now():
    execution = PastExecution(
        arn="a", name="e1", status="RUNNING", started=NOW - timedelta(seconds=65), stopped=None
    )
    (row,) = printed(standing.executions_table([execution], NOW)).splitlines()[1:]
    assert row.split() == ["e1", "running", "1", "m", "05", "s", "1", "m", "05", "s"]


def test_an_object_without_table_has_dashes_and_its_reason():
    state = ObjectState(
        name="Lead",
        rows=None,
        watermark=None,
        last_execution="e1",
        last_status="failed",
        last_message="[INVALID_FIELD] no",
    )
    (row,) = printed(standing.objects_table([state], NOW)).splitlines()[1:]
    assert row.split() == ["Lead", "–", "–", "–", "failed", "[INVALID_FIELD]", "no"]


def test_a_watermark_tells_how_far_behind_an_object_is():
    state = ObjectState(
        name="Account",
        rows=1200,
        watermark=NOW - timedelta(hours=3),
        last_execution=None,
        last_status=None,
        last_message=None,
    )
    (row,) = printed(standing.objects_table([state], NOW)).splitlines()[1:]
    assert row.split() == ["Account", "1,200", "2026-02-01", "09:00:00Z", "3", "h", "00", "m", "–"]


OUTCOME = {
    "object": "Account",
    "group": "sales",
    "status": "landed",
    "message": "fields were dropped",
    "error": None,
    "rows": 10,
    "bytes": 2_000,
    "pages": 1,
    "requests": 6,
    "batch": 1,
    "watermark_before": None,
    "watermark_after": "2026-02-01T00:00:00Z",
    "schema_changes": ["tier__c is new"],
    "left_out": ["Photo (base64)"],
    "api": "bulk",
    "seconds": 1.5,
}


def test_outcomes_say_all_that_is_worth_saying():
    console = Console(file=io.StringIO(), width=200)
    build = {
        "status": "failed",
        "cause": "test unique_x: 3 rows",
        "counts": {"success": 2, "fail": 1},
        "failures": [
            {
                "node": "test.unique_x",
                "name": "unique_x",
                "kind": "test",
                "message": "Got 3 results",
                "failures": 3,
            }
        ],
        "excluded": ["salesforce.lead"],
        "seconds": 12.0,
    }
    standing.print_outcomes(console, [OUTCOME], build)  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "fields were dropped; tier__c is new; left out: Photo (base64)" in text
    assert (
        "dbt failed: 2 success, 1 fail, 12 s: test unique_x: 3 rows; without salesforce.lead"
        in text
    )
    assert "  test unique_x (3 rows): Got 3 results" in text
