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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from lakehouse_jobs.build import built, catalog, freshness, results, selection, tested, upkeep
from lakehouse_jobs.build.dbt import Project
from lakehouse_jobs.build.errors import BuildError
from lakehouse_jobs.build.selection import LeftOut
from lakehouse_jobs.build.settings import BuildSettings
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.runs import BuildOutcome, build_outcome_key


def build(settings: BuildSettings, *, folder: Path, glue: Any, s3: Any) -> BuildOutcome:
    """Build the project in ``folder``; what failed is in the outcome."""
    started, now = time.monotonic(), datetime.now(UTC)
    lake, select = {"bucket": settings.lake_bucket, "s3": s3}, settings.select
    omitted: list[LeftOut] = []
    try:
        # Read once: runs may commit to raw while the build goes on, and what it reads ends
        # at the batches, with the columns, that the catalog had at this moment.
        tables = {name: catalog.tables(name, client=glue) for name in settings.databases}
        raw = tables[settings.raw_database]
        project = Project(folder)
        omitted = selection.left_out(
            project.sources, raw_tables=raw, failed_objects=settings.failed_objects
        )
        for each in omitted:
            print(f"left out with its descendants: {each.source.name}: {each.reason}", flush=True)
        stale = freshness.stale(project.sources, raw_tables=raw, now=now)
        for sentence in stale:
            print(f"warning: {sentence}", flush=True)
        batches = {name: table.batch for name, table in raw.items() if table.batch is not None}
        before = tested.take(**lake)
        counted = {} if settings.full_refresh else before.by(now=now, select=select)
        print(f"data tests: {'of what is new' if counted else 'of all rows'}", flush=True)
        succeeded, nodes = project.build(
            select=settings.models or select,
            leave_out=[each.source for each in omitted],
            known_columns={
                f"{database}.{name}": table.columns
                for database, found in tables.items()
                for name, table in found.items()
                if table.columns  # registered without them: it is described instead
            },
            raw_batches=batches,
            raw_watermarks={
                name: table.watermark for name, table in raw.items() if table.watermark is not None
            },
            tested_batches=counted,
            full_refresh=settings.full_refresh,
        )
        outcome = results.outcome(
            nodes,
            succeeded=succeeded,
            excluded=[each.source.name for each in omitted],
            stale=stale,
            seconds=time.monotonic() - started,
        )
        if outcome["status"] == "succeeded":
            left = {each.source.table for each in omitted}
            read = {source.table for source in project.sources} - left
            new = {table: batches[table] for table in read & batches.keys()}
            if settings.models:
                # Others are behind: the next run builds, whatever lands.
                tested.leave(before, **lake)
            else:
                built.remember(new, **lake)
                tested.leave(
                    before.after(read=new, counted=counted, now=now, select=select), **lake
                )
        if not settings.models:
            left = upkeep.minutes_for(
                build=settings.timeout_minutes, elapsed=time.monotonic() - started
            )
            outcome["warnings"] += upkeep.keep(project, minutes=left, now=now, **lake)
    except BuildError as error:
        return results.broken_off(
            str(error),
            excluded=[each.source.name for each in omitted],
            seconds=time.monotonic() - started,
        )
    return outcome


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
