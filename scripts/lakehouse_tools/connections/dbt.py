"""``dbt debug`` with the project's own packages and the settings that a build has."""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from lakehouse_tools import dbt_by_hand
from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.colours import without_colours
from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import MachineError, RequestError
from lakehouse_tools.stack import Stack

_SECONDS: Final = 420  # a Glue session may take five minutes to start
_TOLD: Final = re.compile(r"(?:Runtime|Database|Compilation|Parsing|Dbt \w+) Error|\bERROR\b")


def debug(environment: Environment, stack: Stack) -> str:
    """Profile, project and a first statement in a Glue session of the build's kind.

    In an account that session is billed, for its least of one minute.
    """
    try:
        program = dbt_by_hand.program(environment)
    except MachineError:
        raise Note(
            "not tried: dbt is not on this machine",
            "`lakehouse setup` brings it; a build in CodeBuild brings its own",
        ) from None
    try:
        project = find_project() / "dbt_project"
    except RequestError as error:
        raise Note(f"not tried: {error}") from None
    with tempfile.TemporaryDirectory(prefix="lakehouse-dbt-") as folder:
        done = _run(program, project, Path(folder), environment=environment, stack=stack)
    if done.returncode != 0:
        raise CheckFailedError(
            f"dbt debug ended with exit status {done.returncode}: {_reason(done.stdout)}",
            "see that these credentials may start Glue sessions and pass the session role, or"
            " leave this out with --skip dbt: the build itself has a role of its own",
        )
    return "dbt debug: profile, project and a statement in a Glue session"


def _run(
    program: Path, project: Path, folder: Path, *, environment: Environment, stack: Stack
) -> subprocess.CompletedProcess[str]:
    places = ("--project-dir", str(project), "--profiles-dir", str(project))
    # A checkout stays as it is, whatever dbt writes.
    own = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    change = dbt_by_hand.change(environment, dbt_by_hand.settings(environment, stack))
    try:
        return subprocess.run(
            [str(program), "--no-use-colors", "debug", *places],
            env=change.applied(os.environ) | own,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CheckFailedError(
            f"dbt debug did not end within {_SECONDS} seconds",
            "look at Glue's interactive sessions in the account's console, then try again",
        ) from None


def _reason(output: str) -> str:
    lines = [line.strip() for line in without_colours(output).splitlines()]
    told = [line for line in lines if _TOLD.search(line)] or [line for line in lines if line]
    return told[-1][:300] if told else "no output"
