"""Changing records: each edit moves the record's stamp and is written in the journal."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import FieldMeta, SObject
from lakehouse_local.salesforce_org.identifiers import record_id
from lakehouse_local.salesforce_org.store import Store

_STAMPED: Final = ("LastModifiedDate", "SystemModstamp")


class EditError(ValueError):
    """An edit that names an object, a field or a record that does not exist."""


@dataclass
class Edits:
    """The edits of one change: one transaction, one number in the journal."""

    db: sqlite3.Connection
    number: int
    next_index: dict[str, int] = field(default_factory=dict)

    def new_id(self, sobject: SObject) -> str:
        """The next Id of an object that was never used."""
        return record_id(sobject.prefix, self.new_index(sobject) + 1)

    def new_index(self, sobject: SObject) -> int:
        """The index of the next record, counted from 0 over all that ever were."""
        key = f"next:{sobject.name}"
        if sobject.name not in self.next_index:
            row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            self.next_index[sobject.name] = int(row[0]) if row else 0
        index = self.next_index[sobject.name]
        self.next_index[sobject.name] = index + 1
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(index + 1)))
        return index

    def insert(self, sobject: SObject, row: dict[str, Any], stamp: str) -> str:
        """Insert a record; ``row`` may leave out the system fields."""
        system = {
            "IsDeleted": 0,
            "CreatedDate": stamp,
            "LastModifiedDate": stamp,
            "SystemModstamp": stamp,
        }
        row = {"Id": row.get("Id") or self.new_id(sobject)} | row | _known(sobject, system)
        values = {name: stored(_field(sobject, name), value) for name, value in row.items()}
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self.db.execute(
            f"INSERT INTO {sobject.table} ({names}) VALUES ({marks})",  # noqa: S608
            tuple(values.values()),
        )
        self._journal(sobject, row["Id"], stamp, deleted=False)
        return row["Id"]

    def update(self, sobject: SObject, record: str, values: dict[str, Any], stamp: str) -> None:
        """Write values into a record."""
        values = values | _known(sobject, dict.fromkeys(_STAMPED, stamp))
        deleted = self._deleted(sobject, record)
        deleted = bool(values.get("IsDeleted", deleted))
        kept = {name: stored(_field(sobject, name), value) for name, value in values.items()}
        self._write(sobject, record, kept)
        if sobject.stamp == "CreatedDate":
            stamp = self.db.execute(
                f'SELECT "CreatedDate" FROM {sobject.table} WHERE "Id" = ?',  # noqa: S608
                (record,),
            ).fetchone()[0]
        self._journal(sobject, record, stamp, deleted=deleted)

    def touch_silently(self, sobject: SObject, record: str, values: dict[str, Any]) -> None:
        """Write values without moving the stamp, as a changed formula does."""
        self._write(sobject, record, values)

    def delete(self, sobject: SObject, record: str, stamp: str) -> None:
        """Into the recycle bin."""
        self.update(sobject, record, {"IsDeleted": 1}, stamp)

    def undelete(self, sobject: SObject, record: str, stamp: str) -> None:
        """Out of the recycle bin."""
        self.update(sobject, record, {"IsDeleted": 0}, stamp)

    def purge(self, sobject: SObject, record: str, stamp: str) -> None:
        """Out of the org for good; no query shows it any more.

        The log of deleted records keeps the moment at which it went into the recycle bin.
        """
        if self._deleted(sobject, record) and sobject.stamp:
            stamp = self.db.execute(
                f'SELECT "{sobject.stamp}" FROM {sobject.table} WHERE "Id" = ?',  # noqa: S608
                (record,),
            ).fetchone()[0]
        self.db.execute(f'DELETE FROM {sobject.table} WHERE "Id" = ?', (record,))  # noqa: S608
        self.db.execute("INSERT INTO purged VALUES (?, ?, ?)", (sobject.name, record, stamp))

    def hide(self, sobject: SObject, record: str, _stamp: str) -> None:
        """Take a record from the integration user's sight; nothing of it changes."""
        self._deleted(sobject, record)
        self.db.execute("INSERT OR IGNORE INTO hidden_record VALUES (?, ?)", (sobject.name, record))

    def share(self, sobject: SObject, record: str, _stamp: str) -> None:
        """Let the integration user see a record again; nothing of it changes."""
        self.db.execute(
            "DELETE FROM hidden_record WHERE object = ? AND id = ?", (sobject.name, record)
        )

    def _deleted(self, sobject: SObject, record: str) -> bool:
        column = '"IsDeleted"' if sobject.has_deleted else "0"
        row = self.db.execute(
            f'SELECT {column} FROM {sobject.table} WHERE "Id" = ?',  # noqa: S608
            (record,),
        ).fetchone()
        if row is None:
            raise EditError(f"{sobject.name}: there is no record {record!r}")
        return bool(row[0])

    def _write(self, sobject: SObject, record: str, values: dict[str, Any]) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.db.execute(
            f'UPDATE {sobject.table} SET {sets} WHERE "Id" = ?',  # noqa: S608
            (*values.values(), record),
        )

    def _journal(self, sobject: SObject, record: str, stamp: str, *, deleted: bool) -> None:
        self.db.execute(
            "INSERT OR IGNORE INTO version VALUES (?, ?, ?, ?, ?)",
            (sobject.name, record, stamp, int(deleted), self.number),
        )


@contextmanager
def editing(store: Store) -> Iterator[Edits]:
    """A change: all of its edits, or none when the block raises."""
    with store.writing() as db:
        row = db.execute("SELECT value FROM meta WHERE key = 'change'").fetchone()
        number = int(row[0]) + 1 if row else 1
        db.execute("INSERT OR REPLACE INTO meta VALUES ('change', ?)", (str(number),))
        yield Edits(db, number)


def canonical(sobject: SObject, given: dict[str, Any]) -> dict[str, Any]:
    """Values under the API names of their fields. Raises :class:`EditError`."""
    return {_field(sobject, name).name: value for name, value in given.items()}


def _known(sobject: SObject, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name.lower() in sobject.fields}


def _field(sobject: SObject, name: str) -> FieldMeta:
    found = sobject.fields.get(name.lower())
    if found is None or not found.stored:
        raise EditError(f"No such column '{name}' on sobject of type {sobject.name}")
    return found


def stored(field: FieldMeta, value: Any) -> Any:
    """A value as it is stored. Salesforce keeps no empty text."""
    if value is None or value == "":
        return None
    if field.sql_type == "REAL":
        return float(value)
    if field.sql_type == "INTEGER":
        return int(value)
    return str(value)
