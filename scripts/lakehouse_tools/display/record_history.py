"""A record's versions for a terminal: what changed, when, and what it became."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from lakehouse_tools.dbt_models.columns import printable
from lakehouse_tools.display.console import show
from lakehouse_tools.display.standing import lean_table
from lakehouse_tools.display.words import count
from lakehouse_tools.versions.model import Change, RecordHistory, Value, Version, holds

_LONGEST: Final = 60  # characters of a value
_BEFORE: Final = 12  # characters of a long text that are shown before the first difference
_FIRST_FIELDS: Final = 10  # of the first version
_SOON: Final = {"deleted": "red", "found gone from Salesforce": "red", "undeleted": "green"}


def as_json(history: RecordHistory) -> str:
    """All of it, with whole texts."""
    return json.dumps(asdict(history), indent=2, ensure_ascii=False)


def show_history(console: Console, history: RecordHistory, *, option: str) -> None:
    """Print versions in order, then the rows they became. ``option``: as `` --env dev``."""
    versions = history.versions
    several = "" if len(versions) == 1 else "s"
    title = f"{history.object} {history.id}: {count(len(versions))} version{several} in raw"
    show(console, Text(title, style="bold"))
    for version in versions:
        show(console, _version(version, history))
    show(console, _marts(history, option))


def moment(text: str | None) -> str:
    """Athena's text of a time, without a fraction of zeros."""
    return "no stamp" if text is None else re.sub(r"\.(0+|(\d*?)0*)(?= |$)", _fraction, text)


def _fraction(found: "re.Match[str]") -> str:
    return f".{found[2]}" if found[2] else ""


def _version(version: Version, history: RecordHistory) -> RenderableType:
    head = Text(f"\n{version.number}  {moment(version.system_modified_at)}", style="bold")
    for mark in version.marks:
        head.append(f"  {mark}", style=_SOON.get(mark, "yellow"))
    if version.deleted_at:
        head.append(f" {moment(version.deleted_at)}", style="red")
    lines = [head, Text(f"   {_brought_by(version)}", style="dim")]
    return Group(*lines, *_differences(version, history))


def _brought_by(version: Version) -> str:
    parts = [f"by {version.modified_by}"] if version.modified_by else []
    parts += [
        f"read {moment(version.extracted_at)}",
        f"run {version.run}",
        f"batch {version.batch:,}",
        f"snapshot {version.snapshot.id}" if version.snapshot else "its snapshot has expired",
    ]
    return ", ".join(parts)


def _differences(version: Version, history: RecordHistory) -> Iterator[RenderableType]:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    if version.number == 1:
        fields = list(version.values.items())
        shown = fields if history.fields else fields[:_FIRST_FIELDS]
        for name, value in shown:
            table.add_row(f"   {name}", Text(shortened(value)))
        yield table
        if len(shown) < len(fields):
            yield Text(f"   … and {len(fields) - len(shown)} more: --json has all", style="dim")
    elif version.changes:
        for change in version.changes:
            table.add_row(f"   {change.field}", _arrow(change))
        yield table
    else:
        of = "the fields asked for" if history.fields else "no field"
        yield Text(f"   {of} {'did not change' if history.fields else 'changed'}", style="dim")


def _arrow(change: Change) -> Text:
    old, new = pair(change.old, change.new)
    return Text.assemble((old, "red"), " → ", (new, "green"))


def pair(old: Value, new: Value) -> tuple[str, str]:
    """Two values, long texts from shortly before where they begin to differ."""
    if not (isinstance(old, str) and isinstance(new, str)):
        return shortened(old), shortened(new)
    same = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    start = max(0, same - _BEFORE) if max(len(old), len(new)) > _LONGEST else 0
    before = "…" if start else ""
    return before + shortened(old[start:]), before + shortened(new[start:])


def shortened(value: Value) -> str:
    """A value in one line; a text is cut at 60 characters."""
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else repr(value)
    text = printable(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(str(value)):,} characters)"


def _marts(history: RecordHistory, option: str) -> RenderableType:
    if not history.own:
        return Text("\nno staging model of this object is built yet", style="dim")
    table = lean_table("became", "from", "to", "by")
    by_batch = {version.batch: version.number for version in history.versions}
    for model in history.own:
        name = model.table
        for row in model.rows:
            table.add_row(name, *_period(row), _source(row, by_batch))
            name = ""
        if not model.rows:
            table.add_row(name, Text("no row", style="dim"), "", "")
    lines: list[RenderableType] = [Text(), table]
    if history.carriers:
        carried = lean_table("carries the id", "column", "rows", right=("rows",))
        for carrier in history.carriers:
            carried.add_row(carrier.table, carrier.column, count(carrier.rows))
        first = history.carriers[0]
        # The shell reads what stands between double quotes, so the column has none.
        condition = holds(first.column, history.id).replace('"', "")
        ask = f"select * from {first.table} where {condition}"  # noqa: S608 - to paste
        lines += [Text(), carried, Text(f'\nlakehouse query{option} "{ask}"', style="dim")]
    return Group(*lines)


def _period(row: Mapping[str, Any]) -> tuple[str, str]:
    if "valid_from" not in row:
        return ("deleted" if row.get("is_deleted") else "", "")
    end = "current" if row.get("is_current") else moment(row["valid_to"])
    return moment(row["valid_from"]), end


def _source(row: Mapping[str, Any], by_batch: Mapping[int, int]) -> str:
    """The version that a row's batch names."""
    number = by_batch.get(row["_batch"]) if "_batch" in row else None
    return "" if number is None else f"version {number}"
