"""May the old system go? Runs in a row that pass, what people accepted, what they confirmed."""

from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from lakehouse_jobs.contract.checked import Section
from lakehouse_tools.comparison.acceptances import Acceptance, accepted_by
from lakehouse_tools.comparison.checks import UNEXPLAINED, Check, Status
from lakehouse_tools.comparison.entries import day, needed
from lakehouse_tools.comparison.model import ComparisonConfig

CHECKLIST: Final = "cutover_checklist.json"  # beside comparison.json


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What a person has to confirm. ``by`` and ``on`` are None until somebody has."""

    what: str
    by: str | None = None
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that the cut-over needs."""

    name: str
    met: bool
    text: str


def read_checklist(path: Path) -> list[Confirmation]:
    """The checklist. Raises ConfigError for a missing file, or one that asks for nothing."""
    file = Section.from_file(path)
    found = [one.read(_confirmation) for one in file.sections("confirmations")]
    file.done()
    if not found:
        raise file.error("confirmations", [], "at least one thing that a person confirms")
    return found


def requirements(
    config: ComparisonConfig,
    runs: list[dict[str, Any]],
    acceptances: list[Acceptance],
    checklist: list[Confirmation],
) -> list[Requirement]:
    """Everything that the cut-over needs, met or not. ``runs``: reports, the oldest first."""
    wanted = config.runs_in_a_row
    last = _last(runs, wanted)
    judged = [(run, _in_the_way(config, run, acceptances), fresh) for run, fresh in last]
    row = list(takewhile(lambda one: not one[1], reversed(judged)))
    good = sum(fresh for _, _, fresh in row)
    missing = f"{wanted - good} more" if good < wanted else "enough"
    again = len(row) - good
    if again:
        missing += f"; {again} on tables of which another run counts"
    found = [
        Requirement(
            name="runs in a row that pass",
            met=good >= wanted,
            text=f"{good} of {wanted}: {missing}"
            + ("; `lakehouse compare` adds one when both sides have loaded" * (good < wanted)),
        )
    ]
    for run, ways, _ in judged:
        found += [Requirement(name=f"run {run['run']}", met=False, text=way) for way in ways]
    for one in checklist:
        met = one.by is not None and one.on is not None
        text = f"confirmed by {one.by} on {one.on}" if met else f'"by" and "on" in {CHECKLIST}'
        found.append(Requirement(name=one.what, met=met, text=text))
    return found


def enough_runs(config: ComparisonConfig, runs: list[dict[str, Any]]) -> bool:
    """Whether :func:`requirements` would look at no earlier run than these."""
    return sum(fresh for _, fresh in _last(runs, config.runs_in_a_row)) >= config.runs_in_a_row


def _last(runs: list[dict[str, Any]], wanted: int) -> list[tuple[dict[str, Any], bool]]:
    """The last runs, the oldest first, until ``wanted`` of them count; and whether each does.

    A run counts once for a state of the new tables, and once for one of the old: to repeat it
    on what was compared already proves nothing more.
    """
    found: list[tuple[dict[str, Any], bool]] = []
    old, new = set(), set()
    for run in reversed(runs):
        if len(new) == wanted:
            break
        theirs = tuple((t["name"], t["cutoff"] or t["pins"][0]) for t in run["tables"])
        ours = tuple((t["name"], t["pins"][1]) for t in run["tables"])
        fresh = theirs not in old and ours not in new
        if fresh:
            old.add(theirs)
            new.add(ours)
        found.append((run, fresh))
    return found[::-1]


def _in_the_way(
    config: ComparisonConfig, run: dict[str, Any], acceptances: list[Acceptance]
) -> list[str]:
    """What keeps one run from counting."""
    if run["fingerprint"] != config.fingerprint:
        return [f"it was made with another {Path(config.where).name} than the one of today"]
    ways = [_way(check) for check in run["checks"] if _stops(check)]
    compared = {table["name"] for table in run["tables"]}
    ways += [f"{p.name} was not compared" for p in config.pairs if p.name not in compared]
    for table in run["tables"]:
        for check in table["checks"]:
            if not _stops(check):
                continue
            rows = table["rows"] or {}
            if check["name"] != UNEXPLAINED:
                ways.append(_way(check))
                continue
            digest = rows.get("digest")
            one = accepted_by(acceptances, run=run["run"], table=table["name"], digest=digest)
            if digest is None or one is None:
                ways.append(f"{_way(check)}; {_how(run['run'], table['name'], digest)}")
    return ways


def _stops(check: dict[str, Any]) -> bool:
    return Status(check["status"]) in (Status.FAIL, Status.NOT_COMPARED)


def _way(check: dict[str, Any]) -> str:
    one = Check(**{**check, "status": Status(check["status"])})
    where = f"{one.table}: " if one.table else ""
    why = f": {one.text}" if one.status is Status.NOT_COMPARED else ""
    return f"{where}{one.name}: {one.figure}{why}"


def _how(run: str, table: str, digest: str | None) -> str:
    if digest is None:
        return "they are too many to accept: write a known difference, or mend them"
    return (
        f'to accept them: {{"run": "{run}", "table": "{table}", "digest": "{digest}",'
        ' "by": …, "on": …, "reason": …}'
    )


def _confirmation(section: Section) -> Confirmation:
    by = section.text("by")
    return Confirmation(
        what=needed(section, "what"), by=by, on=day(section, "on") if by is not None else None
    )
