"""What the marts must say of the month's stages, worked out in plain loops; see oracle.py."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.dbt.month import Row
from tests.dbt.oracle import Versions, current

SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "opportunity_stages.csv"
NOWHERE = "No open stage of the seed"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of the seed."""

    order: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of an opportunity's stage, the first stage included."""

    opportunity: str
    before: str | None
    after: str
    direction: str


def stages() -> dict[str, Stage]:
    """The seed, by the stage's name."""
    with SEED.open(encoding="utf-8", newline="") as file:
        return {
            row["stage_name"]: Stage(order=int(row["stage_order"]), outcome=row["outcome"])
            for row in csv.DictReader(file)
        }


def stage_changes(histories: Versions) -> dict[str, Change]:
    """The changes of all opportunities, deleted ones too, by the id of their entry."""
    known, found = stages(), {}
    entries: dict[str, list[Row]] = defaultdict(list)
    for row in current(histories).values():
        if not row["_is_deleted"]:
            entries[row["opportunityid"]].append(row)
    for opportunity, rows in entries.items():
        before = None
        for row in sorted(rows, key=lambda row: (row["createddate"], row["id"])):
            after = row["stagename"]
            if after != before:
                found[row["id"]] = Change(
                    opportunity=opportunity,
                    before=before,
                    after=after,
                    direction=_direction(known, before, after),
                )
            before = after
    return found


def _direction(known: Mapping[str, Stage], before: str | None, after: str) -> str:
    if before is None:
        return "Entered"
    one, other = known.get(before), known.get(after)
    if other and other.outcome != "Open" and (one is None or one.outcome != other.outcome):
        return other.outcome
    if one is None or other is None:
        return "Unknown"
    if one.outcome != "Open" and other.outcome == "Open":
        return "Reopened"
    return "Forward" if other.order > one.order else "Backward"


def funnel(
    opportunities: Versions, changes: Mapping[str, Change]
) -> dict[tuple[date, str], tuple[int, int, Decimal]]:
    """Opportunities created, those that reached a stage, their amounts: by month and stage.

    With a row for those that have been in no open stage.
    """
    known = stages()
    seen: dict[str, set[str]] = defaultdict(set)
    for change in changes.values():
        seen[change.opportunity].add(change.after)
    first_won = min(stage.order for stage in known.values() if stage.outcome == "Won")
    cohorts: dict[date, list[tuple[int, Decimal]]] = defaultdict(list)
    for id, row in current(opportunities).items():
        if row["_is_deleted"]:
            continue
        own = known.get(row["stagename"])
        if row["outcome"] == "Won":
            furthest = own.order if own and own.outcome == "Won" else first_won
        else:
            passed = [known[name] for name in seen[id] | {row["stagename"]} if name in known]
            furthest = max((s.order for s in passed if s.outcome == "Open"), default=0)
        month = row["createddate"].date().replace(day=1)
        cohorts[month].append((furthest, row["amount"] or Decimal(0)))
    found = {}
    for month, rows in cohorts.items():
        nowhere = [amount for furthest, amount in rows if not furthest]
        found[month, NOWHERE] = (len(rows), len(nowhere), sum(nowhere, Decimal(0)))
        for name, stage in known.items():
            if stage.outcome != "Lost":
                there = [amount for furthest, amount in rows if furthest >= stage.order]
                found[month, name] = (len(rows), len(there), sum(there, Decimal(0)))
    return found
