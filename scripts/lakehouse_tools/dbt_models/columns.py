"""The columns of a staging model: names, types, groups, descriptions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lakehouse_tools.dbt_models import names
from lakehouse_tools.dbt_models.facts import FieldFacts
from lakehouse_tools.dbt_models.words import snake, suffixed

# Salesforce's widest. Describe's scale is what a page shows; the API gives what was stored.
_DIGITS: Final = 18
_CENTS: Final = 2
# Of the price of one unit the API takes and stores more, whatever the page shows.
_PRICE_DECIMALS: Final = 8
_MOST_DIGITS: Final = 38  # of Spark and Athena
_TYPES: Final = {
    "double": "double",
    "percent": "double",
    "int": "bigint",
    "long": "bigint",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}
CURRENCY_CODE: Final = "currencyisocode"  # raw column of a record's currency
# Of features that many orgs do not use: that one lacks them is no news.
_OF_FEATURES: Final = frozenset({CURRENCY_CODE, "ispersonaccount"})
GROUPS: Final = ("ids", "strings", "numerics", "booleans", "dates", "timestamps")
_GROUP_OF_TYPE: Final = {
    "string": "strings",
    "double": "numerics",
    "bigint": "numerics",
    "boolean": "booleans",
    "date": "dates",
    "timestamp": "timestamps",
}
_UNITS: Final = {
    "currency": "In the currency of the record.",
    "percent": "In percent: 50 is one half.",
    "datetime": "UTC.",
    "time": "HH:MM:SS.mmm.",
    "multipicklist": "Several values, with semicolons between them.",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a staging model that comes from a field."""

    name: str
    data_type: str  # Spark's and dbt's: "decimal(18,2)"
    field: str  # API name
    type: str  # describe's
    description: str

    @property
    def raw(self) -> str:
        """The column of raw that it is made from."""
        return self.field.lower()

    @property
    def group(self) -> str:
        """The group of columns that it stands in."""
        if self.type in ("id", "reference") and self.data_type == "string":
            return "ids"
        return _GROUP_OF_TYPE.get(self.data_type, "numerics")


def columns_of(
    fields: Iterable[FieldFacts], *, entity: str, given: Sequence[Column], keep: bool = False
) -> tuple[Column, ...]:
    """The columns of an object's model, in their order.

    ``given``: those that the model has already. They keep their names, and stay where
    their field is gone: raw keeps its values. ``keep``: they stay as they are where their
    field's type is what it was, for facts that know less than those they were made from.
    """
    before = {column.raw: column for column in given if keep}
    named = {column.raw: column.name for column in given}
    taken = set(names.TAKEN) | set(named.values())
    found: dict[str, Column] = {}
    # Salesforce's own fields choose first, whatever the order of describe.
    for field in sorted(fields, key=lambda f: (f.raw != "id", f.custom, f.raw)):
        if field.raw in names.VERSION_FIELDS:
            continue
        name = named.get(field.raw)
        if name is None:
            name = names.first_free(names.columns(field, entity), taken)
            taken.add(name)
        column = Column(
            name=name,
            data_type=data_type(field),
            field=field.name,
            type=field.type,
            description=described(field),
        )
        known = before.get(field.raw)
        found[field.raw] = known if known and _alike(known, column) else column
    for column in given:
        found.setdefault(column.raw, column)
    return tuple(sorted(found.values(), key=_place))


def _alike(one: Column, other: Column) -> bool:
    """Whether two columns are of the same type in the org, and hashed both or neither."""
    texts = {one.data_type == "string", other.data_type == "string"}
    return one.type == other.type and len(texts) == 1


def gone(given: Iterable[Column], fields: Iterable[FieldFacts]) -> tuple[str, ...]:
    """API names of fields that a model has and the org has no longer, but for unused features."""
    there = {field.raw for field in fields} | _OF_FEATURES
    return tuple(sorted(column.field for column in given if column.raw not in there))


def _place(column: Column) -> tuple[int, bool, str]:
    return GROUPS.index(column.group), column.raw != "id", column.name


def data_type(field: FieldFacts) -> str:
    """The column's type in Spark, written as dbt's contracts compare it."""
    if field.hashed:
        return "string"
    if field.type == "currency":
        scale = min(max(field.scale, _CENTS), _MOST_DIGITS)
        digits = max(field.precision, _DIGITS, scale)
        if _is_price(field) and scale < _PRICE_DECIMALS:
            digits, scale = digits + _PRICE_DECIMALS - scale, _PRICE_DECIMALS
        return f"decimal({min(digits, _MOST_DIGITS)},{scale})"
    return _TYPES.get(field.type, "string")


def _is_price(field: FieldFacts) -> bool:
    """Whether it is the price of one unit, as its name says: describe does not."""
    words = snake(suffixed(field.name)[0]).split("_")
    return words[-1] == "price" and "total" not in words


def described(field: FieldFacts) -> str:
    """Label, help text, unit, where it leads: one line."""
    parts = [field.label or field.name, field.help]
    if field.hashed:
        parts.append("SHA-256 of the value.")
    else:
        parts.append(_UNITS.get(field.type, ""))
    if field.type == "reference" and field.targets:
        parts.append(f"Refers to {', '.join(field.targets[:5])}{_more(field.targets, 5)}.")
    if field.formula:
        parts.append("A formula.")
    return " ".join(_sentence(part) for part in parts if printable(part))


def printable(text: str) -> str:
    """One line without what is not to be seen; YAML takes no control characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _sentence(text: str) -> str:
    text = printable(text)
    return text if text.endswith((".", "!", "?", "。", ":")) else f"{text}."


def _more(found: Sequence[str], shown: int) -> str:
    return f" and {len(found) - shown} more" if len(found) > shown else ""
