"""The demo's old lake is loaded and compared with the marts, as before a cut-over."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lakehouse_local import old_lake
from lakehouse_local.home import Home
from lakehouse_tools.comparison import gate, trend
from lakehouse_tools.comparison.asked import ask
from lakehouse_tools.comparison.gate import Requirement
from lakehouse_tools.comparison.memory import MEMORY
from lakehouse_tools.comparison.reading import read_config
from lakehouse_tools.comparison.report.files import new_run, write_report
from lakehouse_tools.comparison.run import Report, compare
from lakehouse_tools.comparison.session import opened
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

_CONFIG: Final = Path("config")
_COMPARISON: Final = "comparison.json"
_HISTORY: Final = "runs/history.json"  # in the old lake
_LASTS: Final = timedelta(hours=1)  # a load of an old system, as its job history would say


def load(environment: Environment, home: Home) -> None:
    """Load the old lake from the org as it is now, and note the run in its history."""
    old_lake.load(home, environment.client)
    now = datetime.now(UTC)
    s3 = environment.client("s3")
    runs: list[dict[str, str]] = []
    with suppress(s3.exceptions.NoSuchKey):
        runs = json.load(s3.get_object(Bucket=old_lake.BUCKET, Key=_HISTORY)["Body"])
    runs.append({"started": (now - _LASTS).isoformat(), "ended": now.isoformat()})
    s3.put_object(Bucket=old_lake.BUCKET, Key=_HISTORY, Body=json.dumps(runs, indent=1).encode())


def compare_with_marts(environment: Environment, home: Home, stack: Stack) -> tuple[Report, Path]:
    """Compare all pairs of the shipped configuration; the report and its page."""
    config = read_config(_configured(home))
    with opened(config, environment, engine="duckdb", memory=MEMORY) as session:
        report = compare(
            config,
            session.engine,
            session.sides,
            run=new_run(),
            environment=environment,
            stack=stack,
        )
    earlier = trend.recorded(environment, stack)
    page = write_report(report, folder(home) / "reports", earlier)
    trend.record(environment, stack, report)
    return report, page


def missing(environment: Environment, home: Home) -> list[Requirement]:
    """What the gate still lacks."""
    found = ask(environment, folder(home) / _COMPARISON)
    return [one for one in found if not one.met]


def gate_command(home: Home) -> str:
    """What asks the gate about the demo's runs."""
    return f"gate --config {_relative(folder(home) / _COMPARISON)}"


def folder(home: Home) -> Path:
    """Where the demo keeps its configuration of the comparison, and below it the reports."""
    return home.instance / "comparison"


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _configured(home: Home) -> Path:
    """The shipped configuration with what a team would add: the old lake's habits, explained."""
    shipped: dict[str, Any] = json.loads((_CONFIG / _COMPARISON).read_text(encoding="utf-8"))
    shipped["old"] = {"database": old_lake.DATABASE}
    shipped["performance"]["old"] = {"file": f"s3://{old_lake.BUCKET}/{_HISTORY}"}
    for table in shipped["tables"]:
        table["left_out"]["old"].append("in_last_load")
        table["known_differences"] = [
            {
                "name": "deletions that the old load missed",
                "rows": "only_old",
                "where": "old.in_last_load = 'false'",
                "reason": "the old load never removes what is gone from Salesforce",
                "owner": "the demo",
                "expires": "2099-12-31",
                "at_most": 10_000,
            }
        ]
    path = folder(home) / _COMPARISON
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(shipped, indent=1), encoding="utf-8")
    checklist = (_CONFIG / gate.CHECKLIST).read_text(encoding="utf-8")
    path.with_name(gate.CHECKLIST).write_text(checklist, encoding="utf-8")
    return path
