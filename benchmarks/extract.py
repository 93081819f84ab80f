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
from urllib.request import urlopen

from extract_extra import parts
from extract_lake import PLACES, Lake, Run, cpu_of, local_aws, measured, pinned, serving
from extract_pages import PAGE_ROWS, render
from peers import environment_of

from lakehouse_local.home import aws_environment

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".lakehouse" / "bench-extract"
PAGES = STATE / "pages"
LIMIT = Path(__file__).parent / "extract_limit.py"
PEER = Path(__file__).parent / "extract_peer.py"
CONNECTOR = Path(__file__).parent / "extract_connector.py"
CONNECTORS = ("tap-salesforce", "airbyte-source-salesforce")
TABLES = ("limit", "apart", "extra", "gzip", "salesforce", "peers", "memory", "changes")


def main() -> None:
    """Measure what was asked for, and print Markdown."""
    parser = argparse.ArgumentParser(description="The extractor against the limit of the machine.")
    parser.add_argument("--million", type=float, default=5, help="rows of the first table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=TABLES, action="append", help="one table; repeatable")
    given = parser.parse_args()
    rows = int(given.million * 1_000_000)
    wanted = given.only or TABLES
    if "apart" in wanted:
        with pinned(cores(apart=True)[0]), local_aws(STATE / "aws") as lake:
            against_the_limit(lake, rows=rows, rounds=given.rounds, apart=True)
    with local_aws(STATE / "aws") as lake:
        if "limit" in wanted:
            against_the_limit(lake, rows=rows, rounds=given.rounds)
        if "extra" in wanted:
            extra(lake, rows=rows)
        if "gzip" in wanted:
            packed(lake, rounds=given.rounds)
        if "salesforce" in wanted:
            for million in dict.fromkeys((1.0, given.million)):
                shaped_like_salesforce(lake, rows=int(million * 1_000_000))
        if "peers" in wanted:
            peers(lake, rounds=given.rounds)
            connectors(lake, rounds=given.rounds)
        if "memory" in wanted:
            memory(lake)
        if "changes" in wanted:
            changes(lake, rounds=given.rounds)


CORES = sorted(os.sched_getaffinity(0))


def cores(*, apart: bool) -> tuple[list[int], list[int]]:
    """Of the servers, and of the job and the limit: all of them, or one each."""
    return (CORES[:1], CORES[-1:]) if apart else (CORES, CORES)


def against_the_limit(lake: Lake, *, rows: int, rounds: int, apart: bool = False) -> None:
    """Request to commit, against the plain conversion of the same bytes.

    ``apart``: the servers have a core of their own, job and limit the other one. Else the
    servers take from the job's cores, and from the limit's nothing.
    """
    theirs, ours = cores(apart=apart)
    number = rows // PAGE_ROWS
    render(PAGES, number)
    found: dict[str, list[Run]] = {"limit, threads": [], "limit, processes": [], "job": []}
    beside: list[float] = []
    for _ in range(rounds):
        for kind in ("threads", "processes"):
            with pinned(ours):
                found[f"limit, {kind}"].append(limit(number, kind))
        with (
            pinned(theirs),
            serving("--folder", str(PAGES), "--pages", str(number)) as (org, server),
            pinned(ours),
        ):
            target = lake.new(org, at_once=len(CORES))
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
    where = "one core, the servers have another" if apart else f"{len(ours)} cores for all"
    print(f"\n{rows:,} rows, 32 columns, {rounds} rounds, medians; {where}.\n")
    print("| what | wall s | rows/s | CPU s | peak RSS MB | wall to the limit | CPU to the limit |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, runs in found.items():
        wall, cpu = median(runs, "wall"), median(runs, "cpu")
        print(
            f"| {name} | {wall:.2f} | {rows / wall:,.0f} | {cpu:.2f} | {median(runs, 'rss'):.0f} "
            f"| {best['wall'] / wall:.2f} | {best['cpu'] / cpu:.2f} |"
        )
    print(
        f"\nBeside the job: {statistics.median(beside):.2f} CPU s of the two servers; load "
        f"{os.getloadavg()[0]:.1f}."
    )


def extra(lake: Lake, *, rows: int) -> None:
    """The job's work beyond the limit's, each part measured alone."""
    print(f"\nOf {rows:,} rows.\n\n| extra work | CPU s |\n|---|---:|")
    for what, seconds in parts(lake, PAGES, number=rows // PAGE_ROWS).items():
        print(f"| {what} | {seconds:.2f} |")


def packed(lake: Lake, *, rounds: int, rows: int = 1_000_000) -> None:
    """What gzip costs: the same pages, sent plain and packed."""
    number = rows // PAGE_ROWS
    render(PAGES, number, packed=number)
    found: dict[str, list[Run]] = {"plain": [], "gzip": []}
    sent: dict[str, int] = {}
    for _ in range(rounds):
        for name, runs in found.items():
            arguments = ["--folder", str(PAGES), "--pages", str(number)]
            with serving(*arguments, *(["--gzip"] if name == "gzip" else [])) as (org, _):
                target = lake.new(org, at_once=os.cpu_count() or 2)
                runs.append(target.run()[0])
                sent[name] = counted(org)["sent"]
                target.remove()
    print(f"\n{rows:,} rows, {rounds} rounds, medians.\n")
    print("| transfer | MB sent | wall s | CPU s | peak RSS MB |\n|---|---:|---:|---:|---:|")
    for name, runs in found.items():
        wall, cpu, rss = (median(runs, what) for what in ("wall", "cpu", "rss"))
        print(f"| {name} | {sent[name] / 1e6:,.0f} | {wall:.2f} | {cpu:.2f} | {rss:.0f} |")


def shaped_like_salesforce(lake: Lake, *, rows: int) -> None:
    """30 s for the job, 300 ms before each answer, 5 MB/s for each connection; plain pages."""
    number = rows // PAGE_ROWS
    pages = render(PAGES, number)
    job, latency, rate, at_once = 30.0, 0.3, 5_000_000, 5
    one = latency + sum(p.plain.stat().st_size for p in pages) / number / rate
    arguments = ["--folder", str(PAGES), "--pages", str(number), "--job-seconds", str(job)]
    found: list[tuple[Run, dict[str, Any], int]] = []
    for lanes in (at_once, 1):
        with serving(*arguments, "--latency", str(latency), "--rate", str(rate)) as (org, _):
            target = lake.new(org, at_once=lanes)
            found.append((*target.run(), counted(org)["requests"]))
            target.remove()
    (run, outcome, requests), (alone, *_) = found
    # Token, describe, job, its state and the list of pages come one after the other.
    bound = 5 * latency + job + one * number / at_once
    print(f"\n{rows:,} rows in {number} pages; {at_once} pages at once, as api_budget allows.\n")
    print("| what | wall s | to the bound | to the job |\n|---|---:|---:|---:|")
    for what, wall in (
        ("the server's own bound: five answers, job, pages", bound),
        ("job", run.wall),
        ("the same, one page after the other", alone.wall),
    ):
        print(f"| {what} | {wall:.1f} | {wall / bound:.2f} | {wall / run.wall:.2f} |")
    print(
        f"\nWithout the Bulk job's {job:.0f} s: {run.wall - job:.1f} s against "
        f"{alone.wall - job:.1f} s, {(alone.wall - job) / (run.wall - job):.1f} times as fast. "
        f"{requests} requests for {rows:,} rows; phases {json.dumps(outcome['phases'])}."
    )


def peers(lake: Lake, *, rounds: int, rows: int = 1_000_000) -> None:
    """The job and what one would write today, from the same server."""
    number = rows // PAGE_ROWS
    render(PAGES, number)
    names = ("simple-salesforce + PyIceberg", "the same without its sleeps", "job")
    found: dict[str, list[Run]] = {name: [] for name in names}
    with serving("--folder", str(PAGES), "--pages", str(number)) as (org, _):
        for _ in range(rounds):
            for name, how in zip(names, ("as-it-is", "without-sleeps"), strict=False):
                target = lake.new(org)
                peer = [sys.executable, str(PEER), org, str(STATE / "peer"), target.name, how]
                found[name].append(measured(peer, environment() | aws_environment(lake.endpoint)))
                target.remove()
            target = lake.new(org, at_once=os.cpu_count() or 2)
            found["job"].append(target.run()[0])
            target.remove()
    wall, cpu = median(found["job"], "wall"), median(found["job"], "cpu")
    print(f"\n{rows:,} rows, {rounds} rounds, medians.\n")
    print("| what | wall s | CPU s | peak RSS MB | wall to the job | CPU to the job |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, runs in found.items():
        print(
            f"| {name} | {median(runs, 'wall'):.1f} | {median(runs, 'cpu'):.1f} "
            f"| {median(runs, 'rss'):.0f} | {median(runs, 'wall') / wall:.1f} "
            f"| {median(runs, 'cpu') / cpu:.1f} |"
        )


def connectors(lake: Lake, *, rounds: int, rows: int = PAGE_ROWS) -> None:
    """Connectors of others, which write JSON lines to a file, and the job; fewer rows."""
    number = rows // PAGE_ROWS
    render(PAGES, number)
    pythons = {name: environment_of(name) for name in CONNECTORS}
    found: dict[str, list[Run]] = {name: [] for name in (*CONNECTORS, "job")}
    with serving("--folder", str(PAGES), "--pages", str(number)) as (org, _):
        for _ in range(rounds):
            for name, python in pythons.items():
                command = [str(python), str(CONNECTOR), org, str(STATE / name), name]
                run = measured(command, environment())
                assert json.loads(run.output.splitlines()[-1])["rows"] == rows, run.output[-1000:]
                found[name].append(run)
            target = lake.new(org, at_once=os.cpu_count() or 2)
            found["job"].append(target.run()[0])
            target.remove()
    cpu = median(found["job"], "cpu")
    print(f"\n{rows:,} rows, {rounds} rounds, medians.\n")
    print("| what | wall s | CPU s | rows per CPU s | peak RSS MB | CPU to the job |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, runs in found.items():
        print(
            f"| {name} | {median(runs, 'wall'):.1f} | {median(runs, 'cpu'):.1f} "
            f"| {rows / median(runs, 'cpu'):,.0f} | {median(runs, 'rss'):.0f} "
            f"| {median(runs, 'cpu') / cpu:.1f} |"
        )


def memory(lake: Lake, *, millions: Sequence[int] = (1, 5, 10)) -> None:
    """Peak of memory by the number of rows, two pages at once."""
    print("\n| distinct rows | peak RSS MB | CPU s | wall s |\n|---:|---:|---:|---:|")
    for million in millions:
        number = million * 1_000_000 // PAGE_ROWS
        render(PAGES, number)
        with serving("--folder", str(PAGES), "--pages", str(number)) as (org, _):
            target = lake.new(org, at_once=2)
            run, outcome = target.run()
            assert outcome["rows"] == million * 1_000_000, outcome
            target.remove()
        print(f"| {million},000,000 | {run.rss:.0f} | {run.cpu:.1f} | {run.wall:.1f} |", flush=True)


def changes(lake: Lake, *, rounds: int, millions: Sequence[float] = (0.1, 10)) -> None:
    """A run that reads 1,000 changed rows, on a small table and on a large one."""
    print("\n| rows in the table | wall s | CPU s |\n|---:|---:|---:|")
    for million in millions:
        number = int(million * 1_000_000) // PAGE_ROWS
        render(PAGES, number)
        with serving("--folder", str(PAGES), "--pages", str(number)) as (org, _):
            target = lake.new(org)
            target.run()
            done = [target.run() for _ in range(rounds)]
            assert all(outcome["rows"] == 1000 for _, outcome in done), done[0][1]
            runs = [run for run, _ in done]
            target.remove()
        rows = number * PAGE_ROWS
        print(f"| {rows:,} | {median(runs, 'wall'):.2f} | {median(runs, 'cpu'):.2f} |", flush=True)


def counted(org: str) -> dict[str, int]:
    """What a server counted."""
    with urlopen(f"{org}/_counted") as answer:
        return json.loads(answer.read())


def limit(number: int, kind: str) -> Run:
    """One run of the plain conversion."""
    return measured([sys.executable, str(LIMIT), str(PAGES), str(number), kind], environment())


def environment() -> dict[str, str]:
    """Of a program that needs nothing special."""
    return {k: os.environ[k] for k in PLACES if k in os.environ}


def median(runs: Sequence[Run], what: str) -> float:
    """Of one quantity."""
    pick: Callable[[Any], float] = lambda run: getattr(run, what)  # noqa: E731
    return statistics.median(map(pick, runs))


if __name__ == "__main__":
    main()
