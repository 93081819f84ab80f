"""A staging model, and how it is read back from its yml."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse_tools.dbt_models.columns import Column
from lakehouse_tools.dbt_models.facts import Origin
from lakehouse_tools.dbt_models.names import base_name, model_name
from lakehouse_tools.dbt_models.text import unquoted


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
    has_currency: bool = False  # the org has several, and records say in which they are
    has_base: bool = False  # all versions are a model of their own: some history reads them

    @property
    def name(self) -> str:
        """Its name in dbt."""
        return model_name(self.entity)

    @property
    def base(self) -> str:
        """The model of all versions, where there is one."""
        return base_name(self.entity)

    @property
    def table(self) -> str:
        """The raw table that it reads."""
        return self.object.lower()

    @property
    def key(self) -> str:
        """The column of the record's id."""
        return next(column.name for column in self.columns if column.raw == "id")

    @property
    def record(self) -> str:
        """One record, for people."""
        return f"{self.label} ({self.object})" if self.label != self.object else self.object


def read_model(entry: Mapping[str, Any]) -> Model:
    """A model from its entry in a generated yml. Raises KeyError, TypeError for another's."""
    meta = entry["config"]["meta"]
    return Model(
        entity=str(meta["entity"]),
        object=str(meta["object"]),
        label=unquoted(str(meta["label"])),
        origin=meta["generated_from"],
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
