"""Tables of what is and what was: executions, objects, outcomes."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_jobs.contract.runs import BuildOutcome, ObjectOutcome, Status
from lakehouse_tools.display.words import count, duration, size
from lakehouse_tools.executions.history import ObjectState, PastExecution

_STYLES = {
    "SUCCEEDED": "green",
    "RUNNING": "cyan",
    Status.LANDED: "green",
    Status.UNCHANGED: "green",
    Status.SKIPPED: "yellow",
    Status.SUPERSEDED: "yellow",
}


def executions_table(past: Sequence[PastExecution], now: datetime) -> Table:
    """Executions, newest first."""
    table = _table("execution", "status", "ago", "took", right=("ago", "took"))
    for execution in past:
        end = execution.stopped or now
        table.add_row(
            execution.name,
            _status(execution.status),
            duration((now - execution.started).total_seconds()),
            duration((end - execution.started).total_seconds()),
        )
    return table


def objects_table(states: Sequence[ObjectState], now: datetime) -> Table:
    """Objects with their raw table's rows, watermark, freshness and last outcome."""
    table = _table("object", "rows", "watermark", "behind", "last", "", right=("rows", "behind"))
    for state in states:
        behind = state.behind(now)
        table.add_row(
            state.name,
            count(state.rows),
            f"{state.watermark:%Y-%m-%d %H:%M:%SZ}" if state.watermark else "–",
            "–" if behind is None else duration(max(0.0, behind)),
            _status(state.last_status or "–"),
            Text(state.last_message or ""),
        )
    return table


def print_outcomes(
    console: Console, objects: Sequence[ObjectOutcome], build: BuildOutcome | None
) -> None:
    """One execution's outcomes: a row for each object, then the build."""
    table = _table(
        "object", "status", "rows", "Parquet", "time", "calls", "",
        right=("rows", "Parquet", "time", "calls"),
    )  # fmt: skip
    for outcome in objects:
        table.add_row(
            outcome["object"],
            _status(outcome["status"]),
            count(outcome["rows"]),
            size(outcome["bytes"]),
            duration(outcome["seconds"]),
            count(outcome["requests"]),
            Text("; ".join(notes(outcome))),
        )
    console.print(table)
    if build is not None:
        console.print(Text(build_line(build)))
        for failure in build["failures"]:
            rows = f" ({failure['failures']} rows)" if failure["failures"] else ""
            text = f"  {failure['kind']} {failure['name']}{rows}: {failure['message']}"
            console.print(Text(text), soft_wrap=True)


def notes(outcome: ObjectOutcome) -> list[str]:
    """What is worth saying of an outcome, in sentences."""
    said = [outcome["message"]] if outcome["message"] else []
    said += outcome["schema_changes"]
    said += [f"left out: {text}" for text in outcome["left_out"]]
    return said


def build_line(build: BuildOutcome) -> str:
    """The dbt build in one line."""
    counts = ", ".join(f"{number} {status}" for status, number in build["counts"].items())
    text = f"dbt {build['status']}: {counts or 'no nodes'}, {duration(build['seconds'])}"
    if build["cause"]:
        text += f": {build['cause']}"
    if build["excluded"]:
        text += f"; without {', '.join(build['excluded'])}"
    return text


def _status(status: str) -> Text:
    return Text(status.lower(), style=_STYLES.get(status, "" if status == "–" else "bold red"))


def _table(*names: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left")
    return table
