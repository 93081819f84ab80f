"""The extractor against the limit of the machine.

make bench-extract
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from extract_lake import PLACES, Lake, Run, cpu_of, local_aws, measured, serving
from extract_pages import PAGE_ROWS, render

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".lakehouse" / "bench-extract"
PAGES = STATE / "pages"
LIMIT = Path(__file__).parent / "extract_limit.py"


def main() -> None:
    """Measure what was asked for, and print Markdown."""
    parser = argparse.ArgumentParser(description="The extractor against the limit of the machine.")
    parser.add_argument("--million", type=float, default=5, help="rows of the first table")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with local_aws(STATE / "aws") as lake:
        against_the_limit(lake, rows=int(given.million * 1_000_000), rounds=given.rounds)


def against_the_limit(lake: Lake, *, rows: int, rounds: int) -> None:
    """Request to commit, against the plain conversion of the same bytes."""
    number = rows // PAGE_ROWS
    render(PAGES, number)
    found: dict[str, list[Run]] = {"limit, threads": [], "limit, processes": [], "job": []}
    beside: list[float] = []
    for _ in range(rounds):
        for kind in ("threads", "processes"):
            found[f"limit, {kind}"].append(limit(number, kind))
        with serving("--folder", str(PAGES), "--pages", str(number)) as (org, server):
            target = lake.new(org)
            before = cpu_of(lake.process)
            run, outcome = target.run()
            assert outcome["rows"] == rows, outcome
            beside.append(cpu_of(lake.process) - before + cpu_of(server))
            found["job"].append(run)
            target.remove()
        print(
            "; ".join(f"{k} {v[-1].wall:.2f} s {v[-1].cpu:.2f} CPU s" for k, v in found.items()),
            f"beside {beside[-1]:.2f}",
            json.dumps(outcome.get("phases")),
            file=sys.stderr,
        )
    best = {
        what: min(median(found[k], what) for k in found if k != "job") for what in ("wall", "cpu")
    }
    print(f"\n{rows:,} rows, 32 columns, {rounds} rounds, medians.\n")
    print("| what | wall s | rows/s | CPU s | peak RSS MB | wall to the limit | CPU to the limit |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, runs in found.items():
        wall, cpu = median(runs, "wall"), median(runs, "cpu")
        print(
            f"| {name} | {wall:.2f} | {rows / wall:,.0f} | {cpu:.2f} | {median(runs, 'rss'):.0f} "
            f"| {best['wall'] / wall:.2f} | {best['cpu'] / cpu:.2f} |"
        )
    print(
        f"\nBeside the job, on the same cores: {statistics.median(beside):.2f} CPU s of the two "
        "servers."
    )


def limit(number: int, kind: str) -> Run:
    """One run of the plain conversion."""
    env = {k: os.environ[k] for k in PLACES if k in os.environ}
    return measured([sys.executable, str(LIMIT), str(PAGES), str(number), kind], env)


def median(runs: Sequence[Run], what: str) -> float:
    """Of one quantity."""
    pick: Callable[[Any], float] = lambda run: getattr(run, what)  # noqa: E731
    return statistics.median(map(pick, runs))


if __name__ == "__main__":
    main()
