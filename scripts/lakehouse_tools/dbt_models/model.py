"""A staging model as the two files that dbt reads, and back from its yml."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_tools.dbt_models.columns import GROUPS, Column
from lakehouse_tools.dbt_models.facts import Origin
from lakehouse_tools.dbt_models.names import VERSION_COLUMNS, model_name
from lakehouse_tools.dbt_models.text import marked, plain, quoted, unquoted

_VERSION_DESCRIPTIONS: Final = {
    "is_deleted": "Whether the record is deleted in Salesforce, in whatever way.",
    "created_at": "When the record was made, UTC.",
    "last_modified_at": "When a person last changed it, UTC.",
    "system_modified_at": "When it last changed, UTC; orders its versions.",
    "deleted_at": "When it was deleted, UTC; null while it lives.",
    "_extracted_at": "When this version was read, UTC.",
    "_batch": "Batch of raw that brought this version.",
}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A column that holds ids of another model's records."""

    column: str
    model: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Picklist:
    """A column and the values that describe lists for it."""

    column: str
    values: tuple[str, ...]
    several: bool = False  # values of one record, with semicolons between them


@dataclass(frozen=True, kw_only=True)
class Model:
    """A generated staging model."""

    entity: str  # one record, in snake_case: "project"
    object: str  # API name
    label: str
    origin: Origin
    columns: tuple[Column, ...]
    picklists: tuple[Picklist, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def name(self) -> str:
        """Its name in dbt."""
        return model_name(self.entity)

    @property
    def table(self) -> str:
        """The raw table that it reads."""
        return self.object.lower()

    @property
    def key(self) -> str:
        """The column of the record's id."""
        return next(column.name for column in self.columns if column.raw == "id")

    def files(self) -> dict[str, str]:
        """Its files by name."""
        return {
            f"{self.name}.sql": marked(self._sql(), comment="{#"),
            f"{self.name}.yml": marked("".join(f"{x}\n" for x in self._yml()), comment="#"),
        }

    def _sql(self) -> str:
        selected = "\n\n".join(self._groups())
        return _SQL.format(key=self.key, table=self.table, selected=selected)

    def _groups(self) -> Iterator[str]:
        for group in GROUPS:
            lines = [_selected(c) for c in self.columns if c.group == group]
            if lines:
                yield "\n".join([f"        -- {group}", *lines])
        yield "        {{ version_columns(raw) }}"

    def _yml(self) -> Iterator[str]:
        what = f"{self.label} ({self.object})" if self.label != self.object else self.object
        yield "models:"
        yield f"  - name: {self.name}"
        grain = f"One row per {what}, in its current version. Deleted ones stay, with `is_deleted`."
        yield f"    description: {quoted(grain)}"
        yield "    config:"
        yield "      meta:"
        yield f"        object: {self.object}"
        yield f"        label: {quoted(self.label)}"
        yield f"        entity: {self.entity}"
        yield f"        generated_from: {self.origin}"
        yield "    data_tests:"
        yield "      - primary_key:"
        yield "          arguments:"
        yield f"            columns: [{self.key}]"
        yield from self._picklist_test()
        yield from self._reference_test()
        yield "    columns:"
        for column in self.columns:
            yield f"      - name: {column.name}"
            yield f"        data_type: {plain(column.data_type)}"
            yield f"        description: {quoted(column.description)}"
            yield "        config:"
            yield f"          meta: {{field: {column.field}, type: {column.type}}}"
        for name, data_type in VERSION_COLUMNS:
            yield f"      - name: {name}"
            yield f"        data_type: {data_type}"
            yield f"        description: {quoted(_VERSION_DESCRIPTIONS[name])}"

    def _picklist_test(self) -> Iterator[str]:
        if not self.picklists:
            return
        several = ", ".join(p.column for p in self.picklists if p.several)
        yield "      - listed_values:"
        yield f"          name: listed_values_{self.name}"
        yield "          arguments:"
        yield f"            several: [{several}]"
        yield "            values:"
        for picklist in self.picklists:
            yield f"              {picklist.column}:"
            yield from (f"                - {quoted(value)}" for value in picklist.values)
        yield "          config:"
        yield "            severity: warn"

    def _reference_test(self) -> Iterator[str]:
        if not self.references:
            return
        yield "      - known_references:"
        yield f"          name: known_references_{self.name}"
        yield "          arguments:"
        yield "            references:"
        for each in self.references:
            yield f"              - column: {each.column}"
            yield f"                to: ref('{each.model}')"
            yield f"                key: {each.key}"
        yield "          config:"
        yield "            severity: warn"


def _selected(column: Column) -> str:
    given = "" if column.data_type == "string" else f", '{column.data_type.replace(',', ', ')}'"
    return f"        {{{{ field(raw, '{column.raw}'{given}) }}}} as {column.name},"


def read_model(entry: Mapping[str, Any]) -> Model:
    """A model from its entry in a generated yml. Raises KeyError, TypeError for another's."""
    meta = entry["config"]["meta"]
    return Model(
        entity=str(meta["entity"]),
        object=str(meta["object"]),
        label=str(meta["label"]),
        origin="raw" if meta["generated_from"] == "raw" else "describe",
        columns=tuple(_columns(entry["columns"])),
    )


def _columns(entries: Sequence[Mapping[str, Any]]) -> Iterator[Column]:
    for entry in entries:
        meta = entry.get("config", {}).get("meta", {})
        if "field" in meta:
            yield Column(
                name=str(entry["name"]),
                data_type=str(entry["data_type"]),
                field=str(meta["field"]),
                type=str(meta["type"]),
                description=unquoted(str(entry["description"])),
            )


_SQL: Final = """\
{{{{ config(unique_key='{key}') }}}}
{{% set raw = columns_of(source('salesforce', '{table}')) %}}

with

versions as (

    select
{selected}

    from {{{{ source('salesforce', '{table}') }}}}
    {{{{ newer_batches() }}}}

),

{{{{ latest_version('versions', '{key}') }}}}
"""
