"""The dbt build that CodeBuild runs in the dbt project's folder.

Leaves out what cannot be built, runs ``dbt build``, writes the outcome to
``runs/<execution>/_dbt.json`` and, where it built everything and succeeded, what it has
read to ``runs/_built.json`` and what it has tested to ``runs/_tested.json``. Once a day the
upkeep of the tables follows, whether they were built well or not. Exit status 0,
or 1 with one last line that says why.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from lakehouse_jobs.build import built, catalog, erased, results, tested, upkeep
from lakehouse_jobs.build.dbt import Project
from lakehouse_jobs.build.errors import BuildError, BuiltError
from lakehouse_jobs.build.known import Known, learn
from lakehouse_jobs.build.settings import BuildSettings
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.runs import BuildOutcome, build_outcome_key


def build(settings: BuildSettings, *, folder: Path, glue: Any, s3: Any) -> BuildOutcome:
    """Build the project in ``folder``; what failed is in the outcome."""
    started, now = time.monotonic(), datetime.now(UTC)
    lake = {"bucket": settings.lake_bucket, "s3": s3}
    known: Known | None = None
    try:
        tables = {name: catalog.tables(name, client=glue) for name in settings.databases}
        project = Project(folder)
        known = learn(project, settings, tables=tables, now=now)
        _tell(known)
        if settings.erased_objects:
            return _without_erased(project, known, settings, started=started)
        before = tested.take(**lake)
        counted = {} if settings.full_refresh else before.by(now=now, select=settings.select)
        succeeded, nodes = _run(project, known, counted, settings)
    except BuildError as error:
        return results.broken_off(
            str(error),
            excluded=known.excluded if known else (),
            seconds=time.monotonic() - started,
        )
    outcome = results.outcome(
        nodes,
        succeeded=succeeded,
        excluded=known.excluded,
        stale=known.stale,
        seconds=time.monotonic() - started,
    )
    if outcome["status"] == "succeeded" and settings.models:
        # Others are behind: the next run builds, whatever lands.
        outcome["warnings"] += _note(partial(tested.leave, before, **lake))
    elif outcome["status"] == "succeeded":
        after = before.after(read=known.read, counted=counted, now=now, select=settings.select)
        outcome["warnings"] += _note(
            partial(built.remember, known.read, **lake), partial(tested.leave, after, **lake)
        )
    if not settings.models:
        elapsed = time.monotonic() - started
        minutes = upkeep.minutes_for(build=settings.timeout_minutes, elapsed=elapsed)
        outcome["warnings"] += upkeep.keep(project, minutes=minutes, now=now, **lake)
    return outcome


def _without_erased(
    project: Project, known: Known, settings: BuildSettings, *, started: float
) -> BuildOutcome:
    """Build from scratch what is made of objects of which records were erased. Raises BuildError.

    No note is left: other models are as far behind as they were. Nothing is tested: a test that
    fails would keep the tables below it, and what was erased in them.
    """
    names = erased.made_of(
        settings.erased_objects,
        models=project.models,
        tables=known.tables,
        left_out=[each.source.table for each in known.left_out],
    )
    settings = replace(settings, models=tuple(names), full_refresh=True)
    succeeded, nodes = _run(project, known, {}, settings, data_tests=False) if names else (True, [])
    return results.outcome(
        nodes,
        succeeded=succeeded,
        excluded=known.excluded,
        stale=known.stale,
        seconds=time.monotonic() - started,
    )


def _tell(known: Known) -> None:
    for each in known.left_out:
        print(f"left out with its descendants: {each.source.name}: {each.reason}", flush=True)
    for sentence in known.stale:
        print(f"warning: {sentence}", flush=True)


def _run(
    project: Project,
    known: Known,
    counted: Mapping[str, int],
    settings: BuildSettings,
    *,
    data_tests: bool = True,
) -> tuple[bool, list[dict[str, Any]]]:
    """Dbt itself; ``counted``: what counts as tested. See :meth:`Project.build`."""
    rows = "of what is new" if counted else "of all rows"
    print(f"data tests: {rows if data_tests else 'none'}", flush=True)
    return project.build(
        select=settings.models or settings.select,
        leave_out=[each.source for each in known.left_out],
        known_columns=known.columns,
        raw_batches=known.batches,
        raw_watermarks=known.watermarks,
        tested_batches=counted,
        full_refresh=settings.full_refresh,
        data_tests=data_tests,
    )


def _note(*notes: Callable[[], None]) -> list[str]:
    """Leave notes of a build that succeeded; a sentence for each that could not be left.

    The marts are built all the same: a missing note costs a build or tests of all rows.
    """
    failed = []
    for note in notes:
        try:
            note()
        except BuiltError as error:
            failed.append(f"the next build does more than it would have to: {error}")
            print(f"warning: {failed[-1]}", flush=True)
    return failed


def record(outcome: BuildOutcome, settings: BuildSettings, *, s3: Any) -> None:
    """Write the outcome where the state machine reads it."""
    if settings.execution_name is None:
        print("no execution name: the outcome is not written to the lake bucket", flush=True)
        return
    s3.put_object(
        Bucket=settings.lake_bucket,
        Key=build_outcome_key(settings.execution_name),
        Body=json.dumps(outcome, indent=2, ensure_ascii=False).encode(),
        ContentType="application/json",
    )


def main() -> None:
    """Run the build; ends the process."""
    try:
        settings = BuildSettings.from_environment(os.environ)
    except ConfigError as error:
        sys.exit(str(error))
    s3 = boto3.client("s3")
    outcome = build(settings, folder=Path.cwd(), glue=boto3.client("glue"), s3=s3)
    record(outcome, settings, s3=s3)
    sys.stdout.flush()
    if outcome["status"] == "failed":
        sys.exit(f"dbt build failed: {outcome['cause']}")


if __name__ == "__main__":
    main()
