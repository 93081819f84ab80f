"""What an administrator's change in Salesforce may bring into raw by itself (``schema_changes``).

Whatever is kept out is not even asked for, and is named in the outcome with the line of
the configuration that lets it in. Once it is let in, its column is new to the table, so
it is marked as not filled and the backfill brings the values of the time between.

New fields wait under every policy while the configuration hides a field that Salesforce
does not show any more: one of them may be that field under another name.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pyiceberg.schema import Schema
from pyiceberg.table import Table

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig, SchemaChanges
from lakehouse_jobs.contract.runs import Blocked
from lakehouse_jobs.extract.columns import Selection, Source, refuse_unknown, unknown
from lakehouse_jobs.raw.schema import GONE
from lakehouse_jobs.raw.table import read_state
from lakehouse_jobs.salesforce.describe import Description

# Without them nothing of an object can be read.
_NEEDED: Final = frozenset({"id", "isdeleted"})


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The fields to read, and what waits for a person."""

    selection: Selection
    blocked: tuple[Blocked, ...] = ()
    note: str | None = None  # a sentence for a person


def hidden_and_gone(
    description: Description, own: FieldRules, table: Table | None
) -> tuple[str, ...]:
    """Fields that the object's rules hide and Salesforce does not show.

    An administrator may delete or hide such a field at any time, so that fails no object
    that has rows. One without is refused (ConfigError): there a name may be misspelt.
    """
    gone = unknown(description, own)
    if gone and (table is None or not read_state(table).batch):
        refuse_unknown(description, own)
    return tuple(dict.fromkeys(name for _, name in gone))


def waiting_object(
    config: ObjectsConfig, *, group: str, object_name: str, has_table: bool
) -> Blocked | None:
    """An object that raw does not have and only a pattern brings, where that is not allowed."""
    policy = config.rules(object_name).schema_changes
    wanted = config.group(group)
    if policy is SchemaChanges.ALLOW or has_table or wanted.names(object_name):
        return None
    include = [*wanted.include, object_name]
    return Blocked(
        what=object_name,
        message=f"{object_name} is new, and only a pattern of group {group} brings it",
        accept=f'"groups": {json.dumps({group: {"include": include}})}',
    )


def admit(
    selection: Selection,
    schema: Schema | None,
    *,
    policy: SchemaChanges | None,
    own: FieldRules,
    rules: FieldRules,
    object_name: str,
    gone: Sequence[str] = (),
) -> Admission:
    """The selection without the fields that are kept out of a table with this schema.

    ``own`` are the object's rules without the defaults; ``gone`` is
    :func:`hidden_and_gone`. Without a table all fields come: whoever named the object
    accepted it as it is.
    """
    blocks = policy is SchemaChanges.BLOCK
    if schema is None or not (blocks or gone):
        return Admission(selection=selection)
    types = {f.name: str(f.field_type) for f in schema.fields}
    read = {f.name for f in schema.fields if not (f.doc or "").endswith(GONE)}
    needed = _NEEDED | {selection.stamp_field.lower()}
    hidden = ", ".join(gone)
    kept: list[Source] = []
    blocked: list[Blocked] = []
    for source in selection.sources:
        change = _change(source, types) if blocks else _rename(source, read, hidden)
        name = source.field.name
        if change is None or name.lower() in needed | rules.accept:
            kept.append(source)
        else:
            blocked.append(_blocked(object_name, name, change, own.accept))
    reason = "schema_changes" if blocks else f"the rule for {hidden}, which it may be"
    left_out = tuple(f"{b['what']}: kept out by {reason}" for b in blocked)
    names = ", ".join(b["what"] for b in blocked)
    notes = (
        f"fields.exclude or fields.hash of {object_name} names {hidden}, which Salesforce does not "
        "show: check the spelling in salesforce_objects.json, or remove it"
        if gone
        else None,
        f"{'schema_changes' if blocks else 'that'} keeps out {names}, see blocked"
        if blocked
        else None,
    )
    return Admission(
        selection=replace(
            selection, sources=tuple(kept), left_out=(*selection.left_out, *left_out)
        ),
        blocked=tuple(blocked),
        note="; ".join(filter(None, notes)) or None,
    )


def _change(source: Source, types: dict[str, str]) -> str | None:
    """What is new about a field, or None where the table knows it so."""
    column = source.column
    known = types.get(column.name)
    if known is None:
        return f"{source.field.name} ({source.field.type}) is new"
    if known == column.type or types.get(f"{column.name}__{column.type}") == column.type:
        return None
    if source.hashed:
        return None  # it was the configuration that made it text, not an administrator
    return f"{source.field.name} was {known} in raw and is {source.field.type} now"


def _rename(source: Source, read: Collection[str], hidden: str) -> str | None:
    """Why a field may be a hidden one under a new name; None where it was read or is hashed."""
    if source.hashed or source.column.name in read:
        return None
    return f"{source.field.name} ({source.field.type}) is new and may be {hidden}, renamed"


def _blocked(object_name: str, name: str, change: str, accepted: Iterable[str]) -> Blocked:
    accept = {object_name: {"fields": {"accept": [*sorted(accepted), name]}}}
    return Blocked(what=name, message=change, accept=f'"objects": {json.dumps(accept)}')
