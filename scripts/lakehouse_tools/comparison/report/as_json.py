"""The report as JSON: what the gate reads, run after run."""

import json
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

from lakehouse_tools.comparison.counts import RowCounts, overall
from lakehouse_tools.comparison.run import Report, TableReport

VERSION: Final = 1


def as_json(report: Report) -> str:
    """The whole report; accuracies as pairs of integers, as nothing is rounded."""
    return json.dumps(as_dict(report), indent=1, ensure_ascii=False) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    whole = overall([t.counts for t in report.tables if t.counts])
    return {
        "version": VERSION,
        "kind": report.kind,
        "subject": report.subject,
        "run": report.run,
        "made_at": report.made_at.isoformat(timespec="seconds"),
        "engine": report.engine,
        "config": report.config,
        "fingerprint": report.fingerprint,
        "verdict": report.status,
        "overall": _share(whole),
        "checks": [asdict(check) for check in report.checks],
        "tables": [_table(table) for table in report.tables],
    }


def _table(table: TableReport) -> dict[str, Any]:
    return {
        "name": table.name,
        "old": table.old,
        "new": table.new,
        "pins": table.pins,
        "cutoff": table.cutoff,
        "moved": table.moved,
        "left_out": _share(table.left_out),
        "status": table.status,
        "records": table.records,
        "seconds": round(table.seconds, 3),
        "checks": [asdict(check) for check in table.checks],
        "rows": _rows(table.counts) if table.counts else None,
        "profiles": [
            {k: _share(v) if isinstance(v, Fraction) else v for k, v in asdict(one).items()}
            for one in table.profiles
        ],
    }


def _rows(counts: RowCounts) -> dict[str, Any]:
    return {
        **asdict(counts),
        "keys": counts.keys,
        "wrong": counts.wrong,
        "unexplained": counts.unexplained,
        "digest": counts.digest(),
    }


def _share(share: Fraction | None) -> list[int] | None:
    return None if share is None else [share.numerator, share.denominator]
