"""The Glue tables that a query names, as views of DuckDB.

An Iceberg table is read at the metadata file its Glue entry points to, as Athena does
(docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html), also as of a version or a
time; one of Parquet or text as its Glue entry says (:mod:`.athena_parquet`,
:mod:`.athena_text`). ministack reads whatever lies under the table's location as CSV.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
from sqlglot import exp

from lakehouse_local.local_aws.athena_errors import QueryError
from lakehouse_local.local_aws.athena_parquet import is_parquet, parquet_source
from lakehouse_local.local_aws.athena_text import is_text, text_source

_CATALOGS = ("", "awsdatacatalog", "hive")
_INFORMATION = "information_schema"


class Tables:
    """Makes the views of one query, in a database of its own (``catalog``)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: str, database: str) -> None:
        self._connection = connection
        self._catalog = catalog
        self._database = database.lower()
        self._schemas: set[str] = set()
        self._views: dict[tuple[str, str, str], str] = {}

    def bind(self, statement: exp.Expr) -> None:
        """Give each table of the statement its view; the names in it lead there afterwards."""
        self._schema(self._database)
        self._connection.execute(f'USE "{self._catalog}"."{self._database}"')
        for table, ctes in list(_tables(statement)):
            if table.db or table.name.lower() not in ctes:
                self._bind(table)

    def _bind(self, table: exp.Table) -> None:
        catalog = table.catalog.lower()
        if catalog not in _CATALOGS:
            message = f"Catalog '{catalog}' does not exist"
            raise QueryError("CATALOG_NOT_FOUND", message)
        database = table.db.lower() or self._database
        name = table.name.lower()
        version = table.args.get("version")
        key = (database, name, version.sql() if version else "")
        if key not in self._views:
            self._views[key] = self._view(database, name, version)
        view = exp.table_(self._views[key], db=_shown(database), quoted=True)
        table.set("this", view.this)
        table.set("db", view.args["db"])
        table.set("catalog", None)
        table.set("version", None)
        if version is not None and not table.args.get("alias"):
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))

    def _view(self, database: str, name: str, version: exp.Expr | None) -> str:
        if database == _INFORMATION:
            source = _information(name)
        else:
            source = self._source(database, name, version)
        self._schema(database)
        view = f"{name}@{len(self._views)}" if version else name
        place = f"{_quoted(self._catalog)}.{_quoted(_shown(database))}.{_quoted(view)}"
        # Names and values in it are quoted.
        self._connection.execute(f"CREATE VIEW {place} AS SELECT * FROM {source}")  # noqa: S608
        return view

    def _source(self, database: str, name: str, version: exp.Expr | None) -> str:
        if "$" in name:
            raise QueryError("NOT_SUPPORTED", f"the local AWS has no metadata tables ({name})")
        table = glue_table(database, name)
        parameters = table.get("Parameters") or {}
        pointer = parameters.get("metadata_location")
        if parameters.get("table_type", "").upper() == "ICEBERG" and pointer:
            return f"iceberg_scan({_literal(pointer)}{_as_of(version)})"
        if version is None and is_parquet(table):
            return parquet_source(self._connection, table)
        if version is None and is_text(table):
            return text_source(self._connection, table)
        message = (
            f"{database}.{name}: the local AWS reads Iceberg, and Parquet and text"
            " (LazySimpleSerDe, OpenCSVSerde) without partitions"
        )
        raise QueryError("NOT_SUPPORTED", message)

    def _schema(self, database: str) -> None:
        if database not in self._schemas:
            self._schemas.add(database)
            schema = f"{_quoted(self._catalog)}.{_quoted(_shown(database))}"
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")


def _shown(database: str) -> str:
    """DuckDB keeps its own information_schema; ours has another name."""
    return "athena_information" if database == _INFORMATION else database


def _tables(statement: exp.Expr) -> Iterator[tuple[exp.Table, set[str]]]:
    """Each table, with the names that WITH gives around it."""
    for table in statement.find_all(exp.Table):
        around: set[str] = set()
        node: exp.Expr | None = table
        while node is not None:
            with_ = node.args.get("with_") or node.args.get("with")
            if isinstance(with_, exp.With):
                around |= {cte.alias.lower() for cte in with_.expressions}
            node = node.parent
        yield table, around


def glue_table(database: str, name: str) -> dict[str, Any]:
    """A table of the Glue catalog. Raises :class:`QueryError` as Athena words it."""
    from ministack.services import glue

    if database not in glue._databases:
        raise QueryError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
    table = glue._tables.get(f"{database}/{name}")
    if table is None:
        message = f"Table 'awsdatacatalog.{database}.{name}' does not exist"
        raise QueryError("TABLE_NOT_FOUND", message)
    return table


def _as_of(version: exp.Expr | None) -> str:
    if version is None:
        return ""
    value = version.expression
    if version.name.upper() == "VERSION" and isinstance(value, exp.Literal) and not value.is_string:
        return f", snapshot_from_id => {int(value.this)}"
    if version.name.upper() == "TIMESTAMP":
        return f", snapshot_from_timestamp => ({value.sql('duckdb')})::TIMESTAMP"
    raise QueryError("SYNTAX_ERROR", f"FOR {version.sql('trino')}: not a snapshot id or a time")


def _information(name: str) -> str:
    """``information_schema``: schemata, tables and columns of the Glue catalog."""
    rows = {"schemata": _schemata, "tables": _all_tables, "columns": _columns}
    if name not in rows:
        message = f"Table 'awsdatacatalog.information_schema.{name}' does not exist"
        raise QueryError("TABLE_NOT_FOUND", message)
    names = {
        "schemata": "catalog_name, schema_name",
        "tables": "table_catalog, table_schema, table_name, table_type",
        "columns": "table_catalog, table_schema, table_name, column_name, ordinal_position, "
        "column_default, is_nullable, data_type, comment",
    }[name]
    values = [tuple(map(_literal, row)) for row in rows[name]()]
    width = names.count(",") + 1
    lines = [f"({', '.join(row)})" for row in values] or [f"({', '.join(['NULL'] * width)})"]
    some = "" if values else " WHERE false"
    return f"(SELECT * FROM (VALUES {', '.join(lines)}) AS v({names}){some})"  # noqa: S608


def _schemata() -> Iterator[tuple[object, ...]]:
    from ministack.services import glue

    for database in sorted(glue._databases):
        yield "awsdatacatalog", database


def _all_tables() -> Iterator[tuple[object, ...]]:
    from ministack.services import glue

    for key in sorted(glue._tables):
        database, _, name = key.partition("/")
        view = (glue._tables[key].get("TableType") or "") == "VIRTUAL_VIEW"
        yield "awsdatacatalog", database, name, "VIEW" if view else "BASE TABLE"


def _columns() -> Iterator[tuple[object, ...]]:
    from ministack.services import glue

    for key in sorted(glue._tables):
        database, _, name = key.partition("/")
        for number, column in enumerate(columns(glue._tables[key]), 1):
            kind = {"string": "varchar", "int": "integer"}.get(column["Type"], column["Type"])
            comment = column.get("Comment")
            where = ("awsdatacatalog", database, name)
            yield (*where, column["Name"], number, None, "YES", kind, comment)


def columns(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a Glue table, those it is partitioned by last."""
    described = (table.get("StorageDescriptor") or {}).get("Columns") or []
    return [*described, *(table.get("PartitionKeys") or [])]


def _literal(value: object) -> str:
    if value is None:
        return "CAST(NULL AS VARCHAR)"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
