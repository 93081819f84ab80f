import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from lakehouse_constructs import WheelSetError, _wheels
from lakehouse_constructs._wheels import WheelSet

# Stands in for pip: writes one wheel to --dest.
FETCHES = """
import pathlib, sys
dest = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--dest="))
pathlib.Path(dest).mkdir()
pathlib.Path(dest, "some-1.0-py3-none-any.whl").write_bytes(b"wheel")
pathlib.Path(dest).parent.parent.parent.joinpath("arguments").write_text("\\n".join(sys.argv))
"""
FAILS = """
import sys
sys.stderr.write(
    "WARNING: Retrying\\nERROR: No matching distribution found for some==1.0\\nERROR: no network\\n"
)
sys.exit(1)
"""


@pytest.fixture
def wheels(tmp_path: Path) -> WheelSet:
    lock = tmp_path / "some.lock"
    lock.write_text("some==1.0 --hash=sha256:00\n")
    return WheelSet(lock=lock, cache=tmp_path / "cache")


def _pip(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(_wheels, "_pip", lambda: ("-c", program))


def test_the_archive_is_laid_out_as_glue_wants_it(
    wheels: WheelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pip(monkeypatch, FETCHES)

    with zipfile.ZipFile(wheels.archive(folder="wheels")) as archive:
        assert archive.namelist() == [
            "wheels/requirements.txt",
            "wheels/some-1.0-py3-none-any.whl",
        ]
        assert archive.read("wheels/requirements.txt") == wheels.lock.read_bytes()
    with zipfile.ZipFile(wheels.archive(folder="")) as archive:
        assert archive.namelist() == ["requirements.txt", "some-1.0-py3-none-any.whl"]


def test_only_locked_files_for_the_platform_of_the_run_time_are_fetched(
    wheels: WheelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pip(monkeypatch, FETCHES)
    wheels.archive(folder="")

    arguments = (wheels.cache / "arguments").read_text().splitlines()
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(arguments)
    # pyarrow's wheels carry the first tag alone, others the second.
    assert "--platform=manylinux_2_28_x86_64" in arguments
    assert "--platform=manylinux2014_x86_64" in arguments


def test_an_unchanged_lock_is_not_fetched_again(
    wheels: WheelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pip(monkeypatch, FETCHES)
    first = wheels.archive(folder="wheels")
    _pip(monkeypatch, FAILS)

    assert wheels.archive(folder="wheels") == first


def test_the_hash_follows_the_lock_and_the_builder(
    wheels: WheelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = wheels.hash
    monkeypatch.setattr(_wheels, "BUILDER_VERSION", "next")
    rebuilt = wheels.hash
    wheels.lock.write_text("some==1.1 --hash=sha256:00\n")

    assert len({before, rebuilt, wheels.hash}) == 3


def test_a_failed_fetch_is_one_line_and_leaves_nothing_behind(
    wheels: WheelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pip(monkeypatch, FAILS)

    with pytest.raises(WheelSetError) as caught:
        wheels.archive(folder="wheels")

    message = str(caught.value)
    assert "some.lock: No matching distribution found for some==1.0" in message
    assert "network" in message
    assert "\n" not in message
    assert not list((wheels.cache / wheels.hash).iterdir())


def test_a_fetch_that_hangs_ends(wheels: WheelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(_wheels, "_SECONDS", 0.2)

    with pytest.raises(WheelSetError, match=r"did not fetch the wheels of some\.lock within"):
        wheels.archive(folder="wheels")
    assert not list((wheels.cache / wheels.hash).iterdir())


def test_pip_of_the_standard_library_serves_where_none_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pip" else found(name)
    )

    (program,) = _wheels._pip()

    assert program.endswith(".whl/pip")


def test_no_pip_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(WheelSetError, match="pip is missing") as caught:
        _wheels._pip()
    assert sys.executable in str(caught.value)
