import io

from rich.console import Console

from lakehouse_tools.demo import story
from lakehouse_tools.demo.marts import Mart


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


def test_commands_to_paste_are_not_broken_or_coloured(stack):
    console = Console(file=io.StringIO(), width=60)
    story.next_steps(
        console,
        program="LAKEHOUSE_LOCAL_PORT=1 lakehouse",
        run_name="e1",
        stack=stack,
        endpoint="u",
    )
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    query = " ".join(story.HISTORY_QUERY.split())
    assert f'LAKEHOUSE_LOCAL_PORT=1 lakehouse query "{query}"' in text
    assert "LAKEHOUSE_LOCAL_PORT=1 lakehouse down --delete" in text
    assert "s3://lake/runs/e1/" in text
