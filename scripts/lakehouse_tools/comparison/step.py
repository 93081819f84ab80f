"""The comparison as a step of the deployed pipeline: what runs in CodeBuild.

Compares by Athena, adds the run to ``_comparison_runs``, and writes the outcome and the page
for people under ``runs/<execution>/``. Exit status 0 whatever the verdict is; 1, with one
last line that says why, where a pair of tables could not be compared.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakehouse_jobs.build.settings import BuildSettings, needed
from lakehouse_jobs.contract.arguments import COMPARISON_CONFIG, BuildVariable
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.runs import ComparisonOutcome, comparison_outcome_key
from lakehouse_tools.comparison import trend
from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.engines import Engine
from lakehouse_tools.comparison.engines.lake import AthenaEngine
from lakehouse_tools.comparison.reading import read_config
from lakehouse_tools.comparison.report.as_html import as_html
from lakehouse_tools.comparison.report.files import new_run
from lakehouse_tools.comparison.run import Report, compare
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.display.compared import said
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.errors import ToolError
from lakehouse_tools.stack import Stack

_MOST: Final = 5  # checks that a message names; all are in the report


def stack_of(environment: Mapping[str, str]) -> Stack:
    """What the build's variables say of the stack. Raises ConfigError for one that is missing."""
    settings = BuildSettings.from_environment(environment)
    return Stack(
        lake_bucket_name=settings.lake_bucket,
        raw_database=settings.raw_database,
        staging_database=settings.staging_database,
        intermediate_database=settings.intermediate_database,
        marts_database=settings.marts_database,
        athena_work_group_name=needed(environment, BuildVariable.WORK_GROUP),
        state_machine_arn=needed(environment, BuildVariable.STATE_MACHINE_ARN),
        # A comparison asks for none of these.
        salesforce_secret_arn="",
        extract_job_name="",
        dbt_project_name="",
        alert_topic_arn="",
    )


def step(
    config: Path, engine: Engine, environment: Environment, stack: Stack, *, execution: str
) -> ComparisonOutcome:
    """Compare, and keep what came of it; why it could not be done is in the outcome."""
    page = comparison_outcome_key(execution).replace(".json", ".html")
    try:
        with aws_errors(environment):
            earlier = trend.recorded(environment, stack)
            report = compare(
                read_config(config),
                engine,
                Sides(environment, stack),
                run=new_run(),
                environment=environment,
                stack=stack,
            )
            _put(environment, stack, page, as_html(report, earlier), "text/html; charset=utf-8")
            trend.record(environment, stack, report)
    except (ConfigError, ToolError) as error:
        outcome = ComparisonOutcome(
            status="failed", cause=str(error), verdict=None, turned=False, report=None
        )
    else:
        before = earlier[-1]["verdict"] if earlier else None
        outcome = outcome_of(report, before=before)
        outcome["report"] = f"s3://{stack.lake_bucket_name}/{page}"
    with aws_errors(environment):
        body = json.dumps(outcome, indent=2, ensure_ascii=False)
        _put(environment, stack, comparison_outcome_key(execution), body, "application/json")
    return outcome


def outcome_of(report: Report, *, before: str | None) -> ComparisonOutcome:
    """What the state machine has to know. ``before``: the verdict of the run before."""
    broken = [table for table in report.tables if table.counts is None]
    named = [check for table in broken for check in table.checks] or [
        check for check in report.every if check.status in (Status.FAIL, Status.NOT_COMPARED)
    ]
    more = f"; and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return ComparisonOutcome(
        status="failed" if broken or not report.tables else "succeeded",
        cause="; ".join(said(check) for check in named[:_MOST]) + more or None,
        verdict=report.status.value,
        turned=report.status is Status.FAIL and before not in (None, Status.FAIL),
        report=None,
    )


def _put(environment: Environment, stack: Stack, key: str, text: str, kind: str) -> None:
    environment.client("s3").put_object(
        Bucket=stack.lake_bucket_name, Key=key, Body=text.encode(), ContentType=kind
    )


def main() -> None:
    """Run the step; ends the process."""
    environment = Environment("deployed")
    try:
        stack = stack_of(os.environ)
        execution = needed(os.environ, BuildVariable.EXECUTION_NAME)
        engine = AthenaEngine(environment, stack)
        outcome = step(Path(COMPARISON_CONFIG), engine, environment, stack, execution=execution)
    except (ConfigError, ToolError) as error:
        sys.exit(str(error))
    print(f"comparison: {outcome['verdict']}: {outcome['report']}", flush=True)
    if outcome["status"] == "failed":
        sys.exit(f"the comparison could not be made: {outcome['cause']}")


if __name__ == "__main__":
    main()
