"""What a day of business brings, and what it did."""

from dataclasses import dataclass, field
from typing import Final

from lakehouse_local.salesforce_org.fields import Field

# Fields an administrator adds, one a day, until all are there.
NEW_FIELDS: Final = (
    ("Account", Field(name="Renewal_Risk__c", type="picklist", values=("High", "Medium", "Low"))),
    ("Opportunity", Field(name="Next_Best_Action__c", length=120)),
    ("Contact", Field(name="Last_Survey_Score__c", type="double", decimals=(3, 1))),
    ("Lead", Field(name="Callback_Date__c", type="date")),
    ("Case", Field(name="Refund__c", type="currency")),
)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What happens. Shares are of an object's records; ``objects`` empty means all."""

    hours: float = 24.0  # by which the org's clock advances; edits are spread over them
    inserts: float = 0.004
    updates: float = 0.012
    deletes: float = 0.002  # into the recycle bin
    undeletes: float = 0.0004
    purges: float = 0.0004  # of the recycle bin; raw has seen them deleted
    hard_deletes: float = 0.0  # of living records: no query shows that they went
    formulas: float = 0.0  # formula values that change without moving the stamp
    new_field: bool = True
    objects: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Changed:
    """What happened: object → kind of edit → records."""

    number: int
    now: str
    edits: dict[str, dict[str, int]] = field(default_factory=dict)
    new_fields: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, count: int = 1) -> None:
        """Count edits."""
        if count:
            kinds = self.edits.setdefault(name, {})
            kinds[kind] = kinds.get(kind, 0) + count

    def __str__(self) -> str:
        lines = [
            f"{name}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
            for name, kinds in self.edits.items()
        ]
        lines += [f"new field: {name}" for name in self.new_fields]
        return "\n".join([f"a day of business, now {self.now} in the org", *lines])
