from datetime import UTC, datetime

from lakehouse_tools.display.plain import PlainLines
from lakehouse_tools.executions.progress import (
    BuildProgress,
    ExecutionProgress,
    GroupProgress,
    NodeProgress,
    ObjectProgress,
)


def execution(**more):
    return ExecutionProgress(arn="a:e", name="e1", started=datetime.now(UTC), **more)


def said(lines, progress):
    return [text.split(" s  ", 1)[1] for text in lines.update(progress)]


def test_each_thing_is_said_once():
    lines, group = PlainLines(), GroupProgress(name="sales", run_id="jr_1", state="RUNNING")
    progress = execution(states=("Extract",), groups={"sales": group})
    assert said(lines, progress) == ["sales: Glue run jr_1 is RUNNING", "e1: extracting"]
    assert said(lines, progress) == []
    account = ObjectProgress(name="Account", group="sales", status="landed")
    account.rows, account.bytes, account.seconds = 1_200, 3_400_000, 4.0
    group.objects["Account"] = account
    group.state = "SUCCEEDED"
    assert said(lines, progress) == [
        "sales: Account landed: 1,200 rows, 3.4 MB, 300 rows/s, 4.0 s",
        "sales: Glue run jr_1 is SUCCEEDED",
    ]
    assert said(lines, progress) == []


def test_a_long_read_is_reported_every_ten_seconds():
    lines, group = PlainLines(), GroupProgress(name="g", run_id="r", state="RUNNING")
    progress = execution(groups={"g": group})
    said(lines, progress)
    reading = ObjectProgress(name="Task", group="g", status="reading", rows=5)
    group.objects["Task"] = reading
    printed = []
    for seconds in (2.0, 9.0, 11.0, 12.0, 20.9, 21.5):
        reading.seconds = seconds
        printed += [seconds] if said(lines, progress) else []
    assert printed == [11.0, 21.5]


def test_failures_carry_their_reason():
    lines = PlainLines()
    lead = ObjectProgress(name="Lead", group="g", status="failed", message="INVALID_FIELD: x")
    group = GroupProgress(
        name="g", run_id="r", state="FAILED", error="1 of 1 objects failed", objects={"Lead": lead}
    )
    progress = execution(status="FAILED", groups={"g": group})
    assert said(lines, progress) == [
        "g: Lead failed: INVALID_FIELD: x",
        "g: Glue run r is FAILED: 1 of 1 objects failed",
        "e1: failed",
    ]


def test_nodes_are_said_as_they_finish():
    build = BuildProgress(build_id="b", state="IN_PROGRESS")
    build.nodes[1] = NodeProgress(
        index=1, total=2, text="unique_x", status="FAIL", detail="FAIL 3", seconds=0.5
    )
    build.nodes[2] = NodeProgress(index=2, total=2, text="sql table model y")
    lines = PlainLines()
    assert said(lines, execution(states=("Build",), build=build)) == [
        "dbt: 1 of 2 FAIL 3 unique_x in 0.5 s",
        "e1: building with dbt",
    ]
