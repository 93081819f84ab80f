"""From a parsed SOQL query to SQLite: names checked, values typed, nulls as SOQL has them."""

from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import Catalog, FieldMeta, SObject
from lakehouse_local.salesforce_org.identifiers import full_id
from lakehouse_local.salesforce_org.instants import is_date
from lakehouse_local.salesforce_org.instants import parse as parse_instant
from lakehouse_local.salesforce_org.soql import Compare, Condition, Query
from lakehouse_local.salesforce_org.soql_text import (
    Token,
    no_such_column,
    no_such_object,
    refused,
    string_value,
)

_IDS: Final = frozenset({"id", "reference"})
# Compared as they are, so that the index on SystemModstamp serves; other text without case.
_EXACT: Final = _IDS | {"date", "datetime", "time"}
_NUMBERS: Final = frozenset({"int", "long", "double", "currency", "percent"})


@dataclass(frozen=True)
class Plan:
    """What to run: the rows are those of ``FROM … WHERE … ORDER … LIMIT …`` in ``sql``."""

    query: Query
    sobject: SObject
    fields: tuple[FieldMeta, ...]
    sql: str
    parameters: tuple[Any, ...]


def plan(query: Query, catalog: Catalog, *, deleted: bool) -> Plan:
    """Check a query against the describes. ``deleted``: queryAll, else query.

    Raises :class:`~.soql_text.SoqlError`.
    """
    sobject = catalog.find(query.entity.text)
    if sobject is None:
        raise no_such_object(query.text, query.entity)
    if not sobject.describe["queryable"]:
        why = f"entity type {sobject.name} does not support query"
        raise refused(query.text, query.entity, why, "INVALID_TYPE_FOR_OPERATION")
    return _Planner(query, sobject).plan(deleted=deleted)


class _Planner:
    def __init__(self, query: Query, sobject: SObject) -> None:
        self.query = query
        self.sobject = sobject
        self.parameters: list[Any] = []

    def plan(self, *, deleted: bool) -> Plan:
        fields = tuple(self.field(token) for token in self.query.fields)
        self._refuse_twice()
        conditions = []
        if not deleted:
            conditions.append(self.sobject.shown)
        if self.sobject.guarded:
            conditions.append(self.sobject.shared)
        if self.query.where is not None:
            conditions.append(self.condition(self.query.where))
        sql = f"FROM {self.sobject.table}"
        if conditions:
            sql += " WHERE " + " AND ".join(conditions)
        if self.query.order:
            sql += " ORDER BY " + ", ".join(self._orders())
        if self.query.limit is not None or self.query.offset is not None:
            sql += f" LIMIT {-1 if self.query.limit is None else self.query.limit}"
            sql += f" OFFSET {self.query.offset or 0}"
        return Plan(self.query, self.sobject, fields, sql, tuple(self.parameters))

    def field(self, token: Token) -> FieldMeta:
        found = self.sobject.fields.get(token.text.lower())
        if found is None:
            raise no_such_column(self.query.text, token, self.sobject.name)
        return found

    def _refuse_twice(self) -> None:
        seen = set()
        for token in self.query.fields:
            if token.text.lower() in seen:
                why = f"duplicate field selected: {token.text}"
                raise refused(self.query.text, token, why)
            seen.add(token.text.lower())

    def _orders(self) -> list[str]:
        result = []
        for order in self.query.order:
            field = self.field(order.field)
            if not field.describe["sortable"] or not field.stored:
                why = f"field '{field.name}' can not be sorted in a query call"
                raise refused(self.query.text, order.field, why)
            direction = "DESC" if order.descending else "ASC"
            nulls = "FIRST" if order.nulls_first else "LAST"
            result.append(f"{field.column} {direction} NULLS {nulls}")
        return result

    def condition(self, condition: Condition) -> str:
        if isinstance(condition, Compare):
            return self.comparison(condition)
        parts = [self.condition(part) for part in condition.parts]
        if condition.operator == "NOT":
            # SOQL knows no third truth value: what is not true is false.
            return f"NOT coalesce({parts[0]}, 0)"
        return "(" + f" {condition.operator} ".join(parts) + ")"

    def comparison(self, compare: Compare) -> str:
        field = self.field(compare.field)
        if not field.describe["filterable"] or not field.stored:
            why = f"field '{field.name}' can not be filtered in a query call"
            raise refused(self.query.text, compare.field, why)
        column = field.column
        if field.sql_type == "TEXT" and field.type not in _EXACT:
            column += " COLLATE NOCASE"
        values = [self.value(field, token) for token in compare.values]
        if compare.operator in ("IN", "NOT IN"):
            return self._among(column, compare.operator, values)
        operator, value = compare.operator, values[0]
        if operator == "LIKE" and field.type in (*_NUMBERS, "boolean", "date", "datetime", *_IDS):
            why = f"invalid operator on {field.type} field"
            raise refused(self.query.text, compare.field, why, "INVALID_FIELD")
        if value is None and operator not in ("=", "!="):
            return "0"
        self.parameters.append(value)
        if operator == "LIKE":
            return f"{column} LIKE ? ESCAPE '\\'"
        if operator == "!=":
            return f"{column} IS NOT ?"
        return f"{column} IS ?" if operator == "=" else f"{column} {operator} ?"

    def _among(self, column: str, operator: str, values: list[Any]) -> str:
        known = [value for value in values if value is not None]
        self.parameters.extend(known)
        inside = f"{column} IN ({', '.join('?' * len(known))})"
        if len(known) < len(values):
            inside = f"({inside} OR {column} IS NULL)"
        return inside if operator == "IN" else f"NOT coalesce({inside}, 0)"

    def value(self, field: FieldMeta, token: Token) -> Any:
        if token.word == "NULL":
            return None
        if field.type == "boolean":
            if token.word in ("TRUE", "FALSE"):
                return int(token.word == "TRUE")
            raise self.mistyped(field, token, "boolean")
        if field.type in _NUMBERS:
            if token.kind != "number":
                raise self.mistyped(field, token, "double" if field.type != "int" else "int")
            return float(token.text)
        if field.type == "datetime":
            return self._instant(field, token)
        if field.type == "date":
            if token.kind != "date" or not is_date(token.text):
                raise self.mistyped(field, token, "date")
            return token.text
        if token.kind != "string":
            raise self.mistyped(field, token, "string", quoted=True)
        text = string_value(token)
        if field.type in _IDS and len(text) not in (0, 15, 18):
            raise refused(
                self.query.text, token, f"invalid ID field: {text}", "INVALID_QUERY_FILTER_OPERATOR"
            )
        # Salesforce keeps no empty strings: an empty literal means null.
        return (full_id(text) if field.type in _IDS else text) or None

    def _instant(self, field: FieldMeta, token: Token) -> str:
        text = parse_instant(token.text) if token.kind == "instant" else None
        if text is None:
            raise self.mistyped(field, token, "dateTime")
        return text

    def mistyped(
        self, field: FieldMeta, token: Token, kind: str, *, quoted: bool = False
    ) -> Exception:
        how = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
        why = f"value of filter criterion for field '{field.name}' must be of type {kind} and {how}"
        return refused(self.query.text, token, why)
