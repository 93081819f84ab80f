"""The examples as somebody else has them: copied out, on an environment with the wheel."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse_local.home import Home
from lakehouse_tools.deploy import cdk

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
HOME = Home(root=REPOSITORY / ".lakehouse")

Cdk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_cdk(environment: Path) -> Cdk:
    """Run the CDK CLI in a folder; ``python`` there is the environment's."""
    if not HOME.node_modules.is_dir():
        pytest.skip(f"{HOME.node_modules} is not installed; `make setup` installs it")

    def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        env = cdk.child_environment(
            variables, cache=folder / ".cdk", drop_aws=True, environ=inherited
        )
        env["PATH"] = f"{environment.parent}{os.pathsep}{env['PATH']}"
        return subprocess.run(
            [*cdk.command(HOME.node_modules), *arguments, "--no-notices"],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Copy an example out of the checkout."""

    def copy(name: str) -> Path:
        ignored = shutil.ignore_patterns("__pycache__", "cdk.out")
        return Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=ignored))

    return copy
