"""Names of columns and models: snake_case, of house style, each once, and for good.

A name that was given stays, whatever comes later. A new field takes the first of its
candidates that is free; the last resort is the name of its raw column, which no other
field has.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final

from lakehouse_jobs.contract.raw_log import SystemColumn
from lakehouse_tools.dbt_models.facts import FieldFacts
from lakehouse_tools.dbt_models.words import entity, plural, snake, suffixed

PREFIX: Final = "stg_salesforce__"
BASE_PREFIX: Final = "base_salesforce__"
# The macro version_columns makes these, from fields that get no column of their own.
VERSION_FIELDS: Final = frozenset(
    {"createddate", "lastmodifieddate", "systemmodstamp", "isdeleted"}
)
VERSION_COLUMNS: Final = (
    ("is_deleted", "boolean"),
    ("created_at", "timestamp"),
    ("last_modified_at", "timestamp"),
    ("system_modified_at", "timestamp"),
    ("deleted_at", "timestamp"),
    ("_extracted_at", "timestamp"),
    ("_batch", "bigint"),
)
# Columns of histories, and of the rows that end them: a model of them selects staging's.
_HISTORY: Final = frozenset(
    {"valid_from", "valid_to", "is_current", "is_closed_by_deletion", "_obsolete"}
)
TAKEN: Final = frozenset({name for name, _ in VERSION_COLUMNS} | _HISTORY | set(SystemColumn))
# Reserved in Athena (Trino's SELECT), in Spark's ANSI mode, or not to be had as an alias.
_RESERVED_WORDS: Final = """
    all alter and anti any as asc at authorization between both by case cast check collate column
    commit constraint create cross cube current current_catalog current_date current_path
    current_role current_schema current_time current_timestamp current_user date day deallocate
    delete desc describe distinct drop else end escape except execute exists extract external false
    fetch filter first for foreign from full function global grant group grouping having hour in
    inner insert intersect interval into is join json_array json_exists json_object json_query
    json_table json_value last lateral leading left like limit listagg local localtime
    localtimestamp minus minute month natural no normalize not null of offset on only or order out
    outer overlaps partition position prepare primary range recursive references revoke right
    rollback rollup row rows second select semi session_user set skip some table tablesample
    then time timestamp to trailing trim true truncate uescape union unique unknown unnest update
    user using values when where window with within year
"""
RESERVED: Final = frozenset(_RESERVED_WORDS.split())
# Say nothing without the object: every object has them.
_PLAIN: Final = frozenset({"name", "type"})
_BOOLEAN: Final = re.compile(
    r"(is|has|had|can|was|were|did|does|should|will|may|must|needs|allows)_"
)
_MOMENT: Final = re.compile(r"_?(date_?time|date|time_?stamp|time)$")
_DATED: Final = re.compile(r"(date|(^|_)(day|month|year|on|birthday))$")
_PERCENT: Final = re.compile(r"(percent|percentage|pct)$")


def columns(field: FieldFacts, of: str) -> Iterator[str]:
    """Candidates for a field's column in the model of entity ``of``, the best first."""
    if field.raw == "id":
        yield f"{of}_id"
    plain = _plain(field)
    if plain and plain not in RESERVED | _PLAIN and plain[0].isalpha():
        yield plain
    else:
        yield _typed(field, f"{of}_{_stem(field)}")
    yield field.raw
    yield from (f"{field.raw}_{number}" for number in range(2, 100))


def models(object_name: str) -> Iterator[str]:
    """Candidates for an object's entity, the best first; the model is named after its plural."""
    name = entity(object_name)
    yield name if name[:1].isalpha() else f"object_{name}"
    kind = "custom" if suffixed(object_name)[1] else "standard"
    yield f"{kind}_{name}"
    yield from (f"{kind}_{name}_{number}" for number in range(2, 100))


def model_name(of: str) -> str:
    """The staging model of an entity."""
    return f"{PREFIX}{plural(of)}"


def base_name(of: str) -> str:
    """The model of all versions of an entity."""
    return f"{BASE_PREFIX}{plural(of)}"


def first_free(candidates: Iterator[str], taken: Collection[str]) -> str:
    """The first name that nobody has."""
    return next(name for name in candidates if name not in taken and name not in RESERVED)


def _stem(field: FieldFacts) -> str:
    """The field's own words, namespace included; of a person account's, whose they are."""
    stem, suffix = suffixed(field.name)
    return snake(f"person_{stem}" if suffix.lower() == "pc" else stem)


def _plain(field: FieldFacts) -> str:
    return _typed(field, _stem(field))


def _typed(field: FieldFacts, name: str) -> str:
    """The name with what house style says of its type; a hash has no type but text."""
    if field.hashed:
        return name
    if field.type == "reference":
        return name if name.endswith("_id") else f"{name}_id"
    if field.type == "boolean":
        return name if _BOOLEAN.match(name) else f"is_{name}"
    if field.type == "date":
        return name if _DATED.search(name) else f"{name}_date"
    if field.type == "datetime":
        stem = _MOMENT.sub("", name)
        return name if name.endswith("_at") else f"{stem}_at" if stem else "date"
    if field.type == "percent":
        return name if _PERCENT.search(name) else f"{name}_percent"
    return name
