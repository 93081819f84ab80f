"""Both environments, synthesized once, and the program that does it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# What app.py needs of the repository.
PARTS = ("app.py", "cdk.json", "stacks", "config", "constructs", "glue_jobs", "dbt_project")

JSII = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"

Synthesize = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def synthesize(cache_home: Path) -> Synthesize:
    """Run ``app.py`` of a checkout as the CDK CLI does; the assembly goes to ``target``."""

    def run(
        target: Path,
        *,
        checkout: Path,
        home: Path = cache_home,
        python: Path = Path(sys.executable),
        paths: tuple[Path, ...] = (),
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        sources = (*paths, checkout / "constructs", checkout / "glue_jobs")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(JSII),  # else aws-cdk-lib is unpacked anew
            "PYTHONPATH": os.pathsep.join(str(path) for path in sources),
            "CDK_OUTDIR": str(target),
            **variables,
        }
        return subprocess.run(
            [str(python), "app.py"],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what ``app.py`` needs, made once: files may change while tests run."""
    target = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs", "dbt_packages")
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=ignored)
        else:
            shutil.copy(source, target / part)
    return target


@pytest.fixture(scope="session")
def assembly(
    tmp_path_factory: pytest.TempPathFactory, checkout: Path, synthesize: Synthesize
) -> Path:
    """The assembly of the copy."""
    target = tmp_path_factory.mktemp("assembly") / "cdk.out"
    result = synthesize(target, checkout=checkout, PYTHONDONTWRITEBYTECODE="1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""  # no banner, no warning
    return target


@pytest.fixture(scope="session", params=["LakehouseDev", "LakehouseProd"])
def template(request: pytest.FixtureRequest, assembly: Path) -> dict[str, Any]:
    """The template of each environment."""
    return json.loads((assembly / f"{request.param}.template.json").read_text())
