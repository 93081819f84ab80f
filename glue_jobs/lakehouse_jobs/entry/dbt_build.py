"""The dbt build that CodeBuild runs in the dbt project's folder.

Leaves out what cannot be built, runs ``dbt build``, writes the outcome to
``runs/<execution>/_dbt.json``. Exit status 0, or 1 with one last line that says why.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from lakehouse_jobs.build import catalog, results, selection
from lakehouse_jobs.build.dbt import Project
from lakehouse_jobs.build.errors import BuildError
from lakehouse_jobs.build.selection import LeftOut
from lakehouse_jobs.build.settings import BuildSettings
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.runs import BuildOutcome, build_outcome_key


def build(settings: BuildSettings, *, folder: Path, glue: Any) -> BuildOutcome:
    """Build the project in ``folder``; what failed is in the outcome."""
    started = time.monotonic()
    omitted: list[LeftOut] = []
    try:
        tables = {name: catalog.tables(name, client=glue) for name in settings.databases}
        project = Project(folder)
        omitted = selection.left_out(
            project.sources,
            raw_tables=tables[settings.raw_database],
            failed_objects=settings.failed_objects,
        )
        for each in omitted:
            print(f"left out with its descendants: {each.source.name}: {each.reason}", flush=True)
        succeeded, nodes = project.build(
            leave_out=[each.source for each in omitted],
            known_columns={
                f"{database}.{table}": columns
                for database, found in tables.items()
                for table, columns in found.items()
                if columns  # a table that was registered without them is described instead
            },
        )
    except BuildError as error:
        return results.broken_off(
            str(error),
            excluded=[each.source.name for each in omitted],
            seconds=time.monotonic() - started,
        )
    return results.outcome(
        nodes,
        succeeded=succeeded,
        excluded=[each.source.name for each in omitted],
        seconds=time.monotonic() - started,
    )


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
    outcome = build(settings, folder=Path.cwd(), glue=boto3.client("glue"))
    record(outcome, settings, s3=boto3.client("s3"))
    sys.stdout.flush()
    if outcome["status"] == "failed":
        sys.exit(f"dbt build failed: {outcome['cause']}")


if __name__ == "__main__":
    main()
