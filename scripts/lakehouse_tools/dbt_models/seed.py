"""The seed ``opportunity_stages``, kept up with the stages that the org has.

A line that is there is a person's, unless it is one of those that the project ships with.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse_jobs.errors import AnswerRefusedError
from lakehouse_jobs.salesforce import Org
from lakehouse_tools.dbt_models.stages import Stage, read_stages
from lakehouse_tools.errors import ModelsError

SEED: Final = Path("seeds") / "opportunity_stages.csv"
_COLUMNS: Final = ("stage_name", "stage_order", "phase", "outcome")
# The stages of a new Salesforce org.
SHIPPED: Final = (
    ("Prospecting", "1", "Prospecting", "Open"),
    ("Qualification", "2", "Qualification", "Open"),
    ("Needs Analysis", "3", "Qualification", "Open"),
    ("Value Proposition", "4", "Proposal", "Open"),
    ("Id. Decision Makers", "5", "Proposal", "Open"),
    ("Perception Analysis", "6", "Proposal", "Open"),
    ("Proposal/Price Quote", "7", "Proposal", "Open"),
    ("Negotiation/Review", "8", "Negotiation", "Open"),
    ("Closed Won", "9", "Closed", "Won"),
    ("Closed Lost", "10", "Closed", "Lost"),
)
_PHASES: Final = {name: phase for name, _, phase, _ in SHIPPED}
Line = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SeedChange:
    """What the org's stages mean for the seed."""

    text: str | None = None  # of the file from now on; None: it stays as it is
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # shipped, and no stage of the org
    unknown: tuple[str, ...] = ()  # a person's, and no stage of the org: kept
    refused: str = ""  # why the org did not tell


def ask_org(org: Org, project: Path) -> SeedChange:
    """What the org says of the project's seed; it stays where the org refuses to tell."""
    try:
        stages = read_stages(org)
    except AnswerRefusedError as error:
        return SeedChange(refused=str(error))
    return kept_up(project, stages)


def kept_up(project: Path, stages: Sequence[Stage]) -> SeedChange:
    """The change that these stages of the org ask for; none where the org shows none.

    Raises ModelsError where the seed cannot be read.
    """
    lines, columns = _lines(project / SEED)
    names = {stage.name for stage in stages}
    if not stages:
        return SeedChange(refused="the org shows this user no stage")
    if all(_is_shipped(line) for line in lines):
        after = [_line(stage, number) for number, stage in enumerate(stages, start=1)]
    else:
        there = [one for one in lines if one["stage_name"] in names or not _is_shipped(one)]
        after = _with_missing(there, stages)
    had, has = ({line["stage_name"] for line in each} for each in (lines, after))
    return SeedChange(
        text=None if after == lines else _text(after, columns),
        added=tuple(name for name in _names(after) if name not in had),
        removed=tuple(name for name in _names(lines) if name not in has),
        unknown=tuple(name for name in _names(after) if name not in names),
    )


def write_seed(project: Path, text: str) -> None:
    """Put this text in the place of the seed, whole. Raises ModelsError, then it is as it was."""
    path = project / SEED
    new = project / "target" / SEED.name  # where dbt leaves its files; nothing ships it
    try:
        new.parent.mkdir(exist_ok=True)
        new.write_text(text, encoding="utf-8", newline="")
        new.replace(path)
    except OSError as error:
        raise ModelsError(
            f"{path} cannot be written: {error.strerror or error}; it is as it was: make room, or"
            " allow writing there, and generate again"
        ) from error


def _lines(path: Path) -> tuple[list[Line], list[str]]:
    """The lines in the order of their numbers, and all columns, a person's own too."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lines = [{k: v or "" for k, v in row.items() if k is not None} for row in reader]
            columns = list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ModelsError(f"{path} cannot be read: {error}; correct it, or bring it back") from None
    lacking = ", ".join(name for name in _COLUMNS if name not in columns)
    if lacking:
        raise ModelsError(f"{path} lacks the column {lacking}; add it to its first line")
    for number, line in enumerate(lines, start=2):
        order = line["stage_order"]
        if not (order.isascii() and order.isdigit()):
            raise ModelsError(
                f"{path}, line {number}: stage_order is {order!r}; write a whole number from 1"
            )
    return sorted(lines, key=lambda line: int(line["stage_order"])), columns


def _is_shipped(line: Line) -> bool:
    return tuple(line.values()) in SHIPPED


def _line(stage: Stage, number: int) -> Line:
    phase = _PHASES.get(stage.name, stage.phase)
    return dict(zip(_COLUMNS, (stage.name, str(number), phase, stage.outcome), strict=True))


def _with_missing(lines: Sequence[Line], stages: Iterable[Stage]) -> list[Line]:
    """The same lines with each missing stage behind the one that it follows in the org.

    Those behind it get higher numbers where there is no gap; what else stands in them stays.
    """
    after, place = list(lines), 0
    added: set[str] = set()
    for stage in stages:
        names = list(_names(after))
        if stage.name not in names:
            after.insert(place, _line(stage, 0))
            added.add(stage.name)
        else:
            place = names.index(stage.name)
        place += 1
    number, had = 0, ""
    for position, line in enumerate(after):
        if line["stage_name"] in added:
            number, had = number + 1, ""
        elif line["stage_order"] != had:
            number, had = max(int(line["stage_order"]), number + 1), line["stage_order"]
        after[position] = line | {"stage_order": str(number)}
    return after


def _names(lines: Iterable[Line]) -> Iterable[str]:
    return (line["stage_name"] for line in lines)


def _text(lines: Iterable[Line], columns: Sequence[str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()
