"""What an execution costs on AWS, from list prices and stated durations.

Prices are those of `lakehouse_tools/prices.py`, sizes those of `config/` as it is: its groups,
and an environment's schedules and dbt's sessions, all of the smallest worker; a build runs as many
models, seeds and data tests as the dbt project has as it is shipped. Durations are
assumptions that you pass in, not measurements. A Glue run bills at least a minute, so short ones
cost the same.

    python benchmarks/cost_of_a_run.py --env prod --extract-minutes 2 --dbt-minutes 9
    python benchmarks/cost_of_a_run.py --by-objects
    python benchmarks/cost_of_a_run.py --by-models
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from lakehouse_jobs.contract.schedule import starts_a_day
from lakehouse_tools.prices import (
    ALARM_MONTH,
    DAYS_PER_MONTH,
    EVERY,
    GB_MONTH,
    KEY_MONTH,
    SECRET_MONTH,
    Execution,
    glue_run,
)

CONFIG: Final = Path(__file__).resolve().parents[1] / "config"
ALARMS: Final = 5  # of PipelineAlarms
# About what a build of the project as it is shipped runs: tests/dbt/test_price.py counts it.
NODES: Final = 115


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", choices=("dev", "prod"), default="prod", help="its config")
    parser.add_argument("--with-rows", type=float, default=1, help="share of runs that build")
    parser.add_argument("--groups", type=int, help="default: those of the configuration")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--extract-minutes", type=float, default=2)
    parser.add_argument("--session-workers", type=int, help="default: all sessions' together")
    parser.add_argument(
        "--nodes", type=int, default=NODES, help="models, seeds and tests in a build"
    )
    parser.add_argument("--dbt-minutes", type=float, help="default: what so many nodes take")
    parser.add_argument("--upkeep-minutes", type=float, default=4, help="of dbt's tables, a day")
    parser.add_argument("--lake-gb", type=float, default=10)
    parser.add_argument("--by-objects", action="store_true", help="extraction alone, by objects")
    parser.add_argument("--start-seconds", type=float, default=20)
    parser.add_argument("--object-seconds", type=float, default=4)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--by-models", action="store_true", help="dbt alone, by models")
    parser.add_argument("--session-seconds", type=float, default=75)
    parser.add_argument("--model-seconds", type=float, default=3)
    given = vars(parser.parse_args())
    environment, with_rows = given.pop("env"), given.pop("with_rows")
    groups, workers = shipped(environment)
    given["groups"] = given["groups"] or groups
    given["session_workers"] = given["session_workers"] or workers
    by_models = {k: given.pop(k) for k in ("session_seconds", "model_seconds")}
    nodes, of_nodes = given.pop("nodes"), ""
    if given["dbt_minutes"] is None:
        given["dbt_minutes"] = build_minutes(nodes, **by_models)
        of_nodes = f"{nodes} models, seeds and data tests in a build, "
    if given.pop("by_models"):
        print(build_table(session_workers=given["session_workers"], **by_models))
        return
    by_objects = {k: given.pop(k) for k in ("start_seconds", "object_seconds", "at_once")}
    if given.pop("by_objects"):
        print(table(workers=given["workers"], **by_objects))
        return
    lake_gb, upkeep_minutes = given.pop("lake_gb"), given.pop("upkeep_minutes")
    run = Execution(**given)
    # A session of its own at the end of a day's first build.
    upkeep = DAYS_PER_MONTH * replace(run, groups=0, dbt_minutes=upkeep_minutes).build()
    rest = KEY_MONTH + SECRET_MONTH + ALARMS * ALARM_MONTH + lake_gb * GB_MONTH
    print(f"assumed: {run}, {of_nodes}{lake_gb:g} GB in the lake")
    print(f"one execution      {run.total():8.2f}  (extract {run.extract():.2f},"
          f" dbt {run.build():.2f}, states {run.states():.4f})")  # fmt: skip
    print(f"at rest, a month   {rest:8.2f}  (one key, one secret, {ALARMS} alarms,"
          f" {lake_gb:g} GB)")  # fmt: skip
    print(f"upkeep, a month    {upkeep:8.2f}  (a session of {upkeep_minutes:g} minutes a day)")
    for name, runs in EVERY.items():
        print(f"{name + ', a month':<18} {run.total() * runs + upkeep + rest:8.2f}")
    starts = scheduled(environment, groups=run.groups)
    runs = sum(
        DAYS_PER_MONTH * a_day * of.total(builds=with_rows)
        for of, a_day in ((replace(run, groups=read), a_day) for read, a_day in starts)
    )
    times = " + ".join(f"{DAYS_PER_MONTH * a_day:.0f} of {read}" for read, a_day in starts)
    print(f"as scheduled       {runs + upkeep + rest:8.2f}  (a month of {environment}; starts and"
          f" their groups: {times or 'none'}; {with_rows:.0%} bring rows)")  # fmt: skip


def shipped(environment: str) -> tuple[int, int]:
    """Groups of objects, and workers of all of dbt's sessions together, as ``config/`` has them."""
    objects = json.loads((CONFIG / "salesforce_objects.json").read_text(encoding="utf-8"))
    dbt = json.loads((CONFIG / f"{environment}.json").read_text(encoding="utf-8"))["dbt"]
    return len(objects["groups"]), dbt["workers"] * dbt["threads"]


