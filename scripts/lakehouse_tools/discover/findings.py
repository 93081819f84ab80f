"""What was found in an org. Plain values."""

from dataclasses import dataclass, field
from typing import Literal

Api = Literal["bulk", "rest"]


@dataclass(frozen=True, kw_only=True)
class FieldFinding:
    """A field that the user can see."""

    name: str
    type: str
    formula: bool
    personal: str | None  # why it looks personal
    part: bool  # of an address or another compound, which stands for it in permissions
    grantable: bool  # whether field-level security applies to it (describe: permissionable)
    bytes: int  # in a row of CSV, estimated; 0 where the field is not read


@dataclass(frozen=True, kw_only=True)
class ObjectFinding:
    """A queryable object."""

    name: str
    label: str
    rows: int | None  # None where nobody would tell
    rows_exact: bool  # counted, not taken from the org's cached figures
    folded: str | None  # why it is not worth extracting; None if it is
    fields: tuple[FieldFinding, ...] = ()  # empty where it was not looked into
    hidden: tuple[str, ...] | None = None  # fields the user cannot see; None: not known
    masters: tuple[str, ...] = ()  # objects whose records own its records
    api: Api = "bulk"  # of the first load

    @property
    def formulas(self) -> list[str]:
        """Formula fields: their values change without moving SystemModstamp."""
        return [f.name for f in self.fields if f.formula]

    @property
    def personal(self) -> list[FieldFinding]:
        """Fields that look personal."""
        return [f for f in self.fields if f.personal]

    @property
    def row_bytes(self) -> int:
        """Of one record as CSV, estimated."""
        return sum(f.bytes for f in self.fields)


@dataclass(frozen=True, kw_only=True)
class Census:
    """An org as its user sees it."""

    org_id: str
    instance_url: str
    objects: tuple[ObjectFinding, ...]  # by name
    calls: int  # made to find out
    seconds: float  # that it took
    used: int | None  # of the org's daily requests by everybody, at the end
    limit: int | None
    grantable: frozenset[str] | None  # objects that a permission set can name; None: not known
    notes: tuple[str, ...] = field(default=())  # what could not be found out, and why

    @property
    def proposed(self) -> list[ObjectFinding]:
        """The objects worth extracting."""
        return [o for o in self.objects if o.folded is None]
