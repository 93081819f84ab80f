"""What dbt is told of a model: its grain, its tests, its columns. By lines."""

from collections.abc import Iterator
from typing import Final

from lakehouse_tools.dbt_models.columns import CURRENCY_CODE
from lakehouse_tools.dbt_models.model import Model
from lakehouse_tools.dbt_models.names import VERSION_COLUMNS
from lakehouse_tools.dbt_models.text import plain, quoted

_VERSION_DESCRIPTIONS: Final = {
    "is_deleted": "Whether the record is deleted in Salesforce, in whatever way.",
    "created_at": "When the record was made, UTC.",
    "last_modified_at": "When a person last changed it, UTC.",
    "system_modified_at": "When it last changed, UTC; orders its versions.",
    "deleted_at": "When it was deleted, UTC; null while it lives.",
    "_extracted_at": "When this version was read, UTC.",
    "_batch": "Batch of raw that brought this version.",
}


def base_yml(model: Model) -> Iterator[str]:
    """Of the model of all versions."""
    grain = (
        f"One row per version of {model.record}, renamed and typed. The current version"
        f" ({model.name}) and histories are made from it."
    )
    yield "models:"
    yield f"  - name: {model.base}"
    yield f"    description: {quoted(grain)}"


def model_yml(model: Model) -> Iterator[str]:
    """Of the model of current versions. ``meta`` is what the next generation goes by."""
    grain = (
        f"One row per {model.record}, in its current version. Deleted ones stay, with `is_deleted`."
    )
    yield "models:"
    yield f"  - name: {model.name}"
    yield f"    description: {quoted(grain)}"
    yield "    config:"
    yield "      meta:"
    yield f"        object: {plain(model.object)}"
    yield f"        label: {quoted(model.label)}"
    yield f"        entity: {plain(model.entity)}"
    yield f"        generated_from: {model.origin}"
    yield "    data_tests:"
    yield "      - primary_key:"
    yield "          arguments:"
    yield f"            columns: [{plain(model.key)}]"
    yield from _picklist_test(model)
    yield from _reference_test(model)
    yield from _currency_test(model)
    yield "    columns:"
    for column in model.columns:
        yield f"      - name: {plain(column.name)}"
        yield f"        data_type: {plain(column.data_type)}"
        yield f"        description: {quoted(column.description)}"
        yield "        config:"
        yield f"          meta: {{field: {plain(column.field)}, type: {plain(column.type)}}}"
    for name, data_type in VERSION_COLUMNS:
        yield f"      - name: {name}"
        yield f"        data_type: {data_type}"
        yield f"        description: {quoted(_VERSION_DESCRIPTIONS[name])}"


def _picklist_test(model: Model) -> Iterator[str]:
    if not model.picklists:
        return
    several = ", ".join(plain(each.column) for each in model.picklists if each.several)
    yield "      - listed_values:"
    yield f"          name: listed_values_{model.name}"
    yield "          arguments:"
    yield f"            several: [{several}]"
    yield "            values:"
    for each in model.picklists:
        yield f"              {plain(each.column)}:"
        yield from (f"                - {quoted(value)}" for value in each.values)
    yield from _WARN


def _reference_test(model: Model) -> Iterator[str]:
    if not model.references:
        return
    yield "      - known_references:"
    yield f"          name: known_references_{model.name}"
    yield "          arguments:"
    yield "            references:"
    for each in model.references:
        yield f"              - column: {plain(each.column)}"
        yield f"                to: ref('{each.model}')"
        yield f"                key: {plain(each.key)}"
    yield from _WARN


def _currency_test(model: Model) -> Iterator[str]:
    """Of the one object whose amounts reports add up."""
    column = next((each.name for each in model.columns if each.raw == CURRENCY_CODE), None)
    if model.table != "opportunity" or column is None or not model.has_currency:
        return
    yield "      - one_currency:"
    yield f"          name: one_currency_{model.name}"
    yield "          arguments:"
    yield f"            column: {plain(column)}"
    yield from _WARN
    yield "            enabled: \"{{ not var('multi_currency') }}\""


# A new value or a record that nobody may see is no fault of the build.
_WARN: Final = ("          config:", "            severity: warn")
