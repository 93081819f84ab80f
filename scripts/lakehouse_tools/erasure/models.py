"""Tables that dbt made: those that may hold a value of the records are built anew from raw.

The build itself works out which (lakehouse_jobs.build.erased). It is started in the deployed
CodeBuild project, not by the pipeline: nothing is extracted, and it waits its turn all the same.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import ErasureError
from lakehouse_tools.executions.outcomes import build_outcome
from lakehouse_tools.executions.start import execution_name
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.stack import Stack

Name = tuple[str, str]  # database, table
Say = Callable[[str], None]
_BUSY: Final = "AccountLimitExceededException"
_POLL: Final = 5.0  # seconds
_TURN: Final = 15.0  # seconds until it is tried again to begin
_UNDER_WAY: Final = "IN_PROGRESS"


def tables(environment: Environment, stack: Stack) -> dict[Name, str]:
    """The Iceberg tables that dbt made, each with the address of its metadata."""
    layers = (stack.staging_database, stack.intermediate_database, stack.marts_database)
    return {
        (database, table["Name"]): location
        for database in dict.fromkeys(layers)
        if database != stack.raw_database
        for table in tables_of(environment, database)
        if (location := (table.get("Parameters") or {}).get("metadata_location"))
    }


def rebuild(
    environment: Environment,
    stack: Stack,
    objects: Sequence[str],
    *,
    clock: Callable[[], datetime],
    say: Say,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[Name], datetime]:
    """Build anew what is made of objects: the tables that were, and since when they are clean.

    ``clock``: the time by the bucket's own clock, UTC. Raises ErasureError.
    """
    if not tables(environment, stack):
        say("dbt has built nothing yet")
        return [], clock()
    name = f"erase-{execution_name(datetime.now(UTC))}"
    build = _begun(environment, stack, name, objects, say=say, sleep=sleep)
    # One build runs at a time: what is older another may have made of rows that are gone now.
    clean, before = clock(), tables(environment, stack)
    say(f"build {build}: what is made of {', '.join(objects)} is built anew from raw")
    client = environment.client("codebuild")
    while True:
        status = client.batch_get_builds(ids=[build])["builds"][0]["buildStatus"]
        if status != _UNDER_WAY:
            break
        sleep(_POLL)
    if status != "SUCCEEDED":
        outcome = build_outcome(environment, stack, name)
        cause = (outcome or {}).get("cause") or f"it ended as {status}"
        raise ErasureError(
            f"erase: the records are out of raw, but build {build} failed: {cause}: put that right,"
            " then give the same command again"
        )
    after = tables(environment, stack)
    return [table for table, location in after.items() if before.get(table) != location], clean


def _begun(
    environment: Environment,
    stack: Stack,
    name: str,
    objects: Sequence[str],
    *,
    say: Say,
    sleep: Callable[[float], None],
) -> str:
    """Start the build as soon as no other one is under way; its id."""
    wanted = {
        BuildVariable.EXECUTION_NAME: name,
        BuildVariable.ERASED_OBJECTS: ",".join(objects),
    }
    overrides: list[dict[str, Any]] = [
        {"name": variable.value, "value": value, "type": "PLAINTEXT"}
        for variable, value in wanted.items()
    ]
    told = False
    while True:
        try:
            answer = environment.client("codebuild").start_build(
                projectName=stack.dbt_project_name, environmentVariablesOverride=overrides
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != _BUSY:
                raise
            if not told:
                say("another build is under way: waiting for its end")
                told = True
            sleep(_TURN)
        else:
            return answer["build"]["id"]
