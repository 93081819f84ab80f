"""Seconds that `cdk synth LakehouseDev` takes beside an empty app with the same imports.

The empty app is as anyone would write it; a second one also tells Node what `app.py` tells it,
so that what that saves can be told apart. Each app is a folder of its own and is synthesized by
the real CDK CLI, in turns, so that whatever else the machine does meets all of them; the first
turn warms the caches and is not counted. Seconds of CPU are of the CLI and all that it started.

    make bench-synth
    python benchmarks/synth.py --rounds 9 --objects 200
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lakehouse_local.home import Home
from lakehouse_tools.deploy import cdk

ROOT = Path(__file__).parents[1]
PARTS = ("app.py", "cdk.json", "stacks", "config")
STARTED = "use_bundled_node()\n"
EMPTY = '''\
"""An app with the imports of the lakehouse's and next to nothing in its stack."""

import json
from pathlib import Path

from lakehouse_app import check_quickly, use_bundled_node

use_bundled_node()

from aws_cdk import App, CfnWaitConditionHandle, Environment, Stack, Validations
from cdk_nag import AwsSolutionsChecks

import stacks.delivery_settings
import stacks.delivery_stack
import stacks.lakehouse_stack
import stacks.settings

context = json.loads(Path("cdk.json").read_text())["context"]
app = App(analytics_reporting=False, context=context)
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
# CDK's own check refuses a template without any.
CfnWaitConditionHandle(Stack(app, "LakehouseDev", env=Environment()), "Handle")
app.synth()
'''


@dataclass(frozen=True)
class Turn:
    """One synthesis."""

    wall: float  # s
    cpu: float  # s, user and system


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Print the table of cdk synth.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--objects", type=int, default=200, help="in the third app")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as scratch:
        folder = Path(scratch)
        apps = {
            "an empty app with the same imports": empty_app(folder / "empty"),
            "the same, Node started as `app.py` does": empty_app(folder / "started", quickly=True),
            "`LakehouseDev`, 14 objects": lakehouse_app(folder / "shipped"),
            f"`LakehouseDev`, {given.objects} objects": many_objects(
                folder / "many", given.objects
            ),
        }
        turns: dict[str, list[Turn]] = {name: [] for name in apps}
        for turn in range(given.rounds + 1):
            for name, app in apps.items():
                done = synthesize(app)
                if turn:
                    turns[name].append(done)
    print(table(turns))


def lakehouse_app(folder: Path) -> Path:
    """The project's app, with the constructs of this environment."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / part)
    return folder


def empty_app(folder: Path, *, quickly: bool = False) -> Path:
    """The same folder with an app that makes one empty stack.

    ``quickly``: with what ``app.py`` tells Node beyond what any CDK app does.
    """
    (lakehouse_app(folder) / "app.py").rename(folder / "lakehouse_app.py")
    text = EMPTY.replace(STARTED, f"{STARTED}check_quickly()\n") if quickly else EMPTY
    (folder / "app.py").write_text(text, encoding="utf-8")
    return folder


def many_objects(folder: Path, objects: int) -> Path:
    """The project's app with custom objects added to its first group until there are so many."""
    path = lakehouse_app(folder) / "config" / "salesforce_objects.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    groups = config["groups"]
    missing = objects - sum(len(group["include"]) for group in groups.values())
    next(iter(groups.values()))["include"] += [f"Custom_{n}__c" for n in range(missing)]
    path.write_text(json.dumps(config), encoding="utf-8")
    return folder


def synthesize(app: Path) -> Turn:
    """`cdk synth LakehouseDev` in a folder."""
    before, began = cpu_of_children(), time.monotonic()
    subprocess.run(
        [
            *cdk.command(Home.from_environment().node_modules),
            *("synth", "LakehouseDev", "--quiet", "--no-notices"),
            *("--app", f"{sys.executable} app.py", "--output", "cdk.out"),
        ],
        cwd=app,
        env=environment(app, os.environ),
        capture_output=True,
        check=True,
    )
    return Turn(time.monotonic() - began, cpu_of_children() - before)


def environment(app: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """As `lakehouse up` calls the CLI; the app's folder need not be written to otherwise."""
    return cdk.child_environment({}, cache=app / ".cdk", drop_aws=True, environ=environ)


def cpu_of_children() -> float:
    """Seconds of CPU of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(turns: Mapping[str, list[Turn]]) -> str:
    """Markdown: medians, and ratios to both empty apps."""
    rows = [
        f"Medians of {len(next(iter(turns.values())))} turns.\n",
        "| app | s by wall | to the empty app | s of CPU | to the empty app | to the second |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    walls = {name: median(t.wall for t in done) for name, done in turns.items()}
    cpus = {name: median(t.cpu for t in done) for name, done in turns.items()}
    empty, started, *_ = turns
    for name in turns:
        rows.append(
            f"| {name} | {walls[name]:.1f} | {walls[name] / walls[empty]:.2f} "
            f"| {cpus[name]:.1f} | {cpus[name] / cpus[empty]:.2f} "
            f"| {cpus[name] / cpus[started]:.2f} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
