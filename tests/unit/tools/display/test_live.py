import io
from datetime import UTC, datetime

from rich.console import Console

from lakehouse_tools.display.live import picture
from lakehouse_tools.executions.progress import (
    BuildProgress,
    ExecutionProgress,
    GroupProgress,
    NodeProgress,
    ObjectProgress,
)


def drawn(progress, width=110, height=None):
    console = Console(width=width, file=io.StringIO())
    with console.capture() as captured:
        console.print(picture(progress, height=height))
    return captured.get()


def execution(**more):
    return ExecutionProgress(arn="a:e", name="e1", started=datetime.now(UTC), **more)


def test_shows_each_object_with_its_figures():
    account = ObjectProgress(name="Account", group="sales", status="reading", rows=12_345)
    account.seconds, account.bytes = 10.0, 2_000_000
    bad = ObjectProgress(name="Lead", group="sales", status="failed", message="[odd] text")
    group = GroupProgress(
        name="sales", run_id="r", state="RUNNING", objects={"Account": account, "Lead": bad}
    )
    text = drawn(execution(states=("Extract",), groups={"sales": group}))
    assert "e1  extracting" in text
    row = next(line for line in text.splitlines() if "Account" in line)
    assert "12,345" in row
    assert "2.0 MB" in row
    assert "1,234" in row
    assert "[odd] text" in text


def test_a_run_without_objects_yet_shows_its_state():
    group = GroupProgress(name="sales", run_id="r", state="STARTING")
    assert "Glue run starting" in drawn(execution(groups={"sales": group}))


def test_failed_nodes_stay_in_view():
    build = BuildProgress(build_id="b", state="IN_PROGRESS")
    for index in range(1, 31):
        build.nodes[index] = NodeProgress(
            index=index, total=40, text=f"node_{index}.", status="PASS", detail="PASS"
        )
    build.nodes[1].status, build.nodes[1].detail = "FAIL", "FAIL 7"
    build.nodes[31] = NodeProgress(index=31, total=40, text="node_31.")
    text = drawn(execution(states=("Build",), build=build))
    assert "30 of 40 nodes, 1 failed" in text
    assert "node_1." in text
    assert "FAIL 7" in text
    assert "node_2." not in text
    assert "node_30." in text
    assert "▸ node_31." in text


def test_nothing_is_known_at_first():
    assert "starting" in drawn(execution())


def test_where_it_would_not_fit_what_went_well_is_one_line():
    objects = {
        f"Object{n}": ObjectProgress(name=f"Object{n}", group="g", status="landed", rows=10)
        for n in range(20)
    }
    objects["Lead"] = ObjectProgress(name="Lead", group="g", status="failed", message="why")
    group = GroupProgress(name="g", run_id="r", state="RUNNING", objects=objects)
    text = drawn(execution(groups={"g": group}), height=20)
    assert "20 objects  200 rows" in text
    assert "why" in text
    assert "Object7" not in text
    assert "Object7" in drawn(execution(groups={"g": group}))
