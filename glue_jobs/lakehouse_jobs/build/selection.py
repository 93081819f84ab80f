"""Which sources a build leaves out, with everything that is made from them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from lakehouse_jobs.contract.raw_log import table_name


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source table of the dbt project."""

    source: str  # "salesforce"
    table: str  # the raw table, for example "account"
    fresh_for: timedelta | None = None  # `freshness: warn_after`; None where none is declared

    @property
    def name(self) -> str:
        """As outcomes name it, for example ``salesforce.account``."""
        return f"{self.source}.{self.table}"

    @property
    def selector(self) -> str:
        """The source and all its descendants, in dbt's words."""
        return f"source:{self.name}+"


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A source that is left out, and why."""

    source: Source
    reason: str


def left_out(
    sources: Iterable[Source], *, raw_tables: Collection[str], failed_objects: Iterable[str]
) -> list[LeftOut]:
    """Sources without a raw table, and those whose object failed in this execution.

    A failed object keeps its table as it was; what is made from it stays as it was too,
    so that no mart mixes the state of two runs.
    """
    failed = {table_name(name) for name in failed_objects}
    result = []
    for source in sorted(sources, key=lambda source: source.name):
        if source.table not in raw_tables:
            result.append(LeftOut(source=source, reason="it has no raw table yet"))
        elif source.table in failed:
            result.append(LeftOut(source=source, reason="its extraction failed"))
    return result
