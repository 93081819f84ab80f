"""Values as the APIs write them: CSV of the Bulk API, JSON of the REST API."""

import sqlite3
from decimal import Decimal
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import FieldMeta, SObject

_ADDRESS: Final = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude")


def java_double(value: float) -> str:
    """A number as Java writes it from ten millions on: ``1.25E7``."""
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - the store holds no infinities
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + exponent
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def register(connection: sqlite3.Connection) -> None:
    """Give SQLite the functions that :func:`csv_expression` needs."""
    connection.create_function("java_double", 1, java_double, deterministic=True)


def csv_expression(field: FieldMeta) -> str:
    """The SQL expression of a field's text in CSV; null stays null."""
    column = field.column
    if field.type == "boolean":
        return f"CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
    if field.sql_type == "REAL":
        plain = f"abs({column}) < 1e7 AND (abs({column}) >= 1e-3 OR {column} = 0)"
        return f"CASE WHEN {column} IS NULL OR {plain} THEN {column} ELSE java_double({column}) END"
    return column


def json_columns(sobject: SObject, fields: tuple[FieldMeta, ...]) -> list[FieldMeta]:
    """The columns to read for a REST answer, with the parts of compound fields."""
    columns: dict[str, FieldMeta] = {}
    for field in fields:
        for part in [field] if field.stored else sobject.parts(field.name):
            columns[part.name] = part
    return list(columns.values())


def json_record(
    sobject: SObject, fields: tuple[FieldMeta, ...], row: dict[str, Any], base: str
) -> dict[str, Any]:
    """One record of a REST answer. ``base`` is ``/services/data/vXX.X``."""
    url = f"{base}/sobjects/{sobject.name}/{row['Id']}"
    record: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}}
    for field in fields:
        if field.type == "base64":
            record[field.name] = row[field.name] and f"{url}/{field.name}"
        elif field.stored:
            record[field.name] = json_value(field, row[field.name])
        else:
            record[field.name] = _compound(sobject, field, row)
    return record


def json_value(field: FieldMeta, value: Any) -> Any:
    """One value of a REST answer."""
    if value is None:
        return None
    if field.type == "boolean":
        return bool(value)
    if field.type == "datetime":
        return rest_instant(value)
    return value


def rest_instant(text: str) -> str:
    """A point in time as REST writes it, with ``+0000`` for ``Z``."""
    return text.removesuffix("Z") + "+0000"


def _compound(sobject: SObject, field: FieldMeta, row: dict[str, Any]) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    for part in sobject.parts(field.name):
        for name in _ADDRESS:
            if part.name.removesuffix("__s").endswith(name):
                values[name[0].lower() + name[1:]] = row[part.name]
    if all(value is None for value in values.values()):
        return None
    if field.type == "address":
        values["geocodeAccuracy"] = None
    return dict(sorted(values.items()))
