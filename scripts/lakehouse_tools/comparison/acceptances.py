"""Differences that a person accepted, by name, with a reason, for one run: a file in the repo."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from lakehouse_jobs.contract.checked import Section
from lakehouse_tools.comparison.entries import day, needed
from lakehouse_tools.comparison.model import ComparisonConfig

FILE: Final = "comparison_accepted.json"  # beside comparison.json


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """One person's word for the unexplained keys of one table in one run, and just these."""

    run: str
    table: str
    digest: str  # of the keys, as the report gives it
    by: str
    on: date
    reason: str


def read_acceptances(path: Path) -> list[Acceptance]:
    """The acceptances in a file; none where there is no file."""
    if not path.exists():
        return []
    file = Section.from_file(path)
    found = [one.read(_acceptance) for one in file.sections("accepted")]
    file.done()
    return found


def beside(config: ComparisonConfig, name: str) -> Path:
    """A file that lies beside the configuration."""
    return Path(config.where).parent / name


def accepted_by(
    acceptances: list[Acceptance], *, run: str, table: str, digest: str | None
) -> Acceptance | None:
    """Who accepted these keys; None where nobody did."""
    wanted = (run, table, digest)
    return next((a for a in acceptances if (a.run, a.table, a.digest) == wanted), None)


def _acceptance(section: Section) -> Acceptance:
    return Acceptance(
        run=needed(section, "run"),
        table=needed(section, "table"),
        digest=needed(section, "digest"),
        by=needed(section, "by"),
        on=day(section, "on"),
        reason=needed(section, "reason"),
    )
