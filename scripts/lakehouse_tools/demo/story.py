"""What the demo tells between its steps and at its end."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from lakehouse_jobs.contract.runs import ObjectOutcome, Status
from lakehouse_tools.demo.interruption import PAGES, Killed
from lakehouse_tools.demo.journal import Comparison
from lakehouse_tools.demo.marts import Mart
from lakehouse_tools.display.words import count, duration, size

# Accounts that were changed after the first run, with the versions that a later one closed.
HISTORY_QUERY = "select * from dim_account where not is_current limit 5"


def marts_table(before: Sequence[Mart], after: Sequence[Mart]) -> Table:
    """The marts after the second run, with what it added to each."""
    earlier = {mart.name: mart for mart in before}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("mart")
    for name in ("rows", "since run 1", "current", "closed versions"):
        table.add_column(name, justify="right")
    for mart in after:
        first = earlier.get(mart.name)
        added = mart.rows - (first.rows if first else 0)
        table.add_row(
            mart.name,
            count(mart.rows),
            f"{added:+,}",
            "" if mart.current is None else count(mart.current),
            "" if mart.closed is None else count(mart.closed),
        )
    return table


def difference(outcomes: Sequence[ObjectOutcome]) -> list[str]:
    """What an incremental run found, beside the table of the objects shown before."""
    landed = [o for o in outcomes if o["status"] == Status.LANDED]
    unchanged = [o for o in outcomes if o["status"] == Status.UNCHANGED]
    rows = sum(o["rows"] for o in landed)
    stored = sum(o["bytes"] for o in landed)
    lines = [f"{count(rows)} new versions in {len(landed)} objects, {size(stored)} of Parquet"]
    lines += [f"{o['object']}: {text}" for o in outcomes for text in o["schema_changes"]]
    if unchanged:
        lines.append(f"unchanged: {', '.join(o['object'] for o in unchanged)}")
    return lines


def of_the_kill(killed: Killed) -> list[str]:
    """How the first load of an object ended too soon."""
    progress = killed.progress
    return [
        f"{killed.object_name}: {count(killed.records)} records in {PAGES} pages",
        f"SIGKILL to the job's process, {killed.pid}, when {killed.pages} pages had come",
        f"execution {progress.name} {progress.status}; raw has not one row of it",
    ]


def of_the_resumption(killed: Killed, outcomes: Sequence[ObjectOutcome], *, sent: int) -> list[str]:
    """How the next run went on with it. ``sent``: pages that the org has sent in all."""
    for outcome in outcomes:
        if outcome["object"] != killed.object_name:
            continue
        rows, again = count(outcome["rows"]), sent - killed.pages
        if outcome["resumed"]:
            first = PAGES - again + 1
            return [f"{killed.object_name}: resumed from page {first} of {PAGES}, {rows} rows"]
        return [f"{killed.object_name}: read anew, {rows} rows"]
    return []


def of_the_journal(found: Comparison) -> list[str]:
    """Whether each version that the org ever had stands in raw once."""
    return [
        f"{count(found.reported)} versions in the org's journal, {count(found.objects)} objects",
        f"{count(found.rows)} rows in raw",
        f"{count(found.lost)} lost, {count(found.twice)} twice",
    ]


def next_steps(console: Console, *, program: str, endpoint: str, gate: str) -> None:
    """Where to look next and how to stop it: what, and below it a command to paste."""
    for title, steps in (
        (
            "Look further",
            (
                ("accounts with a history", f'{program} query "{HISTORY_QUERY}"'),
                ("the last run's report", f"{program} report"),
                ("where each object stands", f"{program} status"),
                ("another day in the org", f"{program} org change && {program} run"),
                ("what else can happen to it", f"{program} org --help"),
                ("may the old lake go?", f"{program} {gate}"),
                ("AWS CLI and boto3: any keys, us-east-1", f"AWS_ENDPOINT_URL={endpoint}"),
            ),
        ),
        ("Stop", (("keep the data", f"{program} down"), ("delete it", f"{program} down --delete"))),
    ):
        console.print(title, style="bold")
        for what, how in steps:
            console.print(f"  {what}", style="dim", highlight=False)
            console.print(f"    {how}", markup=False, highlight=False, soft_wrap=True)


def seconds_table(seconds: dict[str, float], total: float) -> Table:
    """Seconds by phase."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("phase")
    table.add_column("time", justify="right")
    for phase, value in seconds.items():
        table.add_row(phase, duration(value))
    table.add_row("total", duration(total), style="bold")
    return table
