"""The wheel, built once and unpacked."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the working tree."""
    target = tmp_path_factory.mktemp("dist")
    # Without isolation: this environment has the pinned hatchling, so no network is needed.
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation"),
            *("--python", sys.executable, "--out-dir", str(target), str(REPOSITORY)),
        ],
        capture_output=True,
        check=True,
    )
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installer would leave it."""
    target = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target
