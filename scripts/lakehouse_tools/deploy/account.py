"""Deploying to an AWS account, with the user's own credentials and the CLI's own questions."""

import os
import shutil
from collections.abc import Sequence

from lakehouse_tools.deploy import cdk
from lakehouse_tools.deploy.project import find_project
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import MachineError


def deploy(environment: Environment, *, arguments: Sequence[str] = ()) -> None:
    """``cdk deploy`` of the environment's stack; ``arguments`` go to the CLI unchanged."""
    project = find_project()
    cdk.run_attached(
        [
            *_program(),
            "deploy",
            environment.stack_name,
            *("--app", cdk.app_option()),
            *arguments,
        ],
        what=f"cdk deploy {environment.stack_name}",
        cwd=project,
        env={**os.environ, "PATH": _path()},
    )


def _program() -> list[str]:
    from lakehouse_local.home import Home

    try:
        return cdk.command(Home.from_environment().node_modules)
    except MachineError:
        found = shutil.which("cdk")
        if found is None:
            raise
        return [found]


def _path() -> str:
    node = cdk.node_folder()
    path = os.environ.get("PATH", os.defpath)
    return f"{node}{os.pathsep}{path}" if node else path
