"""What an administrator's change in Salesforce may bring into raw by itself (``schema_changes``).

Whatever is kept out is not even asked for, and is named in the outcome with the line of
the configuration that lets it in. Once it is let in, its column is new to the table, so
it is marked as not filled and the backfill brings the values of the time between.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pyiceberg.schema import Schema

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig, SchemaChanges
from lakehouse_jobs.contract.runs import Blocked
from lakehouse_jobs.extract.columns import Selection, Source

# Without them nothing of an object can be read.
_NEEDED: Final = frozenset({"id", "isdeleted"})


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The fields to read, and what waits for a person."""

    selection: Selection
    blocked: tuple[Blocked, ...] = ()

    @property
    def note(self) -> str | None:
        """A sentence for a person, or None."""
        names = ", ".join(b["what"] for b in self.blocked)
        return f"schema_changes keeps out {names}, see blocked" if names else None


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
) -> Admission:
    """The selection without the fields that are kept out of a table with this schema.

    ``own`` are the object's rules without the defaults. Without a table all fields come:
    whoever named the object accepted it as it is.
    """
    if policy is not SchemaChanges.BLOCK or schema is None:
        return Admission(selection=selection)
    types = {f.name: str(f.field_type) for f in schema.fields}
    needed = _NEEDED | {selection.stamp_field.lower()}
    kept: list[Source] = []
    blocked: list[Blocked] = []
    for source in selection.sources:
        change = _change(source, types)
        name = source.field.name
        if change is None or name.lower() in needed | rules.accept:
            kept.append(source)
        else:
            blocked.append(_blocked(object_name, name, change, own.accept))
    left_out = tuple(f"{b['what']}: kept out by schema_changes" for b in blocked)
    return Admission(
        selection=replace(
            selection, sources=tuple(kept), left_out=(*selection.left_out, *left_out)
        ),
        blocked=tuple(blocked),
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


def _blocked(object_name: str, name: str, change: str, accepted: Iterable[str]) -> Blocked:
    accept = {object_name: {"fields": {"accept": [*sorted(accepted), name]}}}
    return Blocked(what=name, message=change, accept=f'"objects": {json.dumps(accept)}')
