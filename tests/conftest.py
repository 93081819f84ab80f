"""What every test gets: an environment without the user's AWS and lakehouse settings."""

import os
import zipfile
from pathlib import Path

import pytest

from app import use_bundled_node

_CLEARED = ("AWS_", "LAKEHOUSE_", "PYICEBERG_", "DBT_", "CDK_")


# Before any test module imports the CDK library.
use_bundled_node()


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
    for lock in ("glue_wheels.lock", "dbt.lock"):
        folder = cache / WheelSet(lock=lock_file(lock), cache=cache).hash
        folder.mkdir()
        for name in ("wheels.zip", "root.zip"):
            with zipfile.ZipFile(folder / name, "w") as archive:
                archive.writestr("requirements.txt", lock)
    return cache
