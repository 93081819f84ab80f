"""What a generation would write, keep and leave; nothing is written here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lakehouse_tools.dbt_models import names
from lakehouse_tools.dbt_models.columns import CURRENCY_CODE, columns_of, gone
from lakehouse_tools.dbt_models.facts import PICKLISTS, ObjectFacts
from lakehouse_tools.dbt_models.files import files
from lakehouse_tools.dbt_models.model import Model, Picklist, Reference
from lakehouse_tools.dbt_models.project import FOLDER, SOURCES, Project, Reader
from lakehouse_tools.dbt_models.sources import sources_file
from lakehouse_tools.dbt_models.text import untouched
from lakehouse_tools.errors import ModelsError

# Of everybody's records: a test of them costs a join and tells nothing of the object.
_STAMPED_BY = frozenset({"createdbyid", "lastmodifiedbyid"})
_MOST_VALUES = 1_000
_MIXED = (
    "the org has several currencies and multi_currency is false in dbt_project.yml: reports add up"
    " amounts of different currencies as if they were one; configure CurrencyType (with advanced"
    " currency management DatedConversionRate too), generate, and set multi_currency to fixed or"
    " dated: docs/marts.md, Several currencies"
)


class What(StrEnum):
    """What becomes of an object's model."""

    WRITTEN = "written"  # new
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    EDITED = "edited"  # by a person: left as it is
    HAND_MADE = "hand-made"
    DROPPED = "dropped"  # the org or the configuration has it no longer: left as it is
    LEFT_OUT = "left out"  # it cannot be extracted


@dataclass(frozen=True, kw_only=True)
class Row:
    """One object of the report."""

    object: str
    what: What
    model: str | None = None
    columns: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a generation would do."""

    rows: tuple[Row, ...]
    files: Mapping[str, str]  # of the generated folder, whole: name -> text
    changed: tuple[str, ...]  # names of those that are new or differ
    notes: tuple[str, ...] = ()  # of the org as a whole


def make_plan(
    project: Project,
    objects: Iterable[ObjectFacts],
    *,
    left_out: Mapping[str, str],
    fresh_minutes: Mapping[str, int] | None = None,
) -> Plan:
    """The plan for these objects, which are all that the configuration takes.

    ``left_out``: API name and reason of objects that nothing can be read of.
    ``fresh_minutes``: by raw table; see :func:`.sources_file`.
    """
    found = {each.name.lower(): each for each in objects}
    reasons = {name.lower(): reason for name, reason in left_out.items()}
    wanted = [f for t, f in found.items() if t not in project.readers]
    models = {m.table: m for m in _tested(_models(project, wanted), found, project)}
    texts = dict(project.texts)
    rows: list[Row] = []
    for table, facts in found.items():
        if table in project.readers:
            rows.append(_by_hand(project, facts.name))
            continue
        rows.append(_row(project, facts, models[table]))
        if rows[-1].what not in (What.EDITED, What.UNCHANGED):
            texts |= files(models[table])
    for table, there in project.generated.items():
        if table not in found and table not in project.readers:
            reason = reasons.get(table, "neither the org nor the configuration has it any more")
            rows.append(
                Row(
                    object=there.model.object,
                    what=What.DROPPED,
                    model=there.model.name,
                    columns=len(there.model.columns),
                    notes=(f"{reason}: left as it is",),
                )
            )
    rows += [
        Row(object=name, what=What.LEFT_OUT, notes=(reason,))
        for name, reason in left_out.items()
        if name.lower() not in project.generated
    ]
    texts |= _sources(project, found, fresh_minutes or {})
    changed = sorted(name for name, text in texts.items() if project.texts.get(name) != text)
    return Plan(
        rows=tuple(sorted(rows, key=lambda row: row.object.lower())),
        files=texts,
        changed=tuple(changed),
        notes=(_MIXED,) if _several_currencies(found.values()) and not project.converts else (),
    )


def _several_currencies(objects: Iterable[ObjectFacts]) -> bool:
    """Salesforce gives records a currency of their own where the org has more than one."""
    return any(field.raw == CURRENCY_CODE for each in objects for field in each.fields)


def _sources(
    project: Project, found: Mapping[str, ObjectFacts], fresh_minutes: Mapping[str, int]
) -> dict[str, str]:
    """The file of sources, where there is anything for it to declare."""
    before = project.texts.get(SOURCES)
    tables = (found.keys() | project.sources) - project.declared
    if not tables:
        return {}
    if before is not None and not untouched(before):
        lacking = sorted(tables - project.sources)
        if lacking:
            raise ModelsError(
                f"{FOLDER / SOURCES} was edited and lacks {', '.join(lacking)}: move it to"
                " ../salesforce, where it stays yours, and generate again"
            )
        return {}
    labels = {table: each.label for table, each in found.items() if each.label != each.name}
    text = sources_file(tables, labels, fresh_minutes=fresh_minutes, before=before or "")
    return {SOURCES: text}


def _models(project: Project, wanted: Sequence[ObjectFacts]) -> list[Model]:
    """Names first for those that have one; then Salesforce's own objects before custom ones."""
    there = {table: each.model for table, each in project.generated.items()}
    taken = set(project.names) | {model.name for model in there.values()}
    models = []
    for facts in sorted(wanted, key=lambda f: ("__" in f.name, f.name.lower())):
        before = there.get(facts.name.lower())
        entity = before.entity if before else _free(facts.name, taken)
        taken.add(names.model_name(entity))
        models.append(
            Model(
                entity=entity,
                has_base=names.base_name(entity) in project.bases,
                object=facts.name,
                label=before.label if before and facts.origin == "raw" else facts.label,
                origin=facts.origin,
                columns=columns_of(
                    facts.fields,
                    entity=entity,
                    given=before.columns if before else (),
                    keep=facts.origin == "raw",
                ),
            )
        )
    return models


