"""Objects from the raw tables alone: the comments of their columns name field, type, label.

They tell neither help texts nor decimals, picklists or where references lead.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.raw.schema import GONE
from lakehouse_tools.dbt_models.facts import FieldFacts, ObjectFacts
from lakehouse_tools.dbt_models.org import rules_of
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import read_stack

# See field_comment in lakehouse_jobs.raw.schema.
COMMENT: Final = re.compile(r"(?P<name>\w+) \((?P<type>\w+)(?P<hash>, SHA-256)?\): ?(?P<label>.*)")


def read_raw(
    environment: Environment, config: ObjectsConfig
) -> tuple[list[ObjectFacts], dict[str, str]]:
    """The configured objects that have a raw table, and why others are left out."""
    with aws_errors(environment):
        tables = tables_of(environment, read_stack(environment).raw_database)
    return from_tables(tables, config)


def from_tables(
    tables: Iterable[Mapping[str, Any]], config: ObjectsConfig
) -> tuple[list[ObjectFacts], dict[str, str]]:
    """The same from the answers of Glue's ``GetTables``."""
    there = {
        str(name): table
        for table in tables
        if (name := table.get("Parameters", {}).get(TableProperty.OBJECT))
    }
    names = [n for group in config.groups for n in config.members(group.name, there)]
    found: list[ObjectFacts] = []
    left_out: dict[str, str] = {}
    for name in names:
        facts = _facts(name, there[name], rules_of(config, name)) if name in there else None
        if facts is None:
            left_out[name] = "it has no raw table yet"
        elif not any(field.raw == "id" for field in facts.fields):
            left_out[name] = "no comment of its raw table names Id: generate it from the org"
        else:
            found.append(facts)
    return found, left_out


def _facts(name: str, table: Mapping[str, Any], rules: FieldRules) -> ObjectFacts:
    columns = sorted(_columns(table), key=lambda found: len(found[0]))
    # A retyped field has two columns. The comment of the second has its type of today, unless
    # it was changed back: then the first one's has, and nothing tells.
    fields = {field.raw: field for _, field in columns if field.raw not in rules.exclude}
    types: dict[str, set[str]] = {}
    for _, field in columns:
        types.setdefault(field.raw, set()).add(field.type)
    return ObjectFacts(
        name=name,
        label=name,
        fields=tuple(fields.values()),
        origin="raw",
        retyped=tuple(sorted(field.name for raw, field in fields.items() if len(types[raw]) > 1)),
    )


def _columns(table: Mapping[str, Any]) -> Iterator[tuple[str, FieldFacts]]:
    """Names of columns, and the fields that their comments tell of."""
    for column in current_columns(table):
        comment = str(column.get("Comment") or "")
        match = COMMENT.fullmatch(comment)
        if match and not comment.endswith(GONE):
            yield (
                str(column["Name"]),
                FieldFacts(
                    name=match["name"],
                    type=match["type"],
                    label=match["label"],
                    hashed=match["hash"] is not None,
                ),
            )
