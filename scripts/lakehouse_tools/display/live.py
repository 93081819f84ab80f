"""An execution as a picture that is redrawn: objects with their figures, then dbt's nodes."""

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lakehouse_jobs.contract.runs import Status
from lakehouse_tools.display.words import count, duration, size, where
from lakehouse_tools.executions.progress import (
    READING,
    WAITING,
    BuildProgress,
    ExecutionProgress,
    NodeProgress,
    ObjectProgress,
)

_MARKS = {
    WAITING: ("·", "dim"),
    READING: ("▸", "cyan"),
    Status.LANDED: ("✓", "green"),
    Status.UNCHANGED: ("=", "green"),
    Status.SKIPPED: ("-", "yellow"),
    Status.SUPERSEDED: ("-", "yellow"),
    Status.FAILED: ("✗", "bold red"),
}
_NODE_STYLES = {"OK": "green", "PASS": "green", "WARN": "yellow", "SKIP": "yellow"}
_NODES_SHOWN = 8  # the newest; failures are always shown


def picture(progress: ExecutionProgress, *, height: int | None = None) -> RenderableType:
    """Everything known of the execution, to be drawn anew each time.

    Where it would be taller than ``height`` lines, the objects that went well are one line.
    """
    build: list[RenderableType] = []
    if progress.build:
        build = [_build_line(progress.build), *_nodes(progress.build)]
    objects = [item for group in progress.groups.values() for item in group.objects.values()]
    folded: list[ObjectProgress] = []
    if height is not None and len(objects) + len(build) + 3 > height:
        folded = [item for item in objects if item.status in _WELL]
    parts: list[RenderableType] = [_headline(progress)]
    if progress.groups:
        parts.append(_objects(progress, folded))
    if folded:
        parts.append(_folded_line(folded))
    return Stack(*parts, *build)


def _headline(progress: ExecutionProgress) -> Text:
    style = {"RUNNING": "bold cyan", "SUCCEEDED": "bold green"}.get(progress.status, "bold red")
    return Text.assemble(
        ("execution ", "dim"),
        progress.name,
        "  ",
        (where(progress), style),
        "  ",
        (duration(progress.seconds), "dim"),
    )


def _objects(progress: ExecutionProgress, folded: list[ObjectProgress]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("object")
    table.add_column("group", style="dim")
    for name in ("rows", "Parquet", "rows/s", "time"):
        table.add_column(name, justify="right")
    table.add_column("", overflow="ellipsis", no_wrap=True)
    for group in progress.groups.values():
        for item in group.objects.values():
            if item in folded:
                continue
            mark, style = _MARKS.get(item.status, ("?", ""))
            started = item.status != WAITING
            table.add_row(
                Text(mark, style=style),
                Text(item.name, style="" if started else "dim"),
                group.name,
                count(item.rows) if started else "",
                size(item.bytes) if item.bytes else "",
                count(round(item.rate)) if item.rows else "",
                duration(item.seconds) if started else "",
                Text(item.message or ("" if item.status in _QUIET else item.status), style=style),
            )
        if not group.objects:
            table.add_row("·", f"Glue run {group.state.lower()}", group.name, "", "", "", "", "")
    return table


_WELL = (Status.LANDED, Status.UNCHANGED)
_QUIET = (WAITING, READING, Status.LANDED)


def _folded_line(items: list[ObjectProgress]) -> Text:
    rows, stored = sum(i.rows for i in items), sum(i.bytes for i in items)
    return Text.assemble(
        ("✓", "green"), f"  {len(items)} objects", (f"  {count(rows)} rows, {size(stored)}", "dim")
    )


def _build_line(build: BuildProgress) -> Text:
    done = len(build.finished)
    total = f" of {build.total}" if build.total else ""
    failed = sum(1 for n in build.finished if n.status in ("FAIL", "ERROR"))
    line = Text.assemble(("dbt  ", "bold"), f"{done}{total} nodes")
    if failed:
        line.append(f", {failed} failed", style="bold red")
    if not done:
        line.append(f"  {(build.phase or build.state).lower().replace('_', ' ')}", style="dim")
    return line


def _nodes(build: BuildProgress) -> list[Text]:
    newest = build.finished[-_NODES_SHOWN:]
    failed = [n for n in build.finished if n.status in ("FAIL", "ERROR") and n not in newest]
    running = [n for n in build.nodes.values() if n.status is None]
    return [_node(node) for node in (*failed, *newest, *running)]


def _node(node: NodeProgress) -> Text:
    if node.status is None:
        return Text.assemble(("  ▸ ", "cyan"), node.text)
    style = _NODE_STYLES.get(node.status, "bold red")
    mark = "✓" if style == "green" else "✗" if style == "bold red" else "-"
    text = Text.assemble((f"  {mark} ", style), node.text, ("  " + duration(node.seconds), "dim"))
    if style != "green":
        text.append(f"  {node.detail}", style=style)
    return text