def scheduled(environment: str, *, groups: int) -> list[tuple[int, float]]:
    """Groups that are read, and starts a day, for each schedule of ``config/``, enabled or not.

    One whose times are not known, such as a single ``at(…)``, is left out.
    """
    config = json.loads((CONFIG / f"{environment}.json").read_text(encoding="utf-8"))
    found = [
        (len(schedule.get("groups") or ()) or groups, starts_a_day(schedule["expression"]))
        for schedule in config["schedules"]
    ]
    return [(read, a_day) for read, a_day in found if a_day is not None]


def build_minutes(nodes: int, *, session_seconds: float, model_seconds: float) -> float:
    """Minutes of a build: its session's start and dbt's own, then one node after the other."""
    return (session_seconds + model_seconds * nodes) / 60


def build_table(*, session_workers: int, session_seconds: float, model_seconds: float) -> str:
    """US$ a build and a month for incremental builds with one thread, as Markdown."""
    lines = [
        f"Assumed: {session_seconds:g} s for the session's start and dbt's own, "
        f"{model_seconds:g} s for a model or a data test, one thread, {session_workers} G.1X "
        "workers and CodeBuild's small machine; billed at least a minute.\n",
        f"| models and tests | billed minutes | a build | {_months()} |",
        "|---:|---:|---:" + "|---:" * len(EVERY) + "|",
    ]
    for nodes in (10, NODES, 300):
        minutes = build_minutes(nodes, session_seconds=session_seconds, model_seconds=model_seconds)
        once = Execution(
            groups=0,
            workers=0,
            extract_minutes=0,
            session_workers=session_workers,
            dbt_minutes=minutes,
        ).build()
        months = " | ".join(f"{once * runs:,.2f}" for runs in EVERY.values())
        lines.append(f"| {nodes} | {max(minutes, 1):.1f} | {once:.3f} | {months} |")
    return "\n".join(lines)


def table(*, workers: int, start_seconds: float, object_seconds: float, at_once: int) -> str:
    """US$ a run and a month for incremental runs of one group, as Markdown."""
    lines = [
        f"Assumed: {start_seconds:g} s to start, {object_seconds:g} s for an object with few "
        f"changes, {at_once} at once, {workers} G.1X workers; billed by the second, at least a "
        "minute.\n",
        f"| objects | billed minutes | a run | {_months()} |",
        "|---:|---:|---:" + "|---:" * len(EVERY) + "|",
    ]
    for objects in (1, 20, 200):
        minutes = (start_seconds + object_seconds * -(-objects // at_once)) / 60
        once = glue_run(workers=workers, minutes=minutes)
        months = " | ".join(f"{once * runs:,.2f}" for runs in EVERY.values())
        lines.append(f"| {objects} | {max(minutes, 1):.1f} | {once:.3f} | {months} |")
    return "\n".join(lines)


def _months() -> str:
    return " | ".join(f"{each}, a month" for each in EVERY)


if __name__ == "__main__":
    main()
