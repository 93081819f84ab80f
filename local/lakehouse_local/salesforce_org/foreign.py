"""An org from recorded describes and CSV records, for data that the demo did not make.

``describes`` is a folder with ``<Object>.json`` (describe answers) and, if it has one,
``Global.json``; ``records`` one with ``<Object>.csv`` whose ``id`` column numbers the records.
Columns without a field become custom fields. Id, SystemModstamp, IsDeleted and the other
system fields are given here; lookups are mapped to the new Ids. Every 50th record is deleted.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import SObject, object_describe
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.foreign_columns import Column, ColumnMap, plain, stored
from lakehouse_local.salesforce_org.generate import records_of
from lakehouse_local.salesforce_org.identifiers import record_id
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.objects.odd import ORGANIZATION
from lakehouse_local.salesforce_org.objects.person import USER, USER_ROLE
from lakehouse_local.salesforce_org.objects.spec import World
from lakehouse_local.salesforce_org.org import make
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_local.salesforce_org.store import Store

_USERS: Final = 5
_DELETED_EVERY: Final = 50
_STEP: Final = 37  # seconds between the stamps of two records
_BATCH: Final = 20  # records that share one stamp


class ForeignError(ValueError):
    """The folders cannot be loaded; the message names file, row and value."""


def make_foreign(
    folder: Path,
    *,
    describes: Path,
    records: Path,
    birth: Birth | None = None,
    relations: Mapping[str, str] | None = None,
) -> None:
    """Make an org in ``folder``; open or serve it afterwards. Raises :class:`ForeignError`."""
    birth = birth or Birth(records=0)
    loader = _Loader(describes, records, dict(relations or {}), birth)
    make(folder, birth, loader.fill)


class _Loader:
    def __init__(
        self, describes: Path, records: Path, relations: dict[str, str], birth: Birth
    ) -> None:
        self.birth = birth
        self.relations = relations
        self.files = {path.stem: path for path in sorted(records.glob("*.csv"))}
        self.describes = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(describes.glob("*.json"))
        }
        overview = self.describes.pop("Global", {"sobjects": []})
        self.known = {row["name"]: row for row in overview["sobjects"]}
        if not self.files and not self.describes:
            raise ForeignError(f"{describes} and {records}: neither *.json nor *.csv to load")
        self.ids: dict[str, dict[str, str]] = {}

    def fill(self, store: Store, now: float) -> None:
        """Users first, since every record has an owner; then what the folders hold."""
        self._people(store, now)
        names = sorted({*self.describes, *self.files})
        prefixes = {name: self._prefix(name, number) for number, name in enumerate(names)}
        for name in names:
            self.ids[plain(name)] = self._number(name, prefixes[name])
        for name in names:
            self._object(store, name, prefixes[name], now)
        store.set_meta(foreign="1")

    def _people(self, store: Store, now: float) -> None:
        specs = (USER, USER_ROLE, ORGANIZATION)
        world = World(
            seed=self.birth.seed,
            org_id=self.birth.org_id,
            now=now,
            counts={"User": _USERS, "UserRole": _USERS, "Organization": 1},
            prefixes={spec.name: spec.prefix for spec in specs},
        )
        for spec in specs:
            if spec.name in self.describes or spec.name in self.files:
                raise ForeignError(f"{spec.name} is made by the org itself: leave its files out")
            sobject = spec.sobject()
            columns = [field.name for field in sobject.stored]
            store.add_object(sobject)
            store.insert(sobject, columns, records_of(spec, world, columns))
            store.finish_object(sobject)

    def _prefix(self, name: str, number: int) -> str:
        entry = self.describes.get(name) or self.known.get(name) or {}
        return entry.get("keyPrefix") or f"a{number:02}"

    def _number(self, name: str, prefix: str) -> dict[str, str]:
        """New Ids by the numbers in the file."""
        if name not in self.files:
            return {}
        _, rows = self._read(name)
        return {row["id"]: record_id(prefix, index) for index, row in enumerate(rows, start=1)}

    def _read(self, name: str) -> tuple[list[str], Iterator[dict[str, str]]]:
        """Headers and rows of a file; the column ``id`` is found without regard to case."""

        def rows() -> Iterator[dict[str, str]]:
            with self.files[name].open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, restval="")
                for row in reader:
                    yield {"id" if k.lower() == "id" else k: v or "" for k, v in row.items() if k}

        with self.files[name].open(encoding="utf-8-sig", newline="") as file:
            headers = next(csv.reader(file), [])
        if "id" not in (header.lower() for header in headers):
            raise ForeignError(f"{self.files[name]}: no column id among {', '.join(headers)}")
        return [header for header in headers if header.lower() != "id"], rows()

    def _object(self, store: Store, name: str, prefix: str, now: float) -> None:
        describe = self.describes.get(name) or self._plain_describe(name, prefix)
        columns: list[Column] = []
        if name in self.files:
            headers, _ = self._read(name)
            mapping = ColumnMap(
                name,
                describe["fields"],
                standard=name not in self.describes,
                targets=[each for each in {*self.describes, *self.files} if each in self.files],
                relations=self.relations,
            )
            for header in headers:
                _, rows = self._read(name)
                columns.append(mapping.column(header, (row[header] for row in rows)))
            added = [field.describe() for field in mapping.added]
            describe = describe | {"fields": [*describe["fields"], *added]}
        sobject = SObject(describe)
        store.add_object(sobject)
        if columns:
            names = [field.name for field in sobject.stored]
            store.insert(sobject, names, self._records(name, sobject, columns, now))
        store.finish_object(sobject)

    def _plain_describe(self, name: str, prefix: str) -> dict[str, Any]:
        """For a file without a describe: the system fields; the file's columns come later."""
        first = (
            Field(name="Id", type="id", required=True, read_only=True),
            Field(name="IsDeleted", type="boolean", required=True, read_only=True),
        )
        fields = [field.describe() for field in (*first, owner(), *system_fields())]
        known = self.known.get(name, {})
        label = known.get("label", name)
        plural = known.get("labelPlural", label)
        return object_describe(name=name, prefix=prefix, label=label, plural=plural, fields=fields)

    def _records(
        self, name: str, sobject: SObject, columns: list[Column], now: float
    ) -> Iterator[tuple[Any, ...]]:
        users = [record_id(USER.prefix, number) for number in range(1, _USERS + 1)]
        defaults = _defaults(sobject, users[0])
        start = now - 3_600 - len(self.ids[plain(name)]) // _BATCH * _STEP - _STEP
        names = [field.name for field in sobject.stored]
        _, rows = self._read(name)
        for index, row in enumerate(rows):
            stamp = from_seconds(start + index // _BATCH * _STEP)
            values = defaults | {
                "Id": self.ids[plain(name)][row["id"]],
                "IsDeleted": int(index % _DELETED_EVERY == _DELETED_EVERY - 1),
                "OwnerId": users[index % len(users)],
                "CreatedDate": stamp,
                "LastModifiedDate": stamp,
                "SystemModstamp": stamp,
            }
            for column in columns:
                values[column.field] = self._value(name, index, column, row[column.header])
            _complete_name(values, sobject)
            yield tuple(values.get(each) for each in names)

    def _value(self, name: str, index: int, column: Column, text: str) -> Any:
        if column.target is not None:
            return self.ids[plain(column.target)].get(text, text or None)
        try:
            return stored(column.type, text)
        except (KeyError, ValueError):
            raise ForeignError(
                f"{self.files[name]}, row {index + 2}, column {column.header}: "
                f"{text!r} is no {column.type}"
            ) from None


def _defaults(sobject: SObject, user: str) -> dict[str, Any]:
    """What a record has where its file says nothing."""
    values: dict[str, Any] = {}
    for field in sobject.stored:
        if field.type == "boolean":
            values[field.name] = 0
        elif field.type == "reference" and not field.describe["nillable"]:
            values[field.name] = user if "User" in field.describe["referenceTo"] else None
    return values


def _complete_name(values: dict[str, Any], sobject: SObject) -> None:
    """The whole name of a person, which Salesforce makes of the parts."""
    if values.get("Name") is None and "lastname" in sobject.fields:
        parts = (values.get("FirstName"), values.get("LastName"))
        values["Name"] = " ".join(part for part in parts if part) or None
