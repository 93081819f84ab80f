"""Extract one object and say how it went."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final

from pyiceberg.catalog import Catalog

from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.objects import ObjectRules, ObjectsConfig, SchemaChanges
from lakehouse_jobs.contract.period import ALWAYS, Period
from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_jobs.contract.runs import ApiUse, ObjectOutcome, Status
from lakehouse_jobs.errors import FieldVanishedError, RequestError, SupersededError
from lakehouse_jobs.extract.columns import select, unknown
from lakehouse_jobs.extract.extraction import Extraction
from lakehouse_jobs.extract.landed import Landed
from lakehouse_jobs.extract.loads import BEAT_SECONDS, DEAD_AFTER_SECONDS, Claim, TakenError
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.rejected_table import settle
from lakehouse_jobs.extract.resync.backfill import Backfill
from lakehouse_jobs.extract.resync.plan import Plan, plan_for
from lakehouse_jobs.extract.resync.resync import Resync
from lakehouse_jobs.extract.schema_policy import (
    Admission,
    admit,
    hidden_and_gone,
    waiting_object,
)
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.raw.maintenance.upkeep import maintain
from lakehouse_jobs.raw.schema import RawColumn
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import find_table, open_table
from lakehouse_jobs.salesforce.calls import counted
from lakehouse_jobs.salesforce.describe import Description
from lakehouse_jobs.salesforce.limits import Usage
from lakehouse_jobs.salesforce.org import Org

# Describes of an object whose fields vanish between describe and query.
MOST_DESCRIBES: Final = 3
REQUESTS_OF_AN_OBJECT: Final = 2  # describe and one query, where little has changed


@dataclass(frozen=True, kw_only=True)
class Lake:
    """Where rows go."""

    catalog: Catalog
    store: Store
    database: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one Glue run does, the same for all of its objects."""

    org: Org
    lake: Lake
    config: ObjectsConfig
    run_id: str  # the execution's name
    group: str
    mode: Mode
    pages: Executor  # shared by the objects
    workers: int  # threads in it
    period: Period = ALWAYS  # by stamps; empty: as the mode says
    process: str = field(default_factory=lambda: uuid.uuid4().hex)
    beat: float = BEAT_SECONDS
    dead_after: float = DEAD_AFTER_SECONDS


def extract(task: Task, outcome: ObjectOutcome, *, progress: Callable[[Part], None]) -> None:
    """Extract the outcome's object and fill the outcome in as facts become known.

    Errors are raised: then nothing of the object landed, and the outcome says how far it came.
    """
    started = time.monotonic()
    name = outcome["object"]
    claim = Claim(
        store=task.lake.store,
        table=table_name(name),
        owner=f"{task.run_id}/{task.group}/{task.process}",
        beat=task.beat,
        dead_after=task.dead_after,
    )
    with counted() as calls:
        try:
            task.org.budget.check(requests=REQUESTS_OF_AN_OBJECT)
            with claim:
                _begin(task, name, outcome, progress)
        except TakenError as taken:
            outcome["status"] = Status.SKIPPED.value
            outcome["message"] = f"run {taken.owner.split('/')[0]} is reading this object"
        except SupersededError as error:
            outcome["status"] = Status.SUPERSEDED.value
            outcome["message"] = str(error)
            outcome["rows"] = outcome["bytes"] = 0
        finally:
            outcome["requests"], outcome["retries"] = calls.number, calls.retries
            outcome["api_before"], outcome["api_after"] = _use(calls.before), _use(calls.after)
            outcome["seconds"] = round(time.monotonic() - started, 3)


def _use(usage: Usage | None) -> ApiUse | None:
    return ApiUse(used=usage.used, limit=usage.limit) if usage else None


