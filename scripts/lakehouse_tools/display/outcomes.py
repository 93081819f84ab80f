"""What one execution did: a row for each object, then what is worth saying of it."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.raw_log import REJECTED_TABLE
from lakehouse_jobs.contract.runs import BuildOutcome, ObjectOutcome, Status
from lakehouse_tools.display.console import show
from lakehouse_tools.display.standing import lean_table, status_text
from lakehouse_tools.display.words import count, duration, size


def print_outcomes(
    console: Console, objects: Sequence[ObjectOutcome], build: BuildOutcome | None
) -> None:
    """The table of objects, their notes, the build."""
    table = lean_table(
        "object", "status", "rows", "Parquet", "time", "calls",
        right=("rows", "Parquet", "time", "calls"),
    )  # fmt: skip
    for outcome in objects:
        table.add_row(
            outcome["object"],
            status_text(outcome["status"]),
            count(outcome["rows"]),
            size(outcome["bytes"]),
            duration(outcome["seconds"]),
            count(outcome["requests"]),
        )
    show(console, table)
    by_note: dict[str, list[str]] = {}
    for outcome in objects:
        for note in notes(outcome):
            by_note.setdefault(note, []).append(outcome["object"])
    for note, names in by_note.items():
        show(console, Text(f"{', '.join(names)}: {note}"))
    if build is not None:
        show(console, Text(build_line(build)))
        for failure in build["failures"]:
            rows = f" ({failure['failures']} rows)" if failure["failures"] else ""
            text = f"{failure['kind']} {failure['name']}{rows}: {failure['message']}"
            show(console, Padding(Text(text), (0, 0, 0, 2)))
        # An outcome of before warnings were kept has none.
        for text in build.get("warnings", ()):
            show(console, Padding(Text(f"warning: {text}"), (0, 0, 0, 2)))


def notes(outcome: ObjectOutcome) -> Iterator[str]:
    """What is worth saying of an outcome, a sentence each."""
    if outcome["message"]:
        yield outcome["message"]
    if outcome["mode"] != Mode.INCREMENTAL and outcome["status"] != Status.FAILED:
        yield f"{outcome['mode']}: {count(outcome['read'])} rows compared with raw"
    if outcome["resumed"]:
        yield "went on with the load of a run that died"
    if outcome["tombstones"]:
        yield f"{count(outcome['tombstones'])} records were gone from Salesforce without a trace"
    if outcome["rejected"]:
        yield f"{count(outcome['rejected'])} values did not fit their columns: see {REJECTED_TABLE}"
    if outcome["retries"]:
        yield f"{count(outcome['retries'])} calls had to be made again"
    yield from outcome["schema_changes"]
    for blocked in outcome["blocked"]:
        yield f"kept out: {blocked['message']}; to let it in: {blocked['accept']}"
    for column, records in outcome["unfilled"].items():
        amount = "not counted yet" if records is None else f"{count(records)} records"
        yield f"{column} is still empty in older versions ({amount})"
    for text in outcome["left_out"]:
        yield f"left out: {text}"


def build_line(build: BuildOutcome) -> str:
    """The dbt build in one line."""
    counts = ", ".join(f"{number} {status}" for status, number in build["counts"].items())
    text = f"dbt {build['status']}: {counts or 'no nodes'}, {duration(build['seconds'])}"
    if build["cause"]:
        text += f": {build['cause']}"
    if build["excluded"]:
        text += f"; without {', '.join(build['excluded'])}"
    return text
