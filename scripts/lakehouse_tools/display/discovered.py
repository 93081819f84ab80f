"""What was discovered in an org: for a person, and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lakehouse_tools.discover.estimate import Estimate, assumptions, concern, first_load
from lakehouse_tools.discover.findings import Census, ObjectFinding
from lakehouse_tools.display.console import show
from lakehouse_tools.display.standing import lean_table
from lakehouse_tools.display.words import count, duration


def show_census(
    console: Console, census: Census, expected: Estimate, *, all_objects: bool, daily_changes: float
) -> None:
    """The table, what is worth a look, what it will take, and what it took to find out."""
    shown = list(census.objects) if all_objects else census.proposed
    show(console, objects_table(shown))
    _fold(console, census, shown)
    _details(console, "looks personal", {o.name: _reasons(o) for o in shown})
    _details(console, "hidden from the user", {o.name: list(o.hidden or ()) for o in shown})
    console.print()
    show(console, estimate_table(expected))
    worry = concern(expected, limit=census.limit)
    if worry:
        show(console, Text(worry, style="bold red"))
    show(console, Text(assumptions(daily_changes), style="dim"))
    console.print()
    for note in census.notes:
        show(console, Text(f"note: {note}", style="yellow"))
    show(console, Text(calls_line(census)))


def objects_table(objects: Sequence[ObjectFinding]) -> Table:
    """A row for each object. A number with ~ is the org's cached count."""
    table = lean_table(
        "object", "rows", "by", "formula", "personal", "hidden", "first load",
        right=("rows", "formula", "personal", "hidden", "first load"),
    )  # fmt: skip
    for found in objects:
        table.add_row(
            Text(found.name, style="dim" if found.folded else ""),
            rows_text(found),
            "Bulk" if found.api == "bulk" else "REST",
            count(len(found.formulas)) if found.fields else "–",
            Text(
                count(len(found.personal)) if found.fields else "–",
                style="yellow" if found.personal else "",
            ),
            "?" if found.hidden is None else count(len(found.hidden)),
            duration(first_load(found).seconds) if found.rows is not None else "–",
        )
    return table


def rows_text(found: ObjectFinding) -> str:
    """``1,234`` where it was counted, ``~1,234`` where the org gave its cached figure."""
    return count(found.rows) if found.rows_exact or found.rows is None else f"~{count(found.rows)}"


def estimate_table(expected: Estimate) -> Table:
    """The first load, one run and a month side by side."""
    table = lean_table("", "time", "API calls", "AWS", right=("time", "API calls", "AWS"))
    table.add_row(
        "first load",
        duration(expected.first_minutes * 60),
        count(expected.first_calls),
        f"${expected.first_cost:,.2f}",
    )
    table.add_row(
        f"a month, {expected.every}",
        f"{duration(expected.run_minutes * 60)} a run",
        f"{count(expected.calls_per_day)} a day",
        f"${expected.month_cost:,.2f}",
    )
    return table


def calls_line(census: Census) -> str:
    """What it took, and what is left of the org's day."""
    took = f"{count(census.calls)} API calls and {duration(census.seconds)}"
    text = f"this took {took}, and changed nothing"
    if census.used is not None and census.limit:
        text += (
            f"; {count(census.used)} of the org's {count(census.limit)} a day are used by everybody"
        )
    return text


def as_json(census: Census, expected: Estimate, *, written: Sequence[str]) -> str:
    """The whole census, for programs."""
    value: dict[str, Any] = {
        "org_id": census.org_id,
        "instance_url": census.instance_url,
        "objects": [_object(found) for found in census.objects],
        "estimate": asdict(expected),
        "calls": census.calls,
        "api": {"used": census.used, "limit": census.limit},
        "concern": concern(expected, limit=census.limit),
        "notes": list(census.notes),
        "written": list(written),
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def _object(found: ObjectFinding) -> dict[str, Any]:
    load = first_load(found)
    return {
        "name": found.name,
        "label": found.label,
        "rows": found.rows,
        "rows_exact": found.rows_exact,
        "api": found.api,
        "folded": found.folded,
        "looked_into": bool(found.fields),
        "fields": len(found.fields),
        "formulas": found.formulas,
        "personal": {field.name: field.personal for field in found.personal},
        "hidden": None if found.hidden is None else list(found.hidden),
        "first_load": asdict(load) if found.rows is not None else None,
    }


def _fold(console: Console, census: Census, shown: Sequence[ObjectFinding]) -> None:
    if any(found.rows is not None and not found.rows_exact for found in shown):
        show(console, Text("~ as the org last counted: approximate", style="dim"))
    missing = len(census.objects) - len(shown)
    if missing:
        reasons: dict[str, int] = {}
        for found in census.objects:
            if found.folded:
                reasons[found.folded] = reasons.get(found.folded, 0) + 1
        ordered = sorted(reasons.items(), key=lambda item: -item[1])
        text = ", ".join(f"{reason} ({number})" for reason, number in ordered)
        show(console, Text(f"and {missing} not shown, --all shows them: {text}", style="dim"))


def _reasons(found: ObjectFinding) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for field in found.personal:
        by_reason.setdefault(field.personal or "", []).append(field.name)
    return [f"{reason}: {', '.join(names)}" for reason, names in by_reason.items()]


def _details(console: Console, title: str, told: Mapping[str, Sequence[str]]) -> None:
    if not any(told.values()):
        return
    console.print()
    show(console, Text(title, style="bold"))
    for name, texts in told.items():
        if texts:
            show(console, Padding(Text(f"{name}: {'; '.join(texts)}"), (0, 0, 0, 2)))
