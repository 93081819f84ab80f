"""The table ``_comparison_runs``: one row a table and run, which the gate reads again.

It lies in the raw database beside ``_runs``. What the gate needs of a run stands in its rows,
so that it asks the lake and no folder on somebody's machine; the reports are for people.
"""

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from lakehouse_jobs.raw.create import load_or_create
from lakehouse_jobs.raw.schema import RawColumn, arrow_schema, new_schema
from lakehouse_tools.comparison.report.as_json import as_dict
from lakehouse_tools.comparison.run import Report
from lakehouse_tools.environment import Environment
from lakehouse_tools.iceberg_catalog import catalog
from lakehouse_tools.stack import Stack

TABLE: Final = "_comparison_runs"
_COLUMNS: Final = tuple(
    RawColumn(name=name, type=kind, comment=comment)
    for name, kind, comment in (
        ("run", "string", "Name of the run; its report has the same"),
        ("made_at", "timestamptz", "When it was made"),
        ("verdict", "string", "Of the run: pass, warn, fail or not compared"),
        ("table_name", "string", "Name of the pair"),
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
_COUNTS: Final = ("rows_old", "rows_new", "keys", "wrong", "unexplained", "digest")


def record(environment: Environment, stack: Stack, report: Report) -> None:
    """Add a run's rows, in one commit. The table is made where there is none."""
    import pyarrow as pa

    table = load_or_create(
        catalog(environment),
        (stack.raw_database, TABLE),
        bucket=stack.lake_bucket_name,
        schema=lambda: new_schema(_COLUMNS),
        properties={},
    )
    schema = arrow_schema(table.schema(), _COLUMNS)
    table.append(pa.Table.from_pylist(as_rows(as_dict(report)), schema=schema))


def recorded(environment: Environment, stack: Stack) -> list[dict[str, Any]]:
    """The runs as the gate reads them, the oldest first; none where there is no table."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        table = catalog(environment).load_table((stack.raw_database, TABLE))
    except NoSuchTableError:
        return []
    rows = table.scan().to_arrow().to_pylist()
    rows.sort(key=lambda row: (row["made_at"], row["run"]))
    return [as_run(list(found)) for _, found in groupby(rows, key=lambda row: row["run"])]


def as_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A report's rows, by column."""
    shared = {name: report[name] for name in ("run", "engine", "fingerprint", "verdict")}
    shared["made_at"] = datetime.fromisoformat(report["made_at"]).astimezone(UTC)
    shared["run_checks"] = json.dumps(report["checks"], ensure_ascii=False)
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
    """One run in the shape of a report, as far as the gate reads it."""
    first = rows[0]
    return {
        **{name: first[name] for name in ("run", "fingerprint", "verdict")},
        "checks": json.loads(first["run_checks"]),
        "tables": [
            {
                "name": row["table_name"],
                "cutoff": row["cutoff"],
                "pins": [row["pin_old"], row["pin_new"]],
                "checks": json.loads(row["checks"]),
                "rows": {name: row[name] for name in _COUNTS},
            }
            for row in rows
        ],
    }
