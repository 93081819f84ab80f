"""Following an execution until it ends."""

import time
from typing import Final

from rich.console import Console
from rich.live import Live

from lakehouse_tools.display.live import picture
from lakehouse_tools.display.plain import PlainLines
from lakehouse_tools.executions.follow import Follower
from lakehouse_tools.executions.progress import ExecutionProgress

LOCAL_INTERVAL: Final = 0.5  # seconds between two questions
ACCOUNT_INTERVAL: Final = 3.0


def follow(follower: Follower, *, console: Console, plain: bool) -> ExecutionProgress:
    """Show the execution until it ends, and return how it ended.

    ``KeyboardInterrupt`` goes to the caller; the execution goes on.
    """
    local = follower.environment.endpoint is not None
    interval = LOCAL_INTERVAL if local else ACCOUNT_INTERVAL
    if plain or not console.is_terminal:
        return _plain(follower, console, interval)
    return _live(follower, console, interval)


def _plain(follower: Follower, console: Console, interval: float) -> ExecutionProgress:
    lines = PlainLines()
    while True:
        progress = follower.refresh()
        for line in lines.update(progress):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        if not progress.running:
            return progress
        time.sleep(interval)


def _live(follower: Follower, console: Console, interval: float) -> ExecutionProgress:
    # The picture is redrawn more often than AWS is asked, so that the time moves.
    with Live(
        get_renderable=lambda: picture(
            follower.progress, height=console.height if follower.progress.running else None
        ),
        console=console,
        refresh_per_second=4,
        vertical_overflow="crop",
    ):
        while True:
            progress = follower.refresh()
            if not progress.running:
                return progress
            time.sleep(interval)
