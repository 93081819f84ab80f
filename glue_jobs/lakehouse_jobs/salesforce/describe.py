"""What describe says of an object, as far as an extraction needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_jobs.errors import TransferError, UnsupportedObjectError

# In this order: the first that the object has tells when a record last changed.
STAMP_FIELDS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an object."""

    name: str
    type: str
    label: str
    length: int  # of text, in characters; 0 for other types
    calculated: bool  # a formula: its value moves without moving SystemModstamp
    filterable: bool  # whether a WHERE may name it; long text may not
    compound: str | None  # the address, location or name that this field is a part of


@dataclass(frozen=True, kw_only=True)
class Description:
    """An object as this user sees it."""

    name: str
    fields: tuple[Field, ...]

    def has(self, name: str) -> bool:
        """Whether the object has a field, without regard to case."""
        return any(f.name.lower() == name.lower() for f in self.fields)

    @property
    def stamp_field(self) -> str:
        """The field that windows are cut by. Raises UnsupportedObjectError."""
        for name in STAMP_FIELDS:
            if self.has(name):
                return name
        raise UnsupportedObjectError(
            f"{self.name} has none of {', '.join(STAMP_FIELDS)}, so its changes cannot be "
            "followed; take it out of the configuration"
        )


def read_description(answer: Mapping[str, Any]) -> Description:
    """A description from the JSON of ``/sobjects/<name>/describe``."""
    try:
        name = str(answer["name"])
        fields = tuple(
            Field(
                name=str(f["name"]),
                type=str(f["type"]),
                label=str(f.get("label") or f["name"]),
                length=int(f.get("length") or 0),
                calculated=bool(f.get("calculated")),
                filterable=bool(f.get("filterable", True)),
                compound=f.get("compoundFieldName"),
            )
            for f in answer["fields"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TransferError(
            f"describe gave an answer without {error}; check that the secret's instance_url is "
            "the address of a Salesforce org"
        ) from None
    if answer.get("queryable") is False:
        raise UnsupportedObjectError(f"{name} cannot be queried; take it out of the configuration")
    if not any(f.name == "Id" for f in fields):
        raise UnsupportedObjectError(
            f"{name} has no Id that this user may read; take it out of the configuration"
        )
    return Description(name=name, fields=fields)
