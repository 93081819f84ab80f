"""The files of a run: ``<run>.html``, ``.md`` and ``.json`` in one folder."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.as_json import VERSION, as_json
from lakehouse_tools.comparison.report.as_markdown import as_markdown
from lakehouse_tools.comparison.run import Kind, Report


def new_run() -> str:
    """A name for a run: the time, UTC, and four digits by chance."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def write_report(report: Report, folder: Path, earlier: Sequence[dict[str, Any]] = ()) -> Path:
    """Write the three files; the path of the page for people. The JSON comes last.

    ``earlier``: the runs before, which the page shows too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{report.run}.html"
    page.write_text(as_html(report, earlier), encoding="utf-8")
    page.with_suffix(".md").write_text(as_markdown(report), encoding="utf-8")
    page.with_suffix(".json").write_text(as_json(report), encoding="utf-8")
    return page


def read_runs(folder: Path, kind: Kind) -> list[dict[str, Any]]:
    """The reports of one kind in a folder, the oldest first."""
    runs = []
    for path in folder.glob("*.json"):
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            run = None
        if not isinstance(run, dict) or run.get("version") != VERSION:
            raise ComparisonFailedError(
                f"{path}: no report of this version of `lakehouse compare`: move it away"
            )
        if run["kind"] == kind:
            runs.append(run)
    return sorted(runs, key=lambda run: (run["made_at"], run["run"]))