def _begin(task: Task, name: str, outcome: ObjectOutcome, progress: Callable[[Part], None]) -> None:
    """Extract, unless the object waits for a person; again where a field vanishes meanwhile."""
    if task.config.rules(name).schema_changes is not SchemaChanges.ALLOW:
        lake = task.lake
        found = find_table(lake.catalog, database=lake.database, object_name=name)
        waits = waiting_object(
            task.config, group=task.group, object_name=name, has_table=found is not None
        )
        if waits:
            outcome["blocked"] = [waits]
            outcome["message"] = f"{waits['message']}: it waits until the configuration names it"
            return
    describes = 0
    while True:
        try:
            _extract(task, name, outcome, progress)
            return
        except FieldVanishedError:
            describes += 1
            if describes == MOST_DESCRIBES:
                raise


def _extract(
    task: Task, name: str, outcome: ObjectOutcome, progress: Callable[[Part], None]
) -> None:
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
            bucket=task.lake.store.bucket,
            object_name=description.name,
            org_id=task.org.org_id,
            wanted=selection.wanted,
        )
        raw, note = settle(raw, store=task.lake.store)
        _say(outcome, note)
    before = raw.state.watermark
    outcome["schema_changes"] = list(dict.fromkeys([*outcome["schema_changes"], *raw.changes]))
    outcome["unfilled"] = dict(raw.state.unfilled)
    outcome["batch"] = raw.state.batch
    outcome["watermark_before"] = outcome["watermark_after"] = iso(before) if before else None
    subject = Subject(
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
    plan = plan_for(task.mode, task.period)
    landed = _read(subject, plan)
    if landed is not None:
        _add(outcome, landed)
    if plan is None and before is not None and raw.state.unfilled:
        subject = _moved(task, subject, selection.wanted) if landed else subject
        filling = Backfill(subject).run()
        outcome["unfilled"] = dict(filling.unfilled)
        _say(outcome, filling.note)
        if filling.landed is not None:
            _add(outcome, filling.landed, told=True)
            landed = filling.landed
    if landed is None:
        return
    with step(Step.MAINTAIN):
        _say(outcome, maintain(raw.table, task.lake.store, beside=[subject.lookback_prefix]))


def _add(outcome: ObjectOutcome, landed: Landed, *, told: bool = False) -> None:
    """Add what landed to what the run has done so far; ``told``: its notes are there."""
    reading = landed.reading
    outcome["api"] = reading.api
    outcome["resumed"] = outcome["resumed"] or landed.resumed
    outcome["pages"] += len(reading.parts)
    outcome["rows"] += reading.rows
    outcome["read"] += reading.read
    outcome["bytes"] += reading.bytes
    outcome["rejected"] += landed.rejected
    outcome["tombstones"] += landed.tombstones
    unfilled = outcome["unfilled"].items()
    outcome["unfilled"] = {name: n for name, n in unfilled if name not in landed.filled}
    outcome["batch"] = landed.batch
    outcome["watermark_after"] = iso(landed.watermark) if landed.watermark else None
    _say(outcome, *(() if told else landed.notes))
    if reading.rows:
        outcome["status"] = Status.LANDED.value


def _say(outcome: ObjectOutcome, *sentences: str | None) -> None:
    outcome["message"] = "; ".join(t for t in (outcome["message"], *sentences) if t) or None


def _moved(task: Task, subject: Subject, wanted: Sequence[RawColumn]) -> Subject:
    """The subject with the table as this run's own commit left it."""
    raw = open_table(
        task.lake.catalog,
        database=task.lake.database,
        bucket=task.lake.store.bucket,
        object_name=subject.object_name,
        org_id=task.org.org_id,
        wanted=wanted,
    )
    return replace(subject, raw=raw)


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


def _read(subject: Subject, plan: Plan | None) -> Landed | None:
    """Carry out the plan. A table without rows has nothing to compare with: it gets them all."""
    if subject.watermark is None and plan and plan.period:
        raise RequestError(
            f"{subject.object_name} was never loaded, so no range of it can be read again; run it "
            "without since and until first"
        )
    if plan is None or subject.watermark is None:
        return Extraction(subject=subject).run()
    return Resync(subject=subject, plan=plan.filling(subject)).run()
