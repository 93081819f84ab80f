"""What is known of an object and its fields, wherever it was learned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import column_name
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.salesforce.describe import read_description

Origin = Literal["describe", "raw", "shipped"]
PICKLISTS: Final = frozenset({"picklist", "multipicklist"})


@dataclass(frozen=True, kw_only=True)
class FieldFacts:
    """A field that raw has a column for."""

    name: str  # API name
    type: str  # describe's: "currency"
    label: str = ""
    help: str = ""
    precision: int = 0  # digits of a number, 0 where not known
    scale: int = 0  # of them, after the point
    hashed: bool = False  # raw has its SHA-256
    formula: bool = False
    values: tuple[str, ...] = ()  # of a picklist, inactive ones too
    targets: tuple[str, ...] = ()  # objects that a reference leads to

    @property
    def raw(self) -> str:
        """Its column in raw."""
        return column_name(self.name)

    @property
    def custom(self) -> bool:
        """Whether somebody made it; Salesforce's own fields have no suffix."""
        return "__" in self.name


@dataclass(frozen=True, kw_only=True)
class ObjectFacts:
    """An object and the fields that are read of it."""

    name: str
    label: str
    fields: tuple[FieldFacts, ...]
    origin: Origin = "describe"  # raw keeps names, types and labels alone
    retyped: tuple[str, ...] = ()  # API names: raw knows several types of them


def from_describe(answer: Mapping[str, Any], rules: FieldRules) -> ObjectFacts:
    """What describe says of the fields that an extraction with these rules reads.

    Raises UnsupportedObjectError where none is possible, ConfigError for rules against it.
    """
    selection = select(read_description(answer), rules)
    entries = {str(entry["name"]): entry for entry in answer["fields"]}
    return ObjectFacts(
        name=str(answer["name"]),
        label=str(answer.get("label") or answer["name"]),
        fields=tuple(
            _field(entries[source.field.name], hashed=source.hashed) for source in selection.sources
        ),
    )


def _field(entry: Mapping[str, Any], *, hashed: bool) -> FieldFacts:
    return FieldFacts(
        name=str(entry["name"]),
        type=str(entry["type"]),
        label=str(entry.get("label") or ""),
        help=str(entry.get("inlineHelpText") or ""),
        precision=int(entry.get("precision") or 0),
        scale=int(entry.get("scale") or 0),
        hashed=hashed,
        formula=bool(entry.get("calculated")),
        values=_values(entry.get("picklistValues") or ()) if not hashed else (),
        targets=tuple(sorted(str(name) for name in entry.get("referenceTo") or ())),
    )


def _values(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    # Of any case and order, each once: describe may name a value again for a record type.
    return tuple(sorted({str(e["value"]) for e in entries if e.get("value") not in (None, "")}))
