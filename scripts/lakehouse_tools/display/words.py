"""Figures and states in words that a person reads at a glance."""

from lakehouse_tools.executions.progress import SUCCEEDED, ExecutionProgress

_TURN = "waiting for dbt's turn"
_STATES = {
    "Plan": "planning",
    "EachGroup": "extracting",
    "Extract": "extracting",
    "ReadOutcome": "extracting",
    "Collect": "collecting outcomes",
    "Build": "building with dbt",
    "MayWait?": _TURN,
    "WaitForTurn": _TURN,
    "ReadBuildOutcome": "reading dbt's result",
}
_MEGABYTE = 1_000_000


def count(value: int | None) -> str:
    """``12,345``; a dash where there is nothing to count."""
    return "–" if value is None else f"{value:,}"


def size(value: int) -> str:
    """Bytes as kB, MB or GB, powers of ten."""
    for unit, factor in (("GB", 1_000 * _MEGABYTE), ("MB", _MEGABYTE)):
        if value >= factor:
            return f"{value / factor:,.1f} {unit}"
    return f"{value / 1_000:,.1f} kB"


def duration(seconds: float) -> str:
    """``0.8 s``, ``42 s``, ``3 m 05 s``, ``2 h 10 m``, ``3 d 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def age(seconds: float) -> str:
    """How long ago, in whole seconds and never below ``0 s``: clocks differ a little."""
    return duration(seconds) if seconds >= 10 else f"{max(0, int(seconds))} s"


def where(progress: ExecutionProgress) -> str:
    """Where an execution is: its states in words, each once."""
    if not progress.running:
        ended = progress.status.lower().replace("_", " ")
        quiet = progress.status == SUCCEEDED and progress.groups and progress.build is None
        return f"{ended}; nothing new, so dbt built nothing" if quiet else ended
    words = dict.fromkeys(_STATES.get(state, state) for state in progress.states)
    if "building with dbt" in words and progress.build is None:
        return _TURN
    return ", ".join(words) or "starting"
