"""What the demo tells between its steps and at its end."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from lakehouse_jobs.contract.runs import ObjectOutcome, Status
from lakehouse_tools.demo.marts import Mart
from lakehouse_tools.display.words import count, duration, size
from lakehouse_tools.stack import Stack

# One account that was changed after the first run, with each of its versions.
HISTORY_QUERY = """\
select account_id, account_name, valid_from, valid_to, is_current
from dim_account
where account_id in (select account_id from dim_account group by 1 having count(*) > 1)
order by account_id, valid_from
limit 10"""


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


def next_steps(
    console: Console, *, program: str, run_name: str, stack: Stack, endpoint: str
) -> None:
    """Where to look next and how to stop it, as commands to paste."""
    query = " ".join(HISTORY_QUERY.split())
    for title, steps in (
        (
            "Look further",
            (
                ("accounts with a history", f'{program} query "{query}"'),
                ("the last run's report", f"{program} report"),
                ("its outcomes", f"s3://{stack.lake_bucket_name}/runs/{run_name}/"),
                ("where each object stands", f"{program} status"),
                ("another day in the org", f"{program} org change && {program} run"),
                ("with the AWS CLI or boto3", f"AWS_ENDPOINT_URL={endpoint}, any keys, us-east-1"),
            ),
        ),
        (
            "Stop",
            (
                ("keep the data", f"{program} down"),
                ("and delete it", f"{program} down --delete"),
            ),
        ),
    ):
        console.print(title, style="bold")
        for what, how in steps:
            console.print(f"  {what:<26} {how}", markup=False, highlight=False, soft_wrap=True)


def seconds_table(seconds: dict[str, float], total: float) -> Table:
    """Seconds by phase."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("phase")
    table.add_column("time", justify="right")
    for phase, value in seconds.items():
        table.add_row(phase, duration(value))
    table.add_row("total", duration(total), style="bold")
    return table
