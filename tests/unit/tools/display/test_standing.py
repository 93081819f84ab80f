from datetime import UTC, datetime, timedelta

from lakehouse_jobs.contract.runs import blank_outcome
from lakehouse_tools.display import standing
from lakehouse_tools.display.console import show
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.needs import Kind, Need
from lakehouse_tools.executions.states import ObjectState, Told

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def test_a_running_execution_takes_until_now(screen):
    execution = PastExecution(
        arn="a", name="e1", status="RUNNING", started=NOW - timedelta(seconds=65), stopped=None
    )
    show(screen, standing.executions_table([execution], NOW))
    assert screen.lines()[1].split() == ["e1", "running", "1", "m", "05", "s", "1", "m", "05", "s"]


def test_a_clock_that_is_ahead_shows_no_negative_time(screen):
    execution = PastExecution(
        arn="a", name="e1", status="RUNNING", started=NOW + timedelta(seconds=5), stopped=None
    )
    ahead = ObjectState(name="Lead", rows=1, watermark=NOW + timedelta(seconds=5))
    show(screen, standing.executions_table([execution], NOW))
    show(screen, standing.objects_table([ahead], [], NOW))
    assert screen.lines()[1].split() == ["e1", "running", "0", "s", "0.0", "s"]
    assert screen.lines()[3].split() == ["Lead", "1", "0", "s", "–"]


def test_an_object_without_table_has_dashes(screen):
    outcome = {**blank_outcome("sales", "Lead"), "status": "failed"}
    told = (Told(execution="e1", outcome=outcome),)  # type: ignore[arg-type]
    state = ObjectState(name="Lead", rows=None, watermark=None, told=told)
    need = Need(kind=Kind.FAILED, object="Lead", text="no", remedy=None)
    show(screen, standing.objects_table([state], [need], NOW))
    assert screen.lines()[1].split() == ["Lead", "–", "–", "failed"]


def test_a_watermark_tells_how_far_behind_an_object_is(screen):
    state = ObjectState(name="Account", rows=1200, watermark=NOW - timedelta(hours=3))
    need = Need(kind=Kind.STALE, object="Account", text="old", remedy=None)
    show(screen, standing.objects_table([state], [need], NOW))
    assert screen.lines()[1].split() == ["Account", "1,200", "3", "h", "00", "m", "–", "stale"]


def test_no_line_is_padded_nor_cut_at_80_columns(screen):
    name = "An_Object_With_A_Name_As_Long_As_Salesforce_Allows__c"
    states = [
        ObjectState(name=n, rows=123_456_789, watermark=NOW - timedelta(days=300))
        for n in (name, "Account")
    ]
    need = Need(kind=Kind.UNFILLED, object=name, text="x", remedy=None)
    show(screen, standing.objects_table(states, [need], NOW))
    lines = screen.lines()
    assert max(len(line) for line in lines) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert "…" not in "".join(lines)


def test_the_api_use_is_one_line():
    assert "(under 1%)" in standing.api_line({"used": 7, "limit": 15_000})
    assert "100 of 0 at" in standing.api_line({"used": 100, "limit": 0})
    assert standing.api_line({"used": 1234, "limit": 15_000}) == (
        "Salesforce API requests of the last 24 hours, by everybody: 1,234 of 15,000 (8%) at the"
        " last run"
    )
