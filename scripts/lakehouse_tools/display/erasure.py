"""An erasure for a terminal: what would go, and what was proved."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_tools.display.console import show
from lakehouse_tools.display.standing import lean_table
from lakehouse_tools.display.words import count
from lakehouse_tools.erasure.model import Asked, Erasure, Found, Survey


def show_survey(console: Console, asked: Sequence[Asked], survey: Survey) -> None:
    """What the lake has of the records, and what names them."""
    records = sum(len(one.ids) for one in asked)
    versions = sum(survey.versions.values())
    title = (
        f"{', '.join(one.object for one in asked)}: {count(records)} record{_s(records)},"
        f" {count(versions)} version{_s(versions)} in raw"
    )
    show(console, Text(title, style="bold"))
    _show_found(console, "goes", survey.own)
    _show_found(console, "stays, and names them", survey.references)
    if survey.references:
        told = (
            "Texts of those rows are not read: where one tells of the person, erase that record"
            " too, in the same command."
        )
        show(console, Text(f"\n{told}", style="dim"))


def show_erasure(console: Console, erasure: Erasure) -> None:
    """What a second look found in each place, and what stays for how long."""
    table = lean_table(
        "read again",
        "rows",
        "snapshots",
        "former files",
        "files deleted",
        right=("rows", "snapshots", "former files", "files deleted"),
    )
    for place in erasure.places:
        table.add_row(
            Text(f"{place.database}.{place.table}", style="" if place.clean else "red"),
            count(place.rows),
            count(place.snapshots),
            count(place.former_files),
            count(place.removed),
        )
    show(console, table)
    _show_found(console, "still there", erasure.left)
    if erasure.remains:
        show(console, Text("\nWhat stays:", style="bold"))
        for sentence in erasure.remains:
            show(console, Text(f"  {sentence}"))
    verdict = (
        "erased: no table holds a row of them, and no file from before is left"
        if erasure.proved
        else "not erased everywhere: give the same command again"
    )
    show(console, Text(f"\n{verdict}", style="green" if erasure.proved else "red"))
    show(console, Text(f"noted in {erasure.note}"))


def _show_found(console: Console, title: str, found: Sequence[Found]) -> None:
    if not found:
        return
    table: Table = lean_table(title, "column", "rows", right=("rows",))
    for each in found:
        table.add_row(f"{each.database}.{each.table}", each.column, count(each.rows))
    show(console, Text())
    show(console, table)


def _s(number: int) -> str:
    return "" if number == 1 else "s"
