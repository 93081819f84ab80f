"""Tables of what is and what was, for a terminal of 80 columns: executions, objects."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from lakehouse_jobs.contract.runs import ApiUse, Status
from lakehouse_tools.display.words import age, count, duration
from lakehouse_tools.executions.history import PastExecution
from lakehouse_tools.executions.needs import Kind, Need
from lakehouse_tools.executions.states import ObjectState

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
    table = lean_table("execution", "status", "ago", "took", right=("ago", "took"))
    for execution in past:
        end = execution.stopped or now
        table.add_row(
            execution.name,
            status_text(execution.status),
            age((now - execution.started).total_seconds()),
            duration(max(0.0, (end - execution.started).total_seconds())),
        )
    return table


def objects_table(states: Sequence[ObjectState], found: Sequence[Need], now: datetime) -> Table:
    """Objects with their raw table's rows, freshness, last outcome, and what is the matter."""
    table = lean_table("object", "rows", "behind", "last", "", right=("rows", "behind"))
    for state in states:
        behind = state.behind(now)
        kinds = [need.kind for need in found if need.object == state.name]
        shown = age(behind) if behind is not None else "–"
        table.add_row(
            state.name,
            count(state.rows),
            Text(shown, style="bold red" if Kind.STALE in kinds else ""),
            status_text(state.last["status"] if state.last else "–"),
            # That it failed stands in the column before.
            Text(", ".join(k for k in dict.fromkeys(kinds) if k is not Kind.FAILED), "yellow"),
        )
    return table


def api_line(use: ApiUse) -> str:
    """The org's use of its daily requests in one line."""
    part = use["used"] / use["limit"] if use["limit"] else None
    share = "" if part is None else " (under 1%)" if 0 < part < 0.01 else f" ({part:.0%})"
    return (
        f"Salesforce API requests of the last 24 hours, by everybody: {count(use['used'])} of"
        f" {count(use['limit'])}{share} at the last run"
    )


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status.lower(), style=_STYLES.get(status, "" if status == "–" else "bold red"))


def lean_table(*names: str, right: Sequence[str] = ()) -> Table:
    """A table without a frame. Names that do not fit are folded, never cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table
