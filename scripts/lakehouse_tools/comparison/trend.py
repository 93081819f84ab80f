"""The table ``_comparison_runs``: one row a table and run, which the gate reads again.

It lies in the raw database beside ``_runs``. What the gate needs of a run stands in its rows,
so that it asks the lake and no folder on somebody's machine; the reports are for people.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from lakehouse_jobs.contract.raw_log import COMPARISON_RUNS_TABLE
from lakehouse_jobs.errors import RawTableError
from lakehouse_jobs.raw.create import load_or_create
from lakehouse_jobs.raw.schema import RawColumn, arrow_schema, new_schema
from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.report.over_runs import MOST
from lakehouse_tools.comparison.run import Report
from lakehouse_tools.environment import Environment
from lakehouse_tools.iceberg_catalog import catalog
from lakehouse_tools.stack import Stack

if TYPE_CHECKING:
    from pyiceberg.table import Table

Runs = list[dict[str, Any]]

_COLUMNS: Final = tuple(
    RawColumn(name=name, type=kind, comment=comment)
    for name, kind, comment in (
        ("run", "string", "Name of the run; its report has the same"),
        ("made_at", "timestamptz", "When it was made"),
        ("verdict", "string", "Of the run: pass, warn, fail or not compared"),
        ("table_name", "string", "Name of the pair; empty where a run had none"),
        ("status", "string", "Of the pair: pass, warn, fail or not compared"),
        ("rows_old", "long", "Rows of the old table that were compared"),
        ("rows_new", "long", "Rows of the new table that were compared"),
        ("keys", "long", "Keys on either side"),
        ("wrong", "long", "Of them, not once on each side with equal cells"),
        ("unexplained", "long", "Of them, without a known difference"),
        ("moved", "long", "Keys left out because they changed after the cutoff"),
        ("seconds", "double", "That the pair took"),
        ("cutoff", "string", "Up to when the old table was loaded, UTC"),
        ("pin_old", "string", "What was read of the old table"),
        ("pin_new", "string", "What was read of the new table"),
        ("digest", "string", "Names just these unexplained keys"),
        ("checks", "string", "JSON list: the checks of the pair"),
        ("run_checks", "string", "JSON list: the checks of all pairs together"),
        ("engine", "string", "Engine and its version"),
        ("fingerprint", "string", "Of the configuration"),
    )
)
_WINDOWS: Final = (timedelta(days=3), timedelta(days=30), None)  # of runs by the hour, by the day
_COUNTS: Final = ("rows_old", "rows_new", "keys", "wrong", "unexplained", "digest")


def record(environment: Environment, stack: Stack, report: Report) -> None:
    """Add a run's rows, in one commit. The table is made where there is none.

    Raises ComparisonFailedError where the lake does not take them.
    """
    import pyarrow as pa

    with _told(stack, f"run {report.run} is not recorded, so the gate does not see it"):
        table = load_or_create(
            catalog(environment),
            (stack.raw_database, COMPARISON_RUNS_TABLE),
            bucket=stack.lake_bucket_name,
            schema=lambda: new_schema(_COLUMNS),
            properties={},
        )
        schema = arrow_schema(table.schema(), _COLUMNS)
        table.append(pa.Table.from_pylist(as_rows(as_dict(report)), schema=schema))


def enough_to_show(runs: Runs) -> bool:
    """Whether the page has all that it shows."""
    return len(runs) >= MOST


def recorded(
    environment: Environment, stack: Stack, enough: Callable[[Runs], bool] = enough_to_show
) -> Runs:
    """The last runs as gate and page read them, the oldest first; none where there is no table.

    At least as many as are ``enough``, or all. Each run adds files, so that the whole table takes
    longer from week to week. Raises ComparisonFailedError where it cannot be read.
    """
    from pyiceberg.exceptions import NoSuchTableError

    runs: Runs = []
    with _told(stack, "the runs cannot be read"):
        try:
            table = catalog(environment).load_table((stack.raw_database, COMPARISON_RUNS_TABLE))
        except NoSuchTableError:
            return []
        for window in _WINDOWS:
            runs = _since(table, window)
            if enough(runs):
                break
    return runs


def _since(table: "Table", window: timedelta | None) -> Runs:
    """The runs of the last days, or all; the files of older ones are not opened."""
    scan = table.scan()
    if window is not None:
        scan = scan.filter(f"made_at >= '{(datetime.now(UTC) - window).isoformat()}'")
    rows = scan.to_arrow().to_pylist()
    rows.sort(key=lambda row: (row["made_at"], row["run"]))
    return [as_run(list(found)) for _, found in groupby(rows, key=lambda row: row["run"])]


@contextmanager
def _told(stack: Stack, what: str) -> Iterator[None]:
    """PyIceberg's and PyArrow's errors in a sentence: boto3 knows nothing of them."""
    from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException

    try:
        yield
    except (OSError, CommitFailedException, CommitStateUnknownException, RawTableError) as error:
        raise ComparisonFailedError(
            f"{stack.raw_database}.{COMPARISON_RUNS_TABLE}: {what}: {error}: look at the right to"
            " this table and its files, then run the command again"
        ) from error


def as_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A report's rows, by column."""
    shared = {name: report[name] for name in ("run", "engine", "fingerprint", "verdict")}
    shared["made_at"] = datetime.fromisoformat(report["made_at"]).astimezone(UTC)
    shared["run_checks"] = json.dumps(report["checks"], ensure_ascii=False)
    if not report["tables"]:  # the gate needs the run's own checks all the same
        return [{**shared, "table_name": "", "status": report["verdict"], "checks": "[]"}]
    return [
        {
            **shared,
            "table_name": table["name"],
            **{name: table[name] for name in ("status", "moved", "seconds", "cutoff")},
            "pin_old": table["pins"][0],
            "pin_new": table["pins"][1],
            "checks": json.dumps(table["checks"], ensure_ascii=False),
            **{name: (table["rows"] or {}).get(name) for name in _COUNTS},
        }
        for table in report["tables"]
    ]


def as_run(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One run in the shape of a report, as far as the gate and the page read it."""
    first = rows[0]
    return {
        **{name: first[name] for name in ("run", "fingerprint", "verdict")},
        "made_at": first["made_at"].isoformat(timespec="seconds"),
        "checks": json.loads(first["run_checks"]),
        "tables": [
            {
                "name": row["table_name"],
                "status": row["status"],
                "cutoff": row["cutoff"],
                "pins": [row["pin_old"], row["pin_new"]],
                "checks": json.loads(row["checks"]),
                "rows": {name: row[name] for name in _COUNTS},
            }
            for row in rows
            if row["table_name"]
        ],
    }
