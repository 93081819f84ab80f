"""What an administrator does to fields. None of it moves a SystemModstamp.

Custom fields are added, removed, renamed and given another type; any field may be widened; a
field is hidden from the integration user (field-level security) or granted to it. Values go
along as far as the new type can hold them.
"""

import sqlite3
from dataclasses import replace
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import FieldMeta, SObject, dump
from lakehouse_local.salesforce_org.edits import stored
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.instants import is_date
from lakehouse_local.salesforce_org.instants import parse as parse_instant
from lakehouse_local.salesforce_org.store import Store

_NUMBERS: Final = frozenset({"int", "long", "double", "currency", "percent"})


class FieldError(ValueError):
    """A change of a field that Salesforce would not make either."""


def add(store: Store, sobject: SObject, field: Field, default: Any = None) -> None:
    """Add a field, with its default in every record; without one it is empty."""
    if field.name.lower() in sobject.fields:
        raise FieldError(f"name: {sobject.name} has {field.name} already")
    entry = field.describe()
    if default is not None:
        entry |= {"defaultValue": default, "defaultedOnCreate": True}
    new = FieldMeta(entry)
    with store.writing() as db:
        db.execute(f"ALTER TABLE {sobject.table} ADD COLUMN {new.column} {new.sql_type}")
        if default is not None:
            db.execute(f"UPDATE {sobject.table} SET {new.column} = ?", (stored(new, default),))  # noqa: S608
        _keep(db, sobject, [*sobject.describe["fields"], entry])
    store.reload()


def remove(store: Store, sobject: SObject, name: str) -> None:
    """Delete a custom field with its values."""
    field = _custom(sobject, name)
    with store.writing() as db:
        db.execute(f"ALTER TABLE {sobject.table} DROP COLUMN {field.column}")
        _grant(db, sobject, field)
        _keep(db, sobject, [e for e in sobject.describe["fields"] if e is not field.describe])
    store.reload()


def rename(store: Store, sobject: SObject, name: str, to: str) -> None:
    """Give a custom field another API name; its values stay."""
    field = _custom(sobject, name)
    if not to.endswith("__c") or to.lower() in sobject.fields:
        raise FieldError(f"to: got {to!r}; allowed: a name that ends in __c and is not taken")
    entry = field.describe | {"name": to, "label": Field(name=to).describe()["label"]}
    with store.writing() as db:
        db.execute(f'ALTER TABLE {sobject.table} RENAME COLUMN {field.column} TO "{to}"')
        db.execute(
            "UPDATE hidden_field SET field = ? WHERE object = ? AND field = ?",
            (to.lower(), sobject.name, field.name.lower()),
        )
        _keep(db, sobject, _swapped(sobject, field, entry))
    store.reload()


def retype(store: Store, sobject: SObject, name: str, changes: dict[str, Any]) -> None:
    """Give a custom field another type; values that the new type cannot hold are lost."""
    field = _custom(sobject, name)
    # What belongs to the old type goes; the changes say what the new one has.
    plain = replace(Field.from_describe(field.describe), length=0, decimals=None, values=(), to=())
    entry = replace(plain, **changes).describe() | {"label": field.describe["label"]}
    new = FieldMeta(entry)

    def convert(value: Any) -> Any:
        return _converted(value, field, new)

    with store.writing() as db:
        db.create_function("retyped", 1, convert, deterministic=True)
        db.execute(f'ALTER TABLE {sobject.table} ADD COLUMN "retyped new" {new.sql_type}')
        db.execute(f'UPDATE {sobject.table} SET "retyped new" = retyped({field.column})')  # noqa: S608
        db.execute(f"ALTER TABLE {sobject.table} DROP COLUMN {field.column}")
        db.execute(f'ALTER TABLE {sobject.table} RENAME COLUMN "retyped new" TO {new.column}')
        _keep(db, sobject, _swapped(sobject, field, entry))
    store.reload()


def widen(
    store: Store,
    sobject: SObject,
    name: str,
    *,
    length: int | None = None,
    decimals: tuple[int, int] | None = None,
) -> None:
    """Let a text be longer, or a number have more digits (precision and scale)."""
    field = _known(sobject, name)
    entry = dict(field.describe)
    precision, scale = decimals or (entry["precision"], entry["scale"])
    fits = precision - scale >= entry["precision"] - entry["scale"] and scale >= entry["scale"]
    longer = entry["length"] if length is None else length
    if longer < entry["length"] or not fits:
        raise FieldError(
            f"{sobject.name}.{field.name} has length {entry['length']}, precision "
            f"{entry['precision']}, scale {entry['scale']}: allowed is more of them, none less"
        )
    entry |= {"length": longer, "byteLength": longer * 3, "precision": precision, "scale": scale}
    with store.writing() as db:
        _keep(db, sobject, _swapped(sobject, field, entry))
    store.reload()


def hide(store: Store, sobject: SObject, name: str) -> None:
    """Take read access to a field from the integration user."""
    field = _known(sobject, name)
    if not field.describe["permissionable"]:
        raise FieldError(f"{sobject.name}.{field.name}: no permission set can hide this field")
    with store.writing() as db:
        db.execute(
            "INSERT OR IGNORE INTO hidden_field VALUES (?, ?)", (sobject.name, field.name.lower())
        )
    store.reload()


def grant(store: Store, sobject: SObject, name: str) -> None:
    """Let the integration user read a field again."""
    field = _known(sobject, name)
    with store.writing() as db:
        _grant(db, sobject, field)
    store.reload()


def _grant(db: sqlite3.Connection, sobject: SObject, field: FieldMeta) -> None:
    key = (sobject.name, field.name.lower())
    db.execute("DELETE FROM hidden_field WHERE object = ? AND field = ?", key)


def _keep(db: sqlite3.Connection, sobject: SObject, fields: list[dict[str, Any]]) -> None:
    describe = dump(sobject.describe | {"fields": fields})
    db.execute("UPDATE sobject SET describe = ? WHERE name = ?", (describe, sobject.name))


def _swapped(sobject: SObject, old: FieldMeta, new: dict[str, Any]) -> list[dict[str, Any]]:
    return [new if entry is old.describe else entry for entry in sobject.describe["fields"]]


def _known(sobject: SObject, name: str) -> FieldMeta:
    found = sobject.fields.get(name.lower())
    if found is None:
        raise FieldError(f"{sobject.name} has no field {name!r}")
    return found


def _custom(sobject: SObject, name: str) -> FieldMeta:
    found = _known(sobject, name)
    if not found.describe["custom"] or not found.stored or found.describe["compoundFieldName"]:
        raise FieldError(f"{sobject.name}.{found.name} is a standard field; allowed: a custom one")
    return found


def _converted(value: Any, old: FieldMeta, new: FieldMeta) -> Any:
    """A value under another type; null where the type cannot hold it."""
    if value is None:
        return None
    text = _text(value, old)
    if new.type in _NUMBERS or new.type == "boolean":
        text = {"true": "1", "false": "0"}.get(text.lower(), text)
        try:
            return stored(new, float(text))
        except (ValueError, OverflowError):
            return None
    if new.type == "date":
        return text[:10] if is_date(text[:10]) else None
    if new.type == "datetime":
        return parse_instant(f"{text}T00:00:00Z" if is_date(text) else text)
    return text[: new.describe["length"]] or None


def _text(value: Any, field: FieldMeta) -> str:
    if field.type == "boolean":
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
