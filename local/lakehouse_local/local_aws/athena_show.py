"""SHOW and DESCRIBE, from the Glue catalog.

docs.aws.amazon.com/athena/latest/ug/show-tables.html and its neighbours. Their results
are lines of text without a header. ministack hands them to DuckDB, which knows nothing
of the Glue catalog.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from lakehouse_local.local_aws.athena_errors import QueryError
from lakehouse_local.local_aws.athena_tables import columns, glue_table

_NAME: Final = r"[`\"]?(\w+)[`\"]?"
_TABLE: Final = rf"(?:{_NAME}\.)?{_NAME}"
_FORMS: Final = (
    (rf"show\s+tables(?:\s+(?:in|from)\s+{_NAME})?(?:\s+(?:like\s+)?'([^']*)')?", "tables"),
    (r"show\s+(?:databases|schemas)(?:\s+(?:like\s+)?'([^']*)')?", "databases"),
    (rf"show\s+columns\s+(?:in|from)\s+{_TABLE}", "columns"),
    (rf"desc(?:ribe)?\s+(?:formatted\s+|extended\s+)?{_TABLE}", "describe"),
)


def show(query: str, database: str) -> tuple[str, list[str]] | None:
    """The result column's name and its lines; None for another kind of statement."""
    text = query.strip().removesuffix(";").strip()
    if not re.match(r"(show|desc|describe)\b", text, re.IGNORECASE):
        return None
    for pattern, form in _FORMS:
        found = re.fullmatch(pattern, text, re.IGNORECASE)
        if found:
            return _SHOWN[form](database, *found.groups())
    raise QueryError("NOT_SUPPORTED", f"the local AWS cannot run {text[:100]!r}")


def _tables(database: str, named: str | None, pattern: str | None) -> tuple[str, list[str]]:
    from ministack.services import glue

    schema = (named or database).lower()
    if schema not in glue._databases:
        raise QueryError("SCHEMA_NOT_FOUND", f"Database {schema} does not exist")
    names = [key.partition("/")[2] for key in glue._tables if key.startswith(f"{schema}/")]
    return "tab_name", list(_matching(names, pattern))


def _databases(_: str, pattern: str | None) -> tuple[str, list[str]]:
    from ministack.services import glue

    return "database_name", list(_matching(list(glue._databases), pattern))


def _columns(database: str, schema: str | None, table: str) -> tuple[str, list[str]]:
    found = glue_table((schema or database).lower(), table.lower())
    return "field", [column["Name"] for column in columns(found)]


def _describe(database: str, schema: str | None, table: str) -> tuple[str, list[str]]:
    found = glue_table((schema or database).lower(), table.lower())
    lines = [
        f"{c['Name']:<20}\t{c.get('Type', ''):<20}\t{c.get('Comment') or '':<20}"
        for c in columns(found)
    ]
    return "col_name", lines


def _matching(names: list[str], pattern: str | None) -> Iterator[str]:
    """Names that a regular expression takes, in which * stands for any text."""
    expression = None if pattern is None else re.sub(r"(?<!\.)\*", ".*", pattern)
    for name in sorted(names):
        if expression is None or re.fullmatch(expression, name):
            yield name


_SHOWN: Final[dict[str, Callable[..., tuple[str, list[str]]]]] = {
    "tables": _tables,
    "databases": _databases,
    "columns": _columns,
    "describe": _describe,
}
