"""The opportunity stages of a live org: names, order, what they mean. One query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_jobs.salesforce import Org

_QUERY: Final = (
    "SELECT ApiName, MasterLabel, SortOrder, IsActive, IsClosed, IsWon, DefaultProbability"
    " FROM OpportunityStage"
)
_OUTCOMES: Final = ("Open", "Won", "Lost")
# The phases of open stages by the probability (in percent) below which they end: that of a new
# org's stages gives the phases that the seed ships with.
_PHASES: Final = ((20.0, "Prospecting"), (50.0, "Qualification"), (80.0, "Proposal"))


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage as the seed ``opportunity_stages`` has it, but for its number."""

    name: str  # the value in Opportunity.StageName
    phase: str
    outcome: str  # Open, Won or Lost


def read_stages(org: Org) -> tuple[Stage, ...]:
    """All stages of the org in the order of its sales process, inactive ones too.

    Open ones come first, whatever their SortOrder: in a funnel, whoever is in a stage has
    passed those before it, and nobody who waits in an open stage was won. Raises
    AnswerRefusedError where this user may not ask.
    """
    return ordered(org.query(_QUERY, deleted=False))


def ordered(records: Iterable[Mapping[str, Any]]) -> tuple[Stage, ...]:
    """The stages that these records of OpportunityStage tell."""
    # A name that was used again counts as it is used now.
    by_use = sorted(records, key=lambda r: (not r.get("IsActive"), r.get("SortOrder") or 0))
    found: dict[str, tuple[int, int, Stage]] = {}
    for record in by_use:
        stage = _stage(record)
        if stage.name and stage.name not in found:
            place = _OUTCOMES.index(stage.outcome)
            found[stage.name] = (place, int(record.get("SortOrder") or 0), stage)
    return tuple(stage for *_, stage in sorted(found.values(), key=lambda entry: entry[:2]))


def _stage(record: Mapping[str, Any]) -> Stage:
    won, closed = bool(record.get("IsWon")), bool(record.get("IsClosed"))
    probability = float(record.get("DefaultProbability") or 0)
    phase = next((name for below, name in _PHASES if probability < below), "Negotiation")
    return Stage(
        name=str(record.get("ApiName") or record.get("MasterLabel") or ""),
        phase="Closed" if won or closed else phase,
        outcome="Won" if won else "Lost" if closed else "Open",
    )
