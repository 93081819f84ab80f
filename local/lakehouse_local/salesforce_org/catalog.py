"""The objects an org has, as its describes tell; what queries and storage need of them."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from lakehouse_local.salesforce_org.fields import COMPOUND_TYPES

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_INTEGERS: Final = frozenset({"boolean", "int", "long"})
_REALS: Final = frozenset({"double", "currency", "percent"})
STAMPS: Final = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


@dataclass(frozen=True)
class FieldMeta:
    """One field, as far as queries and storage need it."""

    describe: dict[str, Any]

    @property
    def name(self) -> str:
        """API name."""
        return self.describe["name"]

    @property
    def type(self) -> str:
        """Type as describe gives it."""
        return self.describe["type"]

    @property
    def stored(self) -> bool:
        """Whether the field has a column; compound fields are made of their parts."""
        return self.type not in COMPOUND_TYPES

    @property
    def sql_type(self) -> str:
        """SQLite's type of the column."""
        if self.type in _INTEGERS:
            return "INTEGER"
        return "REAL" if self.type in _REALS else "TEXT"

    @property
    def column(self) -> str:
        """The quoted name of the column."""
        return f'"{self.name}"'


@dataclass(frozen=True)
class SObject:
    """One object. ``bulk`` is False where the Bulk API refuses it."""

    describe: dict[str, Any]
    bulk: bool = True
    hidden: frozenset[str] = frozenset()  # fields that the user may not see, in lower case
    guarded: bool = False  # whether there are records that the user may not see

    @property
    def name(self) -> str:
        """API name."""
        return self.describe["name"]

    @property
    def prefix(self) -> str:
        """The first three characters of the Ids."""
        return self.describe["keyPrefix"]

    @property
    def table(self) -> str:
        """The quoted name of the table with the records."""
        return f'"r_{self.name}"'

    @cached_property
    def fields(self) -> dict[str, FieldMeta]:
        """All fields, by lower-case name, in the order of describe."""
        return {field["name"].lower(): FieldMeta(field) for field in self.describe["fields"]}

    @cached_property
    def stored(self) -> tuple[FieldMeta, ...]:
        """The fields that have a column."""
        return tuple(field for field in self.fields.values() if field.stored)

    @cached_property
    def stamp(self) -> str | None:
        """The field that tells when a record last changed; custom metadata types have none."""
        return next((name for name in STAMPS if name.lower() in self.fields), None)

    @property
    def has_deleted(self) -> bool:
        """Whether records can be soft deleted."""
        return "isdeleted" in self.fields

    @property
    def shown(self) -> str:
        """The SQL condition of what ``query`` shows: nothing deleted, no archived activity."""
        conditions = ['"IsDeleted" = 0'] if self.has_deleted else []
        if self.name in ("Task", "Event"):
            conditions.append('"IsArchived" = 0')
        return " AND ".join(conditions) or "1"

    @property
    def shared(self) -> str:
        """The SQL condition of the records that the integration user may see."""
        if not self.guarded:
            return "1"
        hidden = f"SELECT id FROM hidden_record WHERE object = '{self.name}'"  # noqa: S608
        return f'"Id" NOT IN ({hidden})'

    def as_user(self) -> "SObject":
        """The object as the integration user sees it: without the fields it may not read."""
        if not self.hidden:
            return self
        fields = [f for f in self.describe["fields"] if f["name"].lower() not in self.hidden]
        return replace(self, describe=self.describe | {"fields": fields}, hidden=frozenset())

    def parts(self, compound: str) -> list[FieldMeta]:
        """The fields that make up a compound address or geolocation."""
        return [f for f in self.stored if f.describe["compoundFieldName"] == compound]

    def row(self) -> dict[str, Any]:
        """The object's entry in describeGlobal."""
        left_out = {"fields", "childRelationships", "recordTypeInfos", "actionOverrides"}
        left_out |= {"supportedScopes", "namedLayoutInfos"}
        return {key: value for key, value in self.describe.items() if key not in left_out}


class Catalog:
    """All objects of an org, looked up without regard to case."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self._by_name = {one.name.lower(): one for one in objects}

    def __iter__(self) -> Iterator[SObject]:
        return iter(self._by_name.values())

    def as_user(self) -> "Catalog":
        """The objects as the integration user sees them."""
        return Catalog(one.as_user() for one in self)

    def find(self, name: str) -> SObject | None:
        """An object by its name, or None."""
        return self._by_name.get(name.lower())


def object_describe(
    *,
    name: str,
    prefix: str,
    label: str,
    plural: str,
    fields: list[dict[str, Any]],
    deletable: bool = True,
    writeable: bool = True,
    queryable: bool = True,
    replicateable: bool = True,
) -> dict[str, Any]:
    """A describe answer. ``urls`` are filled in for the API version of each request."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no API name: letters, digits and _, from a letter on")
    custom = name.endswith(("__c", "__mdt"))
    return {
        "actionOverrides": [],
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "childRelationships": [],
        "compactLayoutable": writeable,
        "createable": writeable,
        "custom": custom,
        "customSetting": False,
        "deepCloneable": False,
        "defaultImplementation": None,
        "deletable": deletable and writeable,
        "deprecatedAndHidden": False,
        "extendedBy": None,
        "extendsInterfaces": None,
        "feedEnabled": False,
        "fields": fields,
        "hasSubtypes": False,
        "implementedBy": None,
        "implementsInterfaces": None,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": prefix,
        "label": label,
        "labelPlural": plural,
        "layoutable": writeable,
        "listviewable": None,
        "lookupLayoutable": None,
        "mergeable": name in ("Account", "Contact", "Lead"),
        "mruEnabled": False,
        "name": name,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "queryable": queryable,
        "recordTypeInfos": [],
        "replicateable": replicateable,
        "retrieveable": queryable,
        "searchLayoutable": writeable,
        "searchable": writeable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {plural.lower()}", "name": "everything"}],
        "triggerable": writeable,
        "undeletable": deletable and writeable,
        "updateable": writeable,
    }


def dump(describe: dict[str, Any]) -> str:
    """A describe as it is stored."""
    return json.dumps(describe, ensure_ascii=False, separators=(",", ":"))


def load_catalog(connection: sqlite3.Connection) -> Catalog:
    """The objects stored in an org's file, in the order in which they were made."""
    hidden: dict[str, set[str]] = {}
    for name, field in connection.execute("SELECT object, field FROM hidden_field"):
        hidden.setdefault(name, set()).add(field)
    guarded = {name for (name,) in connection.execute("SELECT DISTINCT object FROM hidden_record")}
    rows = connection.execute("SELECT name, describe, bulk FROM sobject ORDER BY rowid")
    return Catalog(
        SObject(
            json.loads(describe),
            bool(bulk),
            hidden=frozenset(hidden.get(name, ())),
            guarded=name in guarded,
        )
        for name, describe, bulk in rows
    )
