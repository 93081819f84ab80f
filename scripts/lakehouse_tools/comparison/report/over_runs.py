"""The runs before, as a row of bars for the page: one a run, the newest on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.counts import percent
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.run import Report

MOST: Final = 20  # runs shown
_SCALE: Final = Fraction(1, 50)  # a bar of no height: 98 %, or the lowest run's accuracy
_LEAST: Final = Fraction(1, 5)  # of the whole height, so that each run is seen


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One run. ``height``: of 1."""

    height: float
    status: str
    told: str


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Runs side by side, the newest last."""

    bars: list[Bar]

    @property
    def told(self) -> str:
        """What the picture shows, for who does not see it."""
        right = sum(bar.status in (Status.PASS, Status.WARN) for bar in self.bars)
        return f"{right} of the last {len(self.bars)} runs passed"


def over_runs(report: Report, earlier: Sequence[dict[str, Any]]) -> dict[str, Bars]:
    """Bars by table, and under the empty name the verdicts; nothing before the second run.

    ``earlier``: as a report's JSON or ``_comparison_runs`` has them, the oldest first.
    """
    same = [run for run in earlier if run.get("subject", "") == report.subject]
    runs = [*same, as_dict(report)][-MOST:]
    if len(runs) < 2:
        return {}
    verdicts = [
        Bar(height=1, status=run["verdict"], told=_told(run, run["verdict"])) for run in runs
    ]
    seen = {table["name"]: [] for table in runs[-1]["tables"]}
    for run in runs:
        for table in run["tables"]:
            if table["name"] in seen:
                seen[table["name"]].append((run, table["status"], _accuracy(table)))
    return {"": Bars(bars=verdicts)} | {name: _bars(found) for name, found in seen.items()}


def _bars(found: list[tuple[dict[str, Any], str, Fraction | None]]) -> Bars:
    """Bars as high as the accuracy is above the lowest that is shown."""
    losses = [1 - right for _, _, right in found if right is not None]
    scale = max([_SCALE, *losses])
    bars = []
    for run, status, right in found:
        height = Fraction(1) if right is None else 1 - (1 - right) / scale
        more = "" if right is None else f", {percent(right)} right"
        bars.append(
            Bar(height=float(max(height, _LEAST)), status=status, told=_told(run, status) + more)
        )
    return Bars(bars=bars)


def _accuracy(table: dict[str, Any]) -> Fraction | None:
    """The share of keys that are right; None where rows were not compared."""
    rows = table["rows"] or {}
    keys = rows.get("keys")
    return 1 - Fraction(rows["unexplained"], keys) if keys else None


def _told(run: dict[str, Any], status: str) -> str:
    return f"{run['made_at'][:16].replace('T', ' ')} UTC: {status}"
