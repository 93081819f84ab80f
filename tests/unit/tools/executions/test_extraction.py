from lakehouse_jobs.contract.progress import Event, line
from lakehouse_tools.executions.extraction import apply
from lakehouse_tools.executions.progress import GroupProgress


def group_after(*lines: str) -> GroupProgress:
    group = GroupProgress(name="sales", run_id="jr_1", state="RUNNING")
    for text in lines:
        apply(group, text)
    return group


def test_objects_are_known_before_they_are_read():
    group = group_after(line(Event.RUN_STARTED, objects=["Account", "Contact"]))
    assert [(o.name, o.status) for o in group.objects.values()] == [
        ("Account", "waiting"),
        ("Contact", "waiting"),
    ]


def test_figures_follow_the_newest_line():
    group = group_after(
        line(Event.RUN_STARTED, objects=["Account"]),
        line(Event.OBJECT_STARTED, object="Account"),
        line(Event.OBJECT_PROGRESS, object="Account", rows=100, bytes=2_000, seconds=2.0),
        line(Event.OBJECT_PROGRESS, object="Account", rows=300, bytes=6_000, seconds=4.0),
    )
    account = group.objects["Account"]
    assert (account.status, account.rows, account.bytes, account.rate) == (
        "reading",
        300,
        6_000,
        75.0,
    )
    assert not account.finished


def test_an_end_keeps_status_and_message():
    group = group_after(
        line(Event.OBJECT_FINISHED, object="Lead", status="failed", message="INVALID_FIELD", rows=0)
    )
    lead = group.objects["Lead"]
    assert (lead.finished, lead.status, lead.message) == (True, "failed", "INVALID_FIELD")


def test_other_lines_change_nothing():
    group = group_after("WARN something", '{"no": "event"}', '{"event": "new_kind"}', "{broken")
    assert group.objects == {}
