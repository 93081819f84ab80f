"""How an environment stands: for a person, and as JSON."""

import json
from typing import Any

from rich.text import Text

from lakehouse_tools.display.console import output, show
from lakehouse_tools.display.needs import show_needs
from lakehouse_tools.display.standing import api_line, executions_table, objects_table
from lakehouse_tools.executions.standing import Standing
from lakehouse_tools.executions.states import ObjectState


def show_standing(standing: Standing) -> None:
    """Executions, objects, what needs a person."""
    console = output()
    if not standing.executions:
        option = standing.environment.option
        show(console, Text(f"no executions yet: start one with `lakehouse run{option}`"))
        return
    show(console, executions_table(standing.executions, standing.now))
    console.print()
    show(console, objects_table(standing.objects, standing.needs, standing.now))
    console.print()
    show_needs(console, standing.needs)
    if standing.api:
        console.print()
        show(console, Text(api_line(standing.api)))


def as_json(standing: Standing) -> str:
    """The same, as JSON. Times are ISO 8601 UTC, ages seconds."""
    return json.dumps(
        {
            "environment": standing.environment.name,
            "at": standing.now,
            "executions": [
                {"name": e.name, "status": e.status, "started": e.started, "stopped": e.stopped}
                for e in standing.executions
            ],
            "failure": standing.failure,
            "objects": [_object(standing, state) for state in standing.objects],
            "needs": [
                {"kind": n.kind, "object": n.object, "text": n.text, "remedy": n.remedy}
                for n in standing.needs
            ],
            "api": standing.api,
            "exit_status": standing.exit_status,
        },
        indent=2,
        ensure_ascii=False,
        default=lambda value: value.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def _object(standing: Standing, state: ObjectState) -> dict[str, Any]:
    behind = state.behind(standing.now)
    return {
        "name": state.name,
        "rows": state.rows,
        "watermark": state.watermark,
        "behind_seconds": None if behind is None else round(behind),
        "stale_after_minutes": state.limit_minutes,
        "stale": state.is_stale(standing.now),
        "rejected": state.rejected,
        "unfilled": dict(state.unfilled),
        "last_execution": state.told[0].execution if state.told else None,
        "last": state.last,
    }
