import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from lakehouse_tools.demo import story
from lakehouse_tools.demo.interruption import Killed
from lakehouse_tools.demo.journal import Comparison
from lakehouse_tools.demo.marts import Mart
from lakehouse_tools.executions.progress import ExecutionProgress


def outcome(name, status="landed", rows=10, changes=()):
    return {
        "object": name,
        "status": status,
        "rows": rows,
        "bytes": rows * 100,
        "schema_changes": list(changes),
    }


def printed(*parts):
    console = Console(file=io.StringIO(), width=200)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_run_is_told_by_what_landed_and_what_changed_shape():
    lines = story.difference(
        [
            outcome("Account", rows=1_200, changes=["tier__c is new: Tier__c (picklist)"]),
            outcome("Lead", "unchanged", 0),
            outcome("Task", "failed", 0),
        ]
    )
    assert lines == [
        "1,200 new versions in 1 objects, 120.0 kB of Parquet",
        "Account: tier__c is new: Tier__c (picklist)",
        "unchanged: Lead",
    ]


def test_marts_show_what_the_second_run_added():
    before = [Mart(name="dim_account", rows=500, current=490, closed=10)]
    after = [
        Mart(name="dim_account", rows=505, current=489, closed=16),
        Mart(name="fct_new", rows=7, current=None, closed=None),
    ]
    text = printed(story.marts_table(before, after))
    assert text.splitlines()[1].split() == ["dim_account", "505", "+5", "489", "16"]
    assert text.splitlines()[2].split() == ["fct_new", "7", "+7"]


def test_commands_to_paste_are_whole_and_fit_80_columns():
    console = Console(file=io.StringIO(), width=60)
    story.next_steps(
        console, program="lakehouse", endpoint="http://127.0.0.1:4566", gate="gate --runs here"
    )
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert f'    lakehouse query "{story.HISTORY_QUERY}"' in lines
    assert "    lakehouse down --delete" in lines
    assert max(map(len, lines)) <= 80


KILLED = Killed(
    object_name="Task",
    records=1_200,
    pages=6,
    pid=42,
    progress=ExecutionProgress(arn="a:e0", name="e0", started=datetime.now(UTC), status="FAILED"),
)


@pytest.mark.parametrize(
    ("resumed", "sent", "words"),
    [(True, 12, "resumed from page 7 of 12"), (False, 7, "read anew"), (True, 13, "from page 6")],
)
def test_a_killed_load_is_told_to_its_end(resumed, sent, words):
    assert "6 pages" in " ".join(story.of_the_kill(KILLED))
    assert "e0 FAILED" in " ".join(story.of_the_kill(KILLED))
    outcomes = [outcome("Lead"), outcome("Task", rows=1_200) | {"resumed": resumed}]
    (line,) = story.of_the_resumption(KILLED, outcomes, sent=sent)
    assert words in line
    assert line.endswith("1,200 rows")


def test_the_journals_verdict_is_two_numbers():
    found = Comparison(objects=2, reported=1_500, rows=1_501, lost=0, twice=1, unknown=0)
    assert not found.equal
    assert story.of_the_journal(found)[-1] == "0 lost, 1 twice"
