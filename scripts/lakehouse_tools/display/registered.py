"""What `lakehouse register` found, for a terminal."""

from rich.console import Console
from rich.text import Text

from lakehouse_tools.display.console import show
from lakehouse_tools.display.words import count
from lakehouse_tools.registration.finding import Found, Lost


def show_found(console: Console, found: Found, *, option: str) -> None:
    """Print each table with what it holds. ``option``: as `` --env dev``."""
    for lost in found.lost:
        show(console, Text(lost.state.table, style="bold"))
        show(console, Text("\n".join(f"  {line}" for line in _lines(lost, option))))
    for sentence in found.refused:
        show(console, Text(f"left out: {sentence}", style="yellow"))
    if found.others:
        names = ", ".join(found.others)
        show(console, Text(f"not configured, and left alone unless named: {names}", style="dim"))


def _lines(lost: Lost, option: str) -> list[str]:
    state = lost.state
    lines = [
        state.address,
        f"written {state.written:%Y-%m-%d %H:%M:%S} UTC: {count(state.rows)} rows,"
        f" {count(state.snapshots)} snapshots",
    ]
    if state.batch is not None:
        lines.append(f"batch {count(state.batch)}, watermark {state.watermark or 'none'}")
        if lost.built > state.batch:
            lines.append(
                f"builds have read batch {count(lost.built)}, and numbers come again: afterwards"
                f" `lakehouse run --full-refresh{option}`"
            )
    return lines
