"""REST queries, page by page."""

import secrets
import sqlite3
import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from lakehouse_local.salesforce_org import permissions
from lakehouse_local.salesforce_org.answers import ApiError, json_response
from lakehouse_local.salesforce_org.catalog import FieldMeta, SObject
from lakehouse_local.salesforce_org.org import Org
from lakehouse_local.salesforce_org.rest_routes import base_path
from lakehouse_local.salesforce_org.soql import parse
from lakehouse_local.salesforce_org.soql_sql import plan
from lakehouse_local.salesforce_org.soql_text import SoqlError
from lakehouse_local.salesforce_org.values import json_columns, json_record

_OPEN_CURSORS: Final = 100
_CHUNK: Final = 500  # row numbers in one SQL statement


@dataclass(frozen=True)
class _Cursor:
    """The rows of a query whose pages are still to be fetched; 8 bytes for each row."""

    sobject: SObject
    fields: tuple[FieldMeta, ...]
    rows: "array[int]"
    page: int


class Queries:
    """The endpoints, with the cursors that are open."""

    def __init__(self) -> None:
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self._lock = threading.Lock()

    def query(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET …/query?q=``: without the deleted and the archived."""
        return self._query(org, request, deleted=False)

    def query_all(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET …/queryAll?q=``: with the deleted and the archived."""
        return self._query(org, request, deleted=True)

    def _query(self, org: Org, request: Request, *, deleted: bool) -> Response:
        base = base_path(request)
        text = request.query_params.get("q", "")
        if not text.strip():
            raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
        permitted = permissions.readable_fields(org.store.catalog, text)
        if permitted is not None:
            return json_response(permitted)
        try:
            query = parse(text, limit=org.behaviour.soql_characters)
            found = plan(query, org.store.visible, deleted=deleted)
        except SoqlError as error:
            raise ApiError.from_soql(error) from None
        with org.store.reading() as db:
            if found.query.count:
                number = db.execute(
                    f"SELECT count(*) FROM (SELECT 1 {found.sql})",  # noqa: S608
                    found.parameters,
                ).fetchone()[0]
                return json_response({"totalSize": number, "done": True, "records": []})
            rows = array("q")
            for (row,) in db.execute(f"SELECT rowid {found.sql}", found.parameters):
                rows.append(row)
        if not found.query.order:
            # Whatever index served the query; to sort in SQL could cost the index.
            rows = array("q", sorted(rows))
        cursor = _Cursor(found.sobject, found.fields, rows, _page_rows(org, request))
        return self._page(org, base, cursor, 0, "01g" + secrets.token_hex(8).upper()[:15])

    def more(self, org: Org, request: Request, _body: bytes) -> Response:
        """``GET …/query/<cursor>-<row>``."""
        base = base_path(request)
        name, _, start = request.path_params["locator"].rpartition("-")
        with self._lock:
            cursor = self._cursors.get(name)
        if cursor is None or not start.isdecimal():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(org, base, cursor, int(start), name)

    def _page(self, org: Org, base: str, cursor: _Cursor, start: int, name: str) -> Response:
        end = min(start + cursor.page, len(cursor.rows))
        body: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
        if end < len(cursor.rows):
            body["nextRecordsUrl"] = f"{base}/query/{name}-{end}"
            with self._lock:
                self._cursors[name] = cursor
                while len(self._cursors) > _OPEN_CURSORS:
                    self._cursors.popitem(last=False)
        body["records"] = _records(org, base, cursor, start, end)
        return json_response(body)


def _records(org: Org, base: str, cursor: _Cursor, start: int, end: int) -> list[dict[str, Any]]:
    sobject = cursor.sobject
    columns = json_columns(sobject, cursor.fields)
    names = ["Id", *(field.name for field in columns)]
    select = ", ".join(["rowid", '"Id"', *(field.column for field in columns)])
    found: dict[int, dict[str, Any]] = {}
    with org.store.reading() as db:
        for at in range(start, end, _CHUNK):
            rows = cursor.rows[at : min(at + _CHUNK, end)]
            marks = ", ".join("?" * len(rows))
            sql = f"SELECT {select} FROM {sobject.table} WHERE rowid IN ({marks})"  # noqa: S608
            try:
                read = db.execute(sql, rows.tolist()).fetchall()
            except sqlite3.OperationalError as error:
                # An administrator removed a field between two pages.
                raise ApiError(400, "INVALID_QUERY_LOCATOR", str(error)) from None
            found |= {row[0]: dict(zip(names, row[1:], strict=True)) for row in read}
    return [
        json_record(sobject, cursor.fields, found[row], base)
        for row in cursor.rows[start:end]
        if row in found
    ]


def _page_rows(org: Org, request: Request) -> int:
    """``Sforce-Query-Options: batchSize=200``, 200 to 2,000."""
    options = request.headers.get("sforce-query-options", "")
    name, _, size = options.replace(" ", "").partition("=")
    if name.lower() == "batchsize" and size.isdecimal():
        return min(max(int(size), 200), 2_000)
    return org.behaviour.rest_rows
