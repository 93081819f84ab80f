"""Which fields of an object are read, and into which columns: describe plus configuration.

Compound fields (addresses, locations) come as their parts, base64 not at all. An
excluded field is not even asked for; a hashed one is hashed before it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import column_name
from lakehouse_jobs.raw.schema import ARROW, RawColumn, field_comment
from lakehouse_jobs.salesforce.describe import Description, Field

STAMP_COLUMN: Final = "systemmodstamp"
# describe's type -> Iceberg's; every other type is text. Salesforce's time becomes text
# too, as Spark cannot read Iceberg's.
TYPES: Final = {
    "currency": "double",
    "double": "double",
    "percent": "double",
    "int": "long",
    "long": "long",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}
COMPOUND_TYPES: Final = frozenset({"address", "location"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """A field that is read, and its column. Two columns may come of one field."""

    field: Field
    column: RawColumn
    hashed: bool = False

    @property
    def read_as(self) -> pa.DataType:
        """The type in which its text is parsed.

        Whole numbers are read as text first: after a change of type in the org they
        come as ``5.0``.
        """
        if self.hashed or self.column.type == "long":
            return pa.string()
        return ARROW[self.column.type]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Everything about the columns of one extraction."""

    sources: tuple[Source, ...]
    stamp_field: str  # the field that windows are cut by
    has_deleted: bool  # whether the object has IsDeleted
    left_out: tuple[str, ...]  # fields not read, with the reason

    @property
    def wanted(self) -> tuple[RawColumn, ...]:
        """Columns that the table must have room for, the stamp's last if it is borrowed."""
        return tuple(s.column for s in self.sources) + self._borrowed

    @property
    def _borrowed(self) -> tuple[RawColumn, ...]:
        if self.stamp_field.lower() == STAMP_COLUMN:
            return ()
        comment = f"SystemModstamp (datetime): stands for {self.stamp_field}, which is the newest"
        return (RawColumn(name=STAMP_COLUMN, type="timestamptz", comment=comment),)

    def placed(self, columns: Sequence[RawColumn]) -> "Selection":
        """The same with the names that the table gave to the columns."""
        named = zip(self.sources, columns, strict=False)
        return replace(self, sources=tuple(replace(s, column=c) for s, c in named))


def select(description: Description, rules: FieldRules) -> Selection:
    """Choose the fields to read. Raises ConfigError or UnsupportedObjectError."""
    stamp = description.stamp_field
    if stamp.lower() in rules.exclude | rules.hash:
        raise ConfigError(
            where=f"objects.{description.name}",
            key="fields",
            value=stamp,
            allowed=f"any field but {stamp}, by which changes of {description.name} are found",
        )
    sources: list[Source] = []
    left_out: list[str] = []
    for field in description.fields:
        reason = _left_out(field, rules, description.fields)
        if reason:
            left_out.append(f"{field.name}: {reason}")
        elif field.type not in COMPOUND_TYPES:
            source = _source(field, hashed=_named(field, rules.hash))
            taken = _taken(source, sources)
            if taken:
                left_out.append(f"{field.name}: {taken}")
            else:
                sources.append(source)
    return Selection(
        sources=tuple(sources),
        stamp_field=next(f.name for f in description.fields if f.name.lower() == stamp.lower()),
        has_deleted=description.has("IsDeleted"),
        left_out=tuple(left_out),
    )


def unknown(description: Description, own: FieldRules) -> list[tuple[str, str]]:
    """Rules of this object that name no field of it: ``("exclude" or "hash", name)``.

    Rules among the defaults are for every object and may match nothing.
    """
    known = {f.name.lower() for f in description.fields}
    known |= {f.compound.lower() for f in description.fields if f.compound}
    rules = (("exclude", own.exclude), ("hash", own.hash))
    return [(key, name) for key, names in rules for name in sorted(names - known)]


def refuse_unknown(description: Description, own: FieldRules) -> None:
    """Refuse rules of this object that name no field of it: the meant one would go in clear.

    Raises ConfigError.
    """
    for key, name in unknown(description, own):
        raise ConfigError(
            where=f"objects.{description.name}.fields",
            key=key,
            value=name,
            allowed=f"a field of {description.name} that the Salesforce user can see; check "
            "the spelling in salesforce_objects.json, or remove it: fields the user cannot "
            "see need no exclusion",
        )


def _taken(source: Source, others: Sequence[Source]) -> str | None:
    """Why a field's column cannot be made. Salesforce gives no such names; proxies might."""
    name = source.column.name
    if name.startswith("_"):
        return f"{name} is kept for the extractor's own columns"
    for other in others:
        if other.column.name == name:
            return f"its column {name} is that of {other.field.name}"
    return None


def _left_out(field: Field, rules: FieldRules, fields: Sequence[Field]) -> str | None:
    if _named(field, rules.exclude):
        return "excluded by the configuration"
    part = _hidden_part(field, rules, fields)
    if part:
        return f"left out with {part}, which the configuration hides and which is a part of it"
    if field.type == "base64":
        return "base64, which a bulk query cannot read"
    return None


def _hidden_part(whole: Field, rules: FieldRules, fields: Sequence[Field]) -> str | None:
    """An excluded or hashed part of a compound that is text itself, as Name is."""
    if whole.type in COMPOUND_TYPES or _named(whole, rules.hash):
        return None
    for part in fields:
        name = part.name.lower()
        is_part = (part.compound or "").lower() == whole.name.lower() != name
        if is_part and name in rules.exclude | rules.hash:
            return part.name
    return None


def _named(field: Field, names: frozenset[str]) -> bool:
    """Whether rules name a field, or the compound that it is a part of."""
    return field.name.lower() in names or (field.compound or "").lower() in names


def _source(field: Field, *, hashed: bool) -> Source:
    kind = "string" if hashed else TYPES.get(field.type, "string")
    described = f"{field.type}, SHA-256" if hashed else field.type
    return Source(
        field=field,
        hashed=hashed,
        column=RawColumn(
            name=column_name(field.name),
            type=kind,
            comment=field_comment(name=field.name, type=described, label=field.label),
        ),
    )
