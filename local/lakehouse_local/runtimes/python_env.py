"""Python environments from hash-locked requirements, made by uv."""

import platform
import sys
from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from lakehouse_local.home import Home
from lakehouse_local.runtimes.item import Item, RuntimesError


class PythonEnvironment(Item):
    """A virtual environment with exactly what its lock files name, pip among it."""

    def __init__(
        self, *, name: str, what: str, megabytes: int, folder: Path, locks: Sequence[str]
    ) -> None:
        self.name = name
        self.what = what
        self.megabytes = megabytes
        self.folder = folder
        self._locks = [_local_lock("installer.lock"), *locks]

    def inputs(self) -> Sequence[str]:
        """The locks, and the interpreter that the environment links to."""
        return [*self._locks, sys.base_prefix, platform.python_version()]

    def fill(self, folder: Path) -> None:
        """Make the environment, then install with hashes checked."""
        from uv import find_uv_bin

        uv = find_uv_bin()
        self.run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder])
        for number, text in enumerate(self._locks):
            lock = folder / f"requirements-{number}.lock"
            lock.write_text(text)
            install = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
            # No isolation: what a build needs is pinned too, in the first lock.
            install += ["--require-hashes", "--no-deps", "--no-build-isolation", "-r", lock]
            self.run(install)

    def cause(self, output: str) -> str:
        """The first and the last link of the chain of causes, which uv indents."""
        lines = [line.strip(" ×├╰─▶│") for line in output.splitlines()]
        lines = [line for line in lines if line and not line.startswith("hint")]
        ends = lines[:1] + lines[1:][-1:]
        for prefix in ("error: ", "Caused by: ", "cause: "):
            ends = [end.removeprefix(prefix) for end in ends]
        return f"could not be installed: {'; '.join(ends)[:300]} (is there a network?)"


def glue_environment(home: Home) -> PythonEnvironment:
    """The part of Glue 5.1's Python environment that jobs and sessions use."""
    return PythonEnvironment(
        name="glue",
        what="Glue 5.1's Python packages and PySpark",
        megabytes=630,
        folder=home.runtimes / "glue",
        locks=[_local_lock("glue_base.lock")],
    )


def build_environment(home: Home) -> PythonEnvironment:
    """What stands for CodeBuild's image, with the dbt build's packages already there."""
    return PythonEnvironment(
        name="dbt",
        what="Python packages of the dbt build",
        megabytes=290,
        folder=home.runtimes / "dbt",
        locks=[_dbt_lock()],
    )


def _local_lock(name: str) -> str:
    return files("lakehouse_local").joinpath("locks", name).read_text()


def _dbt_lock() -> str:
    # The path alone: importing the constructs would load the whole CDK.
    spec = find_spec("lakehouse_constructs")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimesError(
            "dbt: the package lakehouse_constructs is not installed; run make setup"
        )
    return (Path(next(iter(spec.submodule_search_locations))) / "locks" / "dbt.lock").read_text()
