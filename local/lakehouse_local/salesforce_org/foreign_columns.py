"""Which field of an object each column of a CSV file is; new fields for the rest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.instants import is_date, parse

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_LEADING_ZERO: Final = re.compile(r"-?0\d")


@dataclass(frozen=True)
class Column:
    """A column of a file. ``target`` names the object whose Ids its values stand for."""

    header: str
    field: str
    type: str
    target: str | None = None


def plain(name: str) -> str:
    """A name without case and underscores, as files and describes are compared."""
    return name.replace("_", "").lower()


class ColumnMap:
    """Columns of one object's file against its describe.

    ``targets`` are the objects that are loaded; ``relations`` names the target of a lookup
    that no name tells (``{"Contact.Primary_Affiliation__c": "Account"}``).
    """

    def __init__(
        self,
        name: str,
        describe: list[dict[str, Any]],
        *,
        standard: bool,
        targets: Iterable[str],
        relations: dict[str, str],
    ) -> None:
        self.name = name
        self.known = {plain(entry["name"]): entry for entry in describe}
        self.standard = standard
        self.targets = {plain(target): target for target in targets}
        self.relations = {key.lower(): target for key, target in relations.items()}
        self.added: list[Field] = []

    def column(self, header: str, values: Iterable[str]) -> Column:
        """The field of a column, made where there is none."""
        entry = self.known.get(plain(header))
        if entry is not None:
            target = next((to for to in entry["referenceTo"] if plain(to) in self.targets), None)
            return Column(header, entry["name"], entry["type"], target)
        target = self._target(header)
        field = self._new(header, "reference" if target else kind(values), target)
        self.added.append(field)
        self.known[plain(field.name)] = field.describe()
        return Column(header, field.name, field.type, target)

    def _target(self, header: str) -> str | None:
        given = self.relations.get(f"{self.name}.{header}".lower())
        if given is not None:
            return given
        stem = plain(header.removesuffix("__c"))
        stem = stem.removesuffix("id") if not header.endswith("__c") else stem
        if not header.lower().endswith(("_id", "id", "__c")):
            return None
        fits = [target for name, target in self.targets.items() if stem.endswith(name)]
        return max(fits, key=len, default=None)

    def _new(self, header: str, type_: str, target: str | None) -> Field:
        to = (target,) if target else ()
        if self.standard and not header.endswith("__c"):
            words = header.split("_")
            name = "".join(word[:1].upper() + word[1:] for word in words)
            return Field(name=name, type=type_, to=to, name_field=name == "Name")
        name = header if header.endswith("__c") else f"{header}__c"
        return Field(name=name, type=type_, to=to)


def kind(values: Iterable[str]) -> str:
    """The narrowest type that takes all values: text unless they are surely something else."""
    fits = {"boolean", "double", "date", "datetime"}
    seen = False
    for value in values:
        if not value:
            continue
        seen = True
        if value not in ("true", "false"):
            fits.discard("boolean")
        if not _NUMBER.fullmatch(value) or _LEADING_ZERO.match(value):
            fits.discard("double")
        if not is_date(value):
            fits.discard("date")
        if parse(value) is None:
            fits.discard("datetime")
        if not fits:
            break
    return next(iter(fits)) if seen and len(fits) == 1 else "string"


def stored(type_: str, value: str) -> Any:
    """A value as it is stored. Raises ValueError where it does not fit the type."""
    if not value:
        return None
    match type_:
        case "boolean":
            return int({"true": 1, "1": 1, "false": 0, "0": 0}[value.lower()])
        case "int" | "long":
            return int(float(value))
        case "double" | "currency" | "percent":
            return float(value)
        case "datetime":
            found = parse(value)
            if found is None:
                raise ValueError(f"{value!r} is not a dateTime")
            return found
    return value
