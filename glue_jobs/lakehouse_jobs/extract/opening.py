"""Everything before the first record: describe, admission of fields, the table."""

from collections.abc import Callable

from lakehouse_jobs.contract.objects import ObjectRules, SchemaChanges
from lakehouse_jobs.contract.runs import ObjectOutcome
from lakehouse_jobs.extract.columns import select, unknown
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.rejected_table import settle
from lakehouse_jobs.extract.schema_policy import Admission, admit, hidden_and_gone, waiting_object
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.summary import read_built
from lakehouse_jobs.extract.task import Task
from lakehouse_jobs.extract.told import say
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.table import find_table, open_table
from lakehouse_jobs.salesforce.describe import Description


def waits(task: Task, name: str, outcome: ObjectOutcome) -> bool:
    """Whether the object waits until a person lets it in; the outcome says so."""
    if task.config.rules(name).schema_changes is SchemaChanges.ALLOW:
        return False
    lake = task.lake
    found = find_table(lake.catalog, database=lake.database, object_name=name)
    waiting = waiting_object(
        task.config, group=task.group, object_name=name, has_table=found is not None
    )
    if waiting is None:
        return False
    outcome["blocked"] = [waiting]
    outcome["message"] = f"{waiting['message']}: it waits until the configuration names it"
    return True


def opened(
    task: Task, name: str, outcome: ObjectOutcome, progress: Callable[[Part], None]
) -> Subject:
    """The object as it is to be read; the outcome gets what is known by then."""
    with step(Step.DESCRIBE):
        description = task.org.describe(name)
    now = task.org.server_time()
    own = task.config.objects.get(description.name.lower(), ObjectRules())
    rules = task.config.rules(description.name)
    admission = _admission(task, description, own, rules)
    selection = admission.selection
    outcome["left_out"] = list(selection.left_out)
    outcome["blocked"] = list(admission.blocked)
    outcome["message"] = admission.note
    with step(Step.OPEN_TABLE):
        raw = open_table(
            task.lake.catalog,
            database=task.lake.database,
            store=task.lake.store,
            object_name=description.name,
            org_id=task.org.org_id,
            wanted=selection.wanted,
            built=lambda: read_built(task.lake.store),
        )
        raw, note = settle(raw, store=task.lake.store)
        say(outcome, note)
    before = raw.state.watermark
    outcome["schema_changes"] = list(dict.fromkeys([*outcome["schema_changes"], *raw.changes]))
    outcome["unfilled"] = dict(raw.state.unfilled)
    outcome["batch"] = raw.state.batch
    outcome["watermark_before"] = outcome["watermark_after"] = iso(before) if before else None
    return Subject(
        org=task.org,
        store=task.lake.store,
        raw=raw,
        object_name=description.name,
        selection=selection.placed(raw.columns),
        rules=rules,
        now=now,
        run_id=task.run_id,
        pages=task.pages,
        workers=task.workers,
        progress=progress,
    )


def _admission(
    task: Task, description: Description, own: ObjectRules, rules: ObjectRules
) -> Admission:
    """The fields to read, as far as ``schema_changes`` lets them in."""
    found = None
    if rules.schema_changes is SchemaChanges.BLOCK or unknown(description, own.fields):
        lake = task.lake
        found = find_table(lake.catalog, database=lake.database, object_name=description.name)
    return admit(
        select(description, rules.fields),
        found.schema() if found else None,
        policy=rules.schema_changes,
        own=own.fields,
        rules=rules.fields,
        object_name=description.name,
        gone=hidden_and_gone(description, own.fields, found),
    )