def _free(object_name: str, taken: set[str]) -> str:
    return next(n for n in names.models(object_name) if names.model_name(n) not in taken)


def _tested(
    models: Sequence[Model], found: Mapping[str, ObjectFacts], project: Project
) -> list[Model]:
    """The same with what describe lets one test."""
    readers = dict(project.readers)
    for there in project.generated.values():
        readers.setdefault(there.model.table, Reader(model=there.model.name, key=there.model.key))
    readers |= {m.table: Reader(model=m.name, key=m.key) for m in models}
    return [
        replace(
            model,
            picklists=tuple(_picklists(model, found[model.table])),
            references=tuple(_references(model, found[model.table], readers)),
            has_currency=_several_currencies([found[model.table]]),
        )
        for model in models
    ]


def _picklists(model: Model, facts: ObjectFacts) -> Iterable[Picklist]:
    fields = {field.raw: field for field in facts.fields}
    for column in model.columns:
        field = fields.get(column.raw)
        if field and field.type in PICKLISTS and 0 < len(field.values) <= _MOST_VALUES:
            yield Picklist(
                column=column.name,
                values=field.values,
                several=field.type == "multipicklist",
            )


def _references(
    model: Model, facts: ObjectFacts, readers: Mapping[str, Reader]
) -> Iterable[Reference]:
    fields = {field.raw: field for field in facts.fields}
    for column in model.columns:
        field = fields.get(column.raw)
        if field is None or field.hashed or field.raw in _STAMPED_BY or len(field.targets) != 1:
            continue
        reader = readers.get(field.targets[0].lower())
        if reader and reader.key:
            yield Reference(column=column.name, model=reader.model, key=reader.key)


def _by_hand(project: Project, object_name: str) -> Row:
    table = object_name.lower()
    there = project.generated.get(table)
    notes = ()
    if there:
        notes = (f"the generated {there.model.name} reads it too: delete one of them",)
        if not there.complete:
            notes = (f"{there.model.name}.yml lies with the generated ones still: move it too",)
    return Row(
        object=object_name, what=What.HAND_MADE, model=project.readers[table].model, notes=notes
    )


def _unsure(facts: ObjectFacts, model: Model) -> Iterable[str]:
    types = {column.raw: column.type for column in model.columns}
    for name in facts.retyped:
        kind = types[name.lower()]
        yield f"{name} changed its type; taken as {kind}: generate from the org to be sure"


def _row(project: Project, facts: ObjectFacts, model: Model) -> Row:
    there = project.generated.get(model.table)
    row = Row(
        object=facts.name,
        what=What.WRITTEN,
        model=model.name,
        columns=len(model.columns),
        notes=tuple(_unsure(facts, model)),
    )
    if there is None:
        return row
    had = {column.raw for column in there.model.columns}
    missing = sorted(column.field for column in model.columns if column.raw not in had)
    dropped = gone(there.model.columns, facts.fields)
    where = "raw" if facts.origin == "raw" else "the org"
    notes = [f"not in {where}: {', '.join(dropped)}: kept"] if dropped else []
    notes += row.notes
    lacking = [f"lacks {', '.join(missing)}"] if missing else []
    if there.edited:
        notes = [*lacking, *notes, "to keep it yours, move it to ../salesforce"]
        return replace(row, what=What.EDITED, notes=tuple(notes))
    if there.model.origin == "describe" and facts.origin == "raw":
        # Raw has no help texts, decimals or picklists: nothing that is there gets lost.
        notes += [f"{text}: generate from the org" for text in lacking]
        return replace(row, what=What.UNCHANGED, notes=tuple(notes))
    same = all(project.texts.get(name) == text for name, text in files(model).items())
    what = What.UNCHANGED if same else What.UPDATED
    if missing:
        notes.insert(0, f"new: {', '.join(missing)}")
    return replace(row, what=what, notes=tuple(notes))
