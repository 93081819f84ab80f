import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from lakehouse_tools.display import follow as following
from lakehouse_tools.executions.follow import Follower
from lakehouse_tools.executions.progress import ExecutionProgress


@pytest.fixture
def follower(monkeypatch):
    """An execution that is over at the third look."""
    monkeypatch.setattr(following, "LOCAL_INTERVAL", 0.0)
    progress = ExecutionProgress(arn="a", name="e1", started=datetime.now(UTC))
    steps = iter([("Plan",), ("Extract",), ()])

    def refresh():
        progress.states = next(steps)
        if not progress.states:
            progress.status, progress.stopped = "SUCCEEDED", datetime.now(UTC)
        return progress

    environment = SimpleNamespace(endpoint="http://127.0.0.1:1")
    fake = SimpleNamespace(environment=environment, progress=progress, refresh=refresh)
    return cast(Follower, fake)


@pytest.mark.parametrize(("terminal", "plain"), [(False, False), (True, True)])
def test_plain_lines_without_a_terminal_or_when_asked_for(follower, terminal, plain):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    assert following.follow(follower, console=console, plain=plain).status == "SUCCEEDED"
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert [line.split(": ")[1] for line in lines] == ["planning", "extracting", "succeeded"]


def test_a_terminal_ends_with_the_whole_picture(follower):
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=3)
    following.follow(follower, console=console, plain=False)
    assert isinstance(console.file, io.StringIO)
    assert "succeeded" in console.file.getvalue()
